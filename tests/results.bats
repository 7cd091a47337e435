#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# A folder per task (--results): whole or not there, never anybody else's files touched.

# Scripts are for the tasks' shell.
# shellcheck disable=SC2016

load helper
load object

@test "results: a folder for each task, beside the usual output" {
	check() {
		umask 0
		mp -j2 --results results --shell 'echo "out $1"; printf "err %s" "$1" >&2; [ "$1" != c ]' ::: a b c
		expect 123 $'out a\nout b\nout c'
		holds_tasks 1 2 3
		[ "$(find results -type d -printf '%m\n' | sort -u)" = 700 ] || complain "$(find results -printf '%m %p\n')"
		[ "$(find results -type f -printf '%m\n' | sort -u)" = 600 ] || complain "$(find results -printf '%m %p\n')"
		exactly results/000000001/stdout $'out a\n'
		exactly results/000000002/stderr 'err b'
		metas_are_objects
		same <(jq -c '[.seq, .outcome, .status, .argv[4]]' metas) '[1,"ok",0,"a"]
[2,"ok",0,"b"]
[3,"failed",1,"c"]'
	}
	check
}

@test "results: meta.json is the object of -o jsonl without the outputs" {
	check() {
		printf '%s\n' ok failed $'not\001started' killed timeout lost $'\377' ok | tr '\1' '\0' >records
		mp -j2 -o jsonl --timeout 2 --results results --shell '
			printf "out %s" "$1"
			case $1 in
			failed) exit 7 ;;
			killed) kill -SEGV $$ ;;
			timeout) exec "$TOOL" pause pid1 ;;
			lost) kill -KILL $PPID; exec "$TOOL" pause pid3 ;;
			esac' <records
		expect 125
		are_objects out 8
		holds_tasks 1 2 3 4 5 6 7 8
		metas_are_objects
		jq -c 'del(.stdout, .stderr, .stdout_base64, .stderr_base64)' out | cmp - <(jq -c . metas)
		for task in 1 2 3 4 5 6 7 8; do
			held $task stdout | cmp - results/00000000$task/stdout
			held $task stderr | cmp - results/00000000$task/stderr
		done
		exactly results/000000003/stdout ''
		exactly results/000000004/stdout 'out killed'
	}
	check
	printf '{"argv":["true"],"id":{"name":[1]}}' | mp_well --jsonl --results with_id
	jq -e '.id == {"name": [1]}' with_id/000000001/meta.json >/dev/null
}

@test "results: --merge-stderr: standard error is in standard output, in the order of writing" {
	script='for i in 1 2 3 4 5 6 7 8 9; do echo "out $i"; echo "err $i" >&2; done; [ "$1" != b ]'
	check() {
		for i in 1 2 3 4 5 6 7 8 9; do printf 'out %s\nerr %s\n' $i $i; done >both
		for options in '' --unordered '-j1 --line-buffer' --zygote; do
			# shellcheck disable=SC2086
			mp $options --merge-stderr sh -c "$script" sh ::: a
			expect 0 "$(cat both)" ''
		done
		mp -o jsonl --merge-stderr --results results --shell "$script" ::: a b
		expect 123
		jq -j 'select(.seq == 2).stdout' out | cmp both -
		[ "$(jq -c .stderr out | sort -u)" = '""' ]
		cmp both results/000000002/stdout
		exactly results/000000001/stderr ''
	}
	under_methods check
	for option in -u --tty; do
		mp --merge-stderr $option touch ran ::: a
		usage_error '^mpmap: --merge-stderr and --'
	done
	[ ! -e ran ]
}

@test "results: all bytes, large outputs, whatever else is done with them" {
	"$TOOL" spew 5M 1 >noise
	for options in '' '-o none' '-o jsonl' --unordered --line-buffer '--buffer 64K --spill 0' '--unordered --buffer 64K --spill 0' '-o jsonl --buffer 64K'; do
		echo "with $options"
		rm -rf results
		# shellcheck disable=SC2086
		mp -j3 $options --results results --shell 'cat noise; echo "$1"; "$TOOL" spew 100K "$1" 2' ::: 1 2 3 4
		expect 0
		holds_tasks 1 2 3 4
		for task in 1 2 3 4; do
			{ cat noise && echo $task; } | cmp - results/00000000$task/stdout
			"$TOOL" spew 100K $task | cmp - results/00000000$task/stderr
		done
		case $options in
		'' | --buffer*) cat results/*/stdout | cmp - out ;;
		'-o none') exactly out '' && exactly err '' ;;
		esac
	done
}

@test "results: many tasks" {
	check() {
		seq 1200 | mp_well -j4 --results results echo
		same out "$(seq 1200)"
		cat results/*/stdout | cmp - out
		[ "$(listing | wc -l)" -eq 4800 ]
	}
	check
}

@test "results: the last attempt is there, and those before it in folders of their own" {
	mp -j2 --retries 2 --results results --shell 'echo "$1 $MPMAP_ATTEMPT"; [ "$MPMAP_ATTEMPT" -gt 1 ] || echo longer; [ "$MPMAP_ATTEMPT" -ge "$1" ]' ::: 1 2 3 4
	expect 123
	holds_tasks 1 2 3 4
	same results/000000001/stdout $'1 1\nlonger'
	same results/000000002/stdout '2 2'
	same results/000000003/stdout '3 3'
	same results/000000004/stdout '4 3'
	metas_are_objects
	same <(jq .attempts metas) $'1\n2\n3\n3'
	same <(find results -path '*/attempt-*' -type f -printf '%P\n' | sort) "$(printf '%s\n' \
		00000000{2/attempt-1,3/attempt-{1,2},4/attempt-{1,2}}/{stderr,stdout} | sort)"
	same results/000000003/attempt-1/stdout $'3 1\nlonger'
	same results/000000003/attempt-2/stdout '3 2'
	exactly results/000000003/attempt-2/stderr ''
	# of attempts that wrote nothing, or could not be started, too
	rm -r results
	mp -q --retries 1 --results results {} ::: false ./none
	expect 125
	same <(find results -name 'attempt-*' -printf '%P\n' | sort) $'000000001/attempt-1\n000000002/attempt-1'
	# --force removes them, and nothing else
	mp --force --results results true ::: a
	expect 0 '' ''
	holds_tasks 1
	mkdir -p results/000000001/attempt-1
	touch results/000000001/attempt-1/mine
	mp --force --results results true ::: a
	expect 2 ''
	says "'000000001' in it is not of an earlier run"
}

@test "results: a folder is there as soon as its task has ended, and whole as soon as it is there" {
	local folder task
	local -A seen=()
	trace_on
	start -j4 --results results --shell '
		"$TOOL" spew 300K "$1"; echo "$1" >&2
		[ "$1" -gt 1 ] || "$TOOL" hold gate' ::: $(seq 60)
	until [ "${#seen[@]}" -eq 59 ]; do
		not is_gone "$pid"
		for folder in results/[0-9]*; do
			[ -d "$folder" ] && [ -z "${seen[$folder]:-}" ] || continue
			seen[$folder]=1
			task=$((10#${folder#*/}))
			[ "$(stat -c %s "$folder/stdout")" -eq 307200 ] && exactly "$folder/stderr" "$task"$'\n' &&
				[ "$(tail -c 2 "$folder/meta.json")" = '}' ] || complain "$folder is not whole"
		done
	done
	[ ! -e results/000000001 ]
	touch gate
	finish
	expect 0
	holds_tasks $(seq 60)
}

@test "results: never run, no folder; nothing temporary is left by ^C, by --halt or by a reader that goes away" {
	check() {
		local signals signal count
		for signals in INT TERM 'INT INT' QUIT; do
			rm -rf results ready* gate
			trace_on
			start -j2 --chunksize 1 --grace 20 --results results --shell '
				echo begun
				case $1 in
				2) exec "$TOOL" catch ready2 bye ;;
				3) exec "$TOOL" catch ready3 bye gate ;;
				esac' ::: $(seq 20)
			wait_until test -e ready2 -a -e ready3
			count=0
			for signal in $signals; do
				kill "-$signal" "$pid"
				wait_for_event signal $((++count))
			done
			case $signals in INT | TERM) touch gate ;; esac
			finish
			expect $((128 + $(kill -l "${signals%% *}")))
			only_whole_folders
			case $signals in INT | TERM) holds_tasks 1 2 3 && exactly results/000000003/stdout $'begun\nbye' ;; esac
		done
		rm -rf results
		run_to_end -j1 --chunksize 1 --results results --halt now,fail=1 --shell 'exit 3' ::: $(seq 20)
		expect 124
		only_whole_folders
		[ -e results/000000001 ]
		[ ! -e results/000000003 ]
		rm -rf results
		mkfifo pipe
		head -n 1 <pipe >first &
		start_it bash -c 'exec "$@" >pipe' sh "$MPMAP" -j2 --results results echo ::: $(seq 3000)
		finish
		expect 141
		only_whole_folders
	}
	check
}

@test "results: mpmap killed: what is there is whole but for temporary names, and --force goes on" {
	check() {
		start -j3 --results results --shell '"$TOOL" spew 300K "$1"; echo "$1" >&2' ::: $(seq 2000)
		wait_until test -d results/000000006
		kill -KILL "$pid"
		finish
		expect 137
		no_processes_left
		mkdir -p aside
		find results -mindepth 1 -maxdepth 1 -name '.*' -exec mv -t aside {} +
		only_whole_folders
		for folder in results/*; do
			"$TOOL" unspew 300K $((10#${folder#*/})) <"$folder/stdout" >seed
			same "$folder/stderr" "$(cat seed)"
		done
		find aside -mindepth 1 -maxdepth 1 -exec mv -t results {} +
		mkdir -p results/.000000007.2
		echo part >results/.000000007.2/stdout
		mp --results results touch ran ::: a
		usage_error '^mpmap: .*results.*--force'
		mp_well --results results --force echo ::: a
		holds_tasks 1
	}
	check
}

@test "results: a disk that fills: status 1, says what, and whole folders only" {
	unshare -rm true 2>/dev/null || skip_or_fail 'no mount namespaces here'
	mkdir disk
	for way in '-j2' '-j2 --unordered -o none'; do
		rm -rf results
		# shellcheck disable=SC2086
		run_it unshare -rm bash -c 'mount -t tmpfs -o size=1m none disk || exit 99
			status=0
			"$@" || status=$?
			cp -a disk/results results
			exit "$status"' sh "$MPMAP" $way --results disk/results --shell 'echo "$1" >&2; exec "$TOOL" spew 100K "$1"' ::: $(seq 100)
		expect 1
		says '^mpmap: .*disk/results.*No space left on device'
		only_whole_folders
		[ "$(find results -name stdout | wc -l)" -ge 5 ]
		for folder in results/*; do
			"$TOOL" unspew 100K $((10#${folder#*/})) <"$folder/stdout" >/dev/null
		done
		no_processes_left
	done
}

@test "results: the folder is taken away while the run goes on: status 1, says what" {
	start -j2 --results results --shell '[ "$1" -ne 3 ] || until rm -rf results 2>/dev/null; do :; done; echo "$1"' ::: $(seq 200)
	finish
	expect 1
	says '^mpmap: .*results.*No such file'
	# tasks that had not begun are skipped, others may have been ahead of them
	sort -nuc out
	no_processes_left
}

@test "results: tasks inherit none of it" {
	run_it "$TOOL" under only=0,1,2 -- "$MPMAP" -j2 --results results "$TOOL" fds '{#}' ::: a b c
	expect 0
	[ "$(cut -d ' ' -f 1 out | sort -u)" = $'0\n1\n2' ]
}

@test "results: not with --ungroup or --tty; none for a dry run" {
	for other in --ungroup --tty; do
		mp --results results "$other" touch ran ::: a
		usage_error "^mpmap: .*$other" --results
	done
	[ ! -e ran ]
	[ ! -e results ]
	mp_well --dry-run --results results echo ::: a
	[ ! -e results ]
	mp_well --results results echo ::: a
	mp --dry-run --force --results results echo ::: b
	exactly results/000000001/stdout $'a\n'
}

@test "results: earlier attempts wait under temporary names, and none is left" {
	mp -q --retries 3 --results results --shell 'ls -A results; echo "$MPMAP_ATTEMPT"; [ "$MPMAP_ATTEMPT" -eq 4 ]' ::: a
	expect 0 $'.000000001.1\n.000000001.2\n.000000001.3\n4'
	[ "$(ls -A results)" = 000000001 ]
}
