# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What bash completes for mpmap. Made by completions/generate from the option table (make completions).

_mpmap() {
	local i=1 word=${COMP_WORDS[COMP_CWORD]} option='' prefix='' ended='' delegate
	COMPREPLY=()
	# After this i is where the command is or will be; option is set when the word is that option's value.
	while ((i < COMP_CWORD)); do
		option=${COMP_WORDS[i]}
		case $option in
		-[!-]*)
			# The first letter of a group that takes a value ends it; the value may follow in the same word.
			option=${option#"${option%%[daCnNIjPo]*}"}
			[[ $option == ? ]] && option=-$option || option=''
			;;
		--delimiter | --record-start | --arg-file | --colsep | --header | --max-args | --max-replace-args | --stdin-file | --block | --replace | --jobs | --max-procs | --start-method | --chunksize | --max-tasks-per-worker | --initializer | --finalizer | --python | --bash | --perl | --node | --plugin | --setup | --teardown | --source | --max-rss | --shared | --queue | --state-memory | --workdir | --slot-env | --wd | --nice | --delay | --rate | --each-out | --tagstring | --output | --out | --results | --journal | --sync | --joblog | --log | --report | --from | --memo | --buffer | --spill | --color | --retries | --retry-on | --retry-delay | --timeout | --grace | --leftovers | --halt | --until | --memfree | --load) ;;
		--csv) [[ ${COMP_WORDS[i + 1]} == = ]] || option='' ;;
		--shell) [[ ${COMP_WORDS[i + 1]} == = ]] || option='' ;;
		--coproc) [[ ${COMP_WORDS[i + 1]} == = ]] || option='' ;;
		--state) [[ ${COMP_WORDS[i + 1]} == = ]] || option='' ;;
		--progress) [[ ${COMP_WORDS[i + 1]} == = ]] || option='' ;;
		--help) [[ ${COMP_WORDS[i + 1]} == = ]] || option='' ;;
		--) option='' ended=yes ;;
		-?*) option='' ;;
		*)
			option=''
			break
			;;
		esac
		((i += 1))
		[[ ! $ended ]] || break
		if [[ $option ]]; then
			[[ ${COMP_WORDS[i]} != = ]] || ((i == COMP_CWORD)) || ((i += 1))
			((i < COMP_CWORD)) || break
			((i += 1))
			option=''
		fi
	done
	if [[ $option && $word == = ]]; then
		word=''
	elif [[ ! $option && ! $ended && $word == --*=* ]] && ((i == COMP_CWORD)); then
		option=${word%%=*} prefix=${word%%=*}= word=${word#*=}
	fi
	case $option in
	-a | --arg-file | --stdin-file | --plugin | --source | --out | --journal | --joblog | --log | --report | --from) set -- -f ;;
	--workdir | --wd | --results | --memo) set -- -d ;;
	--start-method) set -- -W 'fork spawn forkserver' ;;
	--header) set -- -W ':' ;;
	--coproc) set -- -W 'stdio fd block' ;;
	--state) set -- -W 'atomic' ;;
	--output) set -- -W 'text jsonl json none' ;;
	--sync) set -- -W 'each none' ;;
	--progress) set -- -W 'bar plain auto none' ;;
	--color) set -- -W 'auto always never' ;;
	--leftovers) set -- -W 'leave wait kill' ;;
	?*) return ;;
	*)
		if ((i < COMP_CWORD)); then
			# What bash-completion, if it is there, knows of the command; items are files, as far as is known.
			for delegate in _comp_command_offset _command_offset; do
				if declare -F "$delegate" >/dev/null && [[ "${COMP_WORDS[*]:i:COMP_CWORD-i}" != *' :::'* ]]; then
					"$delegate" "$i"
					return
				fi
			done
			set -- -f
		elif [[ $word == -* && ! $ended ]]; then
			set -- -W '--null -0 --delimiter -d --record-start --arg-file -a --link --colsep -C --csv --header --max-args -n --max-replace-args -N --stdin --stdin-file --block --replace -I --json --jsonl --no-run-if-empty -r --shell --jobs -j --max-procs -P --start-method --chunksize --max-tasks-per-worker --initializer --finalizer --zygote --filter --coproc --python --bash --perl --node --plugin --setup --teardown --source --isolate --no-isolate --max-rss --shared --state --queue --state-memory --tty --workdir --slot-env --wd --nice --delay --rate --keep-order -k --unordered --ungroup -u --line-buffer --lb --merge-stderr --each-out --newer --tag --tagstring --output -o --out --results --journal --resume --retry-interrupted --at-most-once --sync --status --retry-failed --force --joblog --log --report --from --memo --buffer --spill --progress --bar --eta --color --verbose -t --quiet -q --dry-run --stats --retries --retry-on --retry-delay --timeout --grace --leftovers --halt --until --memfree --load --interactive --help -h --version'
		else
			set -- -c
		fi
		;;
	esac
	if [[ $1 == -[df] || $1 == -c && $word == */* ]]; then
		compopt -o filenames 2>/dev/null
	fi
	mapfile -t COMPREPLY < <(compgen "$@" -- "$word")
	COMPREPLY=("${COMPREPLY[@]/#/$prefix}")
}

complete -F _mpmap mpmap
