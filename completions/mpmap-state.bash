# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What bash completes for mpmap-state. Made by completions/generate from the table of verbs (make completions).

_mpmap_state() {
	local word=${COMP_WORDS[COMP_CWORD]} verb='' options='-0 --json --socket --help --version' i
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--socket) i=$((i + 1)) ;;
		--) compopt -o default; return ;;
		-*) ;;
		*) verb=${COMP_WORDS[i]}; break ;;
		esac
	done
	case $verb in
	push) options+=' --timeout --max' ;;
	pop) options+=' --timeout --ack' ;;
	join) options+=' --timeout' ;;
	lock) options+=' --timeout --shared' ;;
	acquire) options+=' --timeout --of' ;;
	barrier) options+=' --timeout' ;;
	event) options+=' --timeout' ;;
	wait) options+=' --timeout' ;;
	await) options+=' --timeout' ;;
	once) options+=' --timeout' ;;
	serve) options+=' --memory' ;;
	esac
	if [[ ${COMP_WORDS[COMP_CWORD - 1]} == --socket ]]; then
		compopt -o default
	elif [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
	elif [[ -z $verb ]]; then
		mapfile -t COMPREPLY < <(compgen -W 'serve add get set del max min cas put keys items append at len push pop done back join lock unlock acquire release barrier event wait notify await once list watch stat' -- "$word")
	elif [[ $verb == event && ${COMP_WORDS[COMP_CWORD - 1]} == event ]]; then
		mapfile -t COMPREPLY < <(compgen -W 'set clear wait' -- "$word")
	else
		mapfile -t COMPREPLY < <(compgen -W "$(mpmap-state list 2>/dev/null | cut -f 1)" -- "$word")
	fi
}
complete -F _mpmap_state mpmap-state
