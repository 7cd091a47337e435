#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --log: a result object for each task, without its outputs, whatever standard output has.

# Scripts are for the tasks' shell.
# shellcheck disable=SC2016

load helper
load object

# is_log [COUNT]: each line of the file log is a result object without outputs, but for the stderr of a failure
is_log() {
	is_clean log || return 1
	jq -e -n "$OBJECT_FILTER"'reduce inputs as $object (true; . and ($object |
		is_object([if .outcome | . == "ok" or . == "skipped" then empty else "stderr" end])))' log >/dev/null ||
		complain "not a log: $(head -n 3 log)" || return 1
	[ $# -lt 1 ] || same <(jq .seq log | sort -n) "$(seq "$1")"
}

@test "log: an object of each task beside its output, of a failure with the beginning of its standard error" {
	mp -j2 -q --log=log --shell 'echo "out $1"; echo "err $1" >&2; exit "$1"' ::: 0 3 0
	expect 123 $'out 0\nout 3\nout 0'
	is_log 3
	jq -s -c 'sort_by(.seq)[] | [.values, .outcome, .status, .attempts, .stderr]' log >found
	same found '[["0"],"ok",0,1,null]
[["3"],"failed",3,1,"err 3\n"]
[["0"],"ok",0,1,null]'
	jq -e -s 'all(.[]; .user and .sys and .start and .duration and .slot and .worker)' log
}

@test "log: all ways of ending, with what is known of them" {
	mp -q -j2 --timeout 2 --log=log --shell '
		echo "err $1" >&2
		case $1 in
		failed) exit 7 ;;
		signaled) kill -SEGV $$ ;;
		timeout) exec "$TOOL" pause pid1 ;;
		lost) kill -KILL $PPID; exec "$TOOL" pause pid2 ;;
		esac' ::: ok failed signaled timeout lost
	expect 125
	is_log 5
	jq -e -s 'all(.[]; .outcome == .values[0])' log
	jq -e -s 'all(.[]; .outcome == "ok" or .outcome == "lost" or .stderr == "err \(.outcome)\n")' log
	mp -q --log=log ./none ::: a
	expect 127
	values_are '[.outcome, .stderr]' '["not-started",""]' log
}

@test "log: standard error is cut at 1024 bytes, and what is not UTF-8 is replaced" {
	mp -q --log=log --shell 'printf "\377" >&2; "$TOOL" lines 1 3000 x >&2; exit 1' ::: a
	expect 123
	is_log 1
	jq -e '.stderr | length == 1024 and startswith("\ufffd")' log
	# and none where it is not captured
	mp -q -u --log=log --shell 'echo e >&2; exit 1' ::: a
	values_are .stderr '""' log
}

@test "log: attempts, and of the last its own standard error" {
	mp -q -j2 --retries 2 --log=log --shell 'echo "e$MPMAP_ATTEMPT" >&2; [ "$MPMAP_ATTEMPT" -eq "$1" ]' ::: 1 2 9
	expect 123
	is_log 3
	jq -s -c 'sort_by(.seq)[] | [.attempts, [.tries // [] | .[].stderr], .stderr]' log >found
	same found '[1,[],null]
[2,["e1\n"],null]
[3,["e1\n","e2\n"],"e3\n"]'
	# a failure that was to be tried again, but is not, since the run ends
	trace_on
	start -q -j1 --retries 3 --retry-delay 1h --log=log --shell 'echo "$1" >&2; [ "$1" -ne 1 ]' ::: 1 2
	wait_for_event task_end 2
	kill -INT "$pid"
	finish
	is_log 2
	jq -s -c 'sort_by(.seq)[] | [.attempts, .tries, .stderr]' log >found
	same found '[1,null,"1\n"]
[1,null,null]'
}

@test "log: filters, coprocesses and functions have an object for each record" {
	seq 300 | mp_well -j2 --log=log --filter cat
	is_log 300
	jq -e -s 'all(.[]; .values == ["\(.seq)"])' log
	mp_well -j2 --log=log --coproc=stdio cat ::: a b
	is_log 2
	mp -q -j1 --log=log --python '1 / int(x)' ::: 0 1
	expect 123
	jq -s -c '.[] | [.outcome, .values, (.stderr // "" | test("ZeroDivisionError"))]' log >found
	same found '["failed",["0"],true]
["ok",["1"],false]'
}

@test "log: replaced, appended to, and with JSON output, a job log and a folder beside it" {
	mp_well --log=log true ::: a b c
	is_log 3
	mp_well --log=+log true ::: d
	same <(jq -r '.values[0]' log | sort) $'a\nb\nc\nd'
	mp_well --log=log -o jsonl --joblog joblog --results results echo ::: a b
	are_objects out 2
	is_log 2
	jq -c 'del(.stdout, .stderr)' out | sort | cmp - <(jq -c . log | sort)
	[ "$(stat -c %a log)" = 600 ]
	printf '{"seq":1,"ar' >log
	mp_well --log=+log true ::: a
	same <(tail -n 1 log | jq -c .values) '["a"]'
	mp_well --log=log --dry-run true ::: a
	same <(tail -n 1 log | jq -c .values) '["a"]'
}

@test "log: a run that is resumed goes on with it, also after half a line" {
	seq 4 >in
	mp_well --journal=run.mpj --out=file --log=log echo <in
	is_log 4
	seq 6 >in
	printf '{"seq":5,"ar' >>log
	mp_well --journal=run.mpj --resume --out=file --log=log echo <in
	is_log 6
	same file "$(seq 6)"
}

@test "log: cannot be written, is full, has no name, names another file of the run" {
	mp --log=missing/log touch ran ::: a
	expect 1 ''
	says '^mpmap: --log: cannot write missing/log: No such file or directory$'
	mp --log=/dev/full true ::: a
	expect 1
	says '^mpmap: --log: cannot write /dev/full: No space left on device$'
	mp --log= touch ran ::: a
	usage_error '^mpmap: --log: the name of the file is empty'
	mp --log=a --joblog=+a touch ran ::: a
	usage_error '^mpmap: --joblog and --log: both name a'
	[ ! -e ran ]
}

@test "log: at the prompt" {
	run_it "$MPMAP" --interactive -j1 <<<"map --log=log --shell 'exit \$1' ::: 0 1"
	is_log 2
}
