#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --joblog: a line per task in GNU parallel's own form, which GNU parallel reads and resumes from.

# Scripts are for the tasks' shell.
# shellcheck disable=SC2016

load helper

HEADER=$'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand'
LINE=$'^[1-9][0-9]*\t:\t[1-9][0-9]{9}[.][0-9]{3}\t *[0-9]+[.][0-9]{3}\t0\t[0-9]+\t(-1|[0-9]+)\t[0-9]+\t[^\t]+$'

# is_log FILE [TEXT [COLUMNS]]: a header, whole lines, and these columns (Seq, Exitval, Signal) of them
is_log() {
	[ "$(head -n 1 "$1")" = "$HEADER" ] || complain "header: $(head -n 1 "$1")" || return 1
	[ "$(tail -c 1 "$1")" = '' ] || complain "torn: $(tail -n 1 "$1")" || return 1
	sed 1d "$1" >lines
	! grep -vE "$LINE" lines || complain 'not a line of a joblog' || return 1
	awk -F '\t' 'length($4) < 10 || $4 !~ /^ *[0-9]+[.]...$/ || (length($4) > 10 && $4 ~ /^ /) { print "JobRuntime", $4; exit 1 }' lines || return 1
	[ $# -lt 2 ] || same <(cut -f "${3:-1,7,8}" lines) "$2"
}

# GNU parallel resumes from the file log: on STATUS PARALLEL-ARG...
on() {
	local wanted=$1
	shift
	mkdir -p home
	HOME=$PWD/home PARALLEL_SHELL=/bin/bash run_it parallel --will-cite -j2 --joblog log "$@" || return 1
	same err '' && [ "$(cat status)" -eq "$wanted" ] || complain "parallel: exit status $(cat status)"
}

@test "joblog: the exact form" {
	before=$EPOCHSECONDS
	mp -j1 --joblog log --shell 'printf "%s" "$1"; echo error >&2' ::: 'a b' ''
	expect 0
	exactly out 'a b'
	is_log log $'1\t3\n2\t0' 1,6
	grep -qE $'^1\t:\t[0-9]{10}[.][0-9]{3}\t {5}[0-9][.][0-9]{3}\t0\t3\t0\t0\t/bin/sh -c \'printf "%s" "[$]1"; echo error >&2\' sh \'a b\'$' log ||
		complain "$(cat -A log)"
	awk -F '\t' -v before="$before" -v after="$((EPOCHSECONDS + 1))" '$3 < before || $3 > after || $4 > 60 { exit 1 }' lines
	mp_well --joblog log sleep ::: 0.5
	is_log log 1 1
	awk -F '\t' '$4 < 0.5 || $4 > 30 { exit 1 }' lines
}

@test "joblog: the command is on one line, as a shell reads it" {
	mp_well -j1 --joblog log printf '%s.' 'a b' '{}' ::: "it's" $'new\nline' $'tab\t\x01' '' '$HOME `x` "q" \n * ~' $'\xff' 'ä' '#' -n
	is_log log
	cut -f 9 lines >commands
	[ "$(sed -n 1p commands)" = "printf %s. 'a b' 'it'\\''s'" ] || complain "$(sed -n 1p commands)"
	[ "$(sed -n 2p commands)" = "printf %s. 'a b' \$'new\\nline'" ] || complain "$(sed -n 2p commands)"
	not grep -q '[[:cntrl:]]' commands
	bash ./commands | cmp - out
	seq 20000 | mp_well -j2 -n max --joblog log echo
	is_log log
	sort -n lines | cut -f 9 | bash | cmp - out
	seq 3 | mp_well --stdin -n 2 --joblog log wc -l
	is_log log $'wc -l\nwc -l' 9
	mp_well -j1 --joblog log --shell ::: 'echo a | tr a b' true
	is_log log $'/bin/sh -c \'echo a | tr a b\'\n/bin/sh -c true' 9
}

@test "joblog: failed, killed, timed out, lost; what was never run is not in it" {
	check() {
		printf '%s\n' ok failed $'not\001started' killed timeout stubborn polite lost ok | tr '\1' '\0' >records
		mp -j2 --timeout 2 --grace 0.2 --joblog log --shell '
			case $1 in
			failed) exit 7 ;;
			killed) kill -SEGV $$ ;;
			timeout) exec "$TOOL" pause pid1 ;;
			stubborn) exec "$TOOL" ignore pid2 TERM ;;
			polite) exec "$TOOL" catch ready bye ;;
			lost) kill -KILL $PPID; exec "$TOOL" pause pid3 ;;
			esac' <records
		expect 125
		is_log log
		same <(cut -f 1,7,8 lines | sort -n) $'1\t0\t0\n2\t7\t0\n4\t0\t11\n5\t-1\t15\n6\t-1\t15\n7\t-1\t15\n8\t0\t9\n9\t0\t0'
	}
	check
}

@test "joblog: what was skipped is not in it; what ^C or --halt ended is" {
	check() {
		start -j2 --chunksize 1 --joblog log --shell 'exec "$TOOL" pause "pid$1"' ::: $(seq 20)
		wait_until test -s pid1 -a -s pid2
		kill -INT "$pid"
		finish
		expect 130
		is_log log
		same <(cut -f 1,7,8 lines | sort -n) $'1\t0\t2\n2\t0\t2'
		rm pid1
		run_to_end -j1 --chunksize 1 --joblog log --halt now,fail=1 --shell '[ "$1" -gt 1 ] || exit 3; exec "$TOOL" pause "pid$1"' ::: $(seq 20)
		expect 124
		is_log log
		# the worker may begin one more task before the parent stops it
		same <(cut -f 1,7,8 lines | head -n 1) $'1\t3\t0'
		[ "$(wc -l <lines)" -le 2 ]
		mp --joblog log no-such-command ::: a b
		expect 127
		is_log log ''
	}
	check
}

@test "joblog: in order of completion, each line as soon as its task has ended" {
	check() {
		for order in '' --unordered '-o json'; do
			rm -f gate? log
			# shellcheck disable=SC2086
			start -j3 $order --joblog log --shell '"$TOOL" hold "gate$1"; echo "$1"' ::: 1 2 3
			wait_until file_has log "^$HEADER\$"
			for task in 3 2 1; do
				not file_has log "^$task"
				touch "gate$task"
				wait_until file_has log "^$task.*\$"
			done
			finish
			expect 0
			is_log log $'3\n2\n1' 1
		done
	}
	check
}

@test "joblog: many tasks, each once" {
	check() {
		seq 500 | mp_well -j4 --joblog log true
		is_log log
		cut -f 1 lines | sort -n | cmp - <(seq 500)
	}
	check
}

@test "joblog: a task that was run again has one line, its last attempt's" {
	mp -j2 --retries 2 --joblog log --shell '[ "$MPMAP_ATTEMPT" -ge "$1" ] || { echo "long before"; exit 5; }; echo x; [ "$1" -lt 3 ]' ::: 1 2 3
	expect 123
	is_log log
	same <(cut -f 1,6,7,8 lines | sort -n) $'1\t2\t0\t0\n2\t2\t0\t0\n3\t2\t1\t0'
	mp --retries 1 --joblog log --shell 'kill -KILL $PPID; exec "$TOOL" pause pid' ::: a
	expect 125
	is_log log $'1\t0\t9'
}

@test "joblog: the bytes of stdout are counted wherever they go, but with --ungroup" {
	for options in '' '-o jsonl' '-o json' '-o none' --unordered --tag --line-buffer '--results results'; do
		# shellcheck disable=SC2086
		mp $options -j1 --joblog log --shell '"$TOOL" spew "$1" 1; "$TOOL" spew 1000 1 2' ::: 0 7 1000000
		expect 0
		is_log log $'1\t0\n2\t7\n3\t1000000' 1,6 || complain "with $options"
	done
	mp --ungroup --joblog log echo ::: a
	is_log log $'1\t0' 1,6
}

@test "joblog: mode 0600; an old one is replaced; nobody inherits it" {
	umask 0
	mp_well --joblog log echo ::: a b
	[ "$(stat -c %a log)" = 600 ]
	mp_well --joblog log echo ::: c
	is_log log 'echo c' 9
	run_it "$TOOL" under only=0,1,2 -- "$MPMAP" --joblog log "$TOOL" fds '{#}' ::: a
	expect 0
	same <(cut -d ' ' -f 1 out) $'0\n1\n2'
	mkdir folder
	mp_well --workdir folder --joblog here true ::: a
	is_log here 1 1
}

@test "joblog: +FILE appends; the header is there once" {
	mp_well -j1 --joblog +log echo ::: a b
	[ "$(stat -c %a log)" = 600 ]
	mp_well --joblog +log echo ::: c
	is_log log $'1\techo a\n2\techo b\n1\techo c' 1,9
	: >empty
	mp_well --joblog +empty echo ::: d
	is_log empty 'echo d' 9
	mp_well --joblog=+./log true
	[ "$(wc -l <log)" -eq 4 ]
}

@test "joblog: none for a dry run; a header alone for no tasks" {
	mp_well --dry-run --joblog log echo ::: a
	[ ! -e log ]
	mp_well --joblog log echo
	same log "$HEADER"
	mp --joblog other --no-such-option echo ::: a
	expect 2
	[ ! -e other ]
}

@test "joblog: cannot be written: status 1, one line with its name, and nothing is run" {
	mkdir folder
	for name in missing/log folder +missing/log; do
		mp --joblog "$name" touch ran ::: a
		expect 1 ''
		says_lines 1
		says "^mpmap: .*${name#+}.*(No such file|Is a directory)"
	done
	mp --joblog '' touch ran ::: a
	usage_error '^mpmap: --joblog'
	mp --joblog + touch ran ::: a
	usage_error '^mpmap: --joblog'
	[ ! -e ran ]
}

@test "joblog: a full disk: status 1, says what, no hang" {
	for name in /dev/full +/dev/full; do
		status=0
		yes | timeout 60 "$MPMAP" -j2 --joblog "$name" echo >out 2>err || status=$?
		[ "$status" -eq 1 ] || complain "exit status $status"
		says '^mpmap: .*/dev/full.*No space left on device'
		not grep -qvx y out
		no_processes_left
	done
}

@test "joblog: a disk that fills in the middle: status 1, says what, and only whole lines" {
	unshare -rm true 2>/dev/null || skip_or_fail 'no mount namespaces here'
	mkdir disk
	seq 2000 >records
	run_it unshare -rm bash -c 'mount -t tmpfs -o size=32k none disk || exit 99
		status=0
		"$@" || status=$?
		cp disk/log log
		exit "$status"' sh "$MPMAP" -j2 --joblog disk/log echo <records
	expect 1
	says '^mpmap: .*disk/log.*No space left on device'
	is_log log
	[ "$(wc -l <lines)" -gt 100 ]
	sort -n -u -c out
}

@test "joblog: mpmap killed leaves only whole lines, of tasks that ended" {
	check() {
		start -j4 --joblog log --shell 'echo "$1" >>ran' ::: $(seq 1500)
		wait_until file_holds log 60
		kill -KILL "$pid"
		finish
		expect 137
		is_log log
		[ -z "$(comm -13 <(sort -u ran) <(cut -f 1 lines | sort))" ]
		no_processes_left
	}
	check
}

@test "joblog: parallel --resume runs exactly what is missing" {
	needs parallel
	check() {
		run_to_end -j1 --chunksize 1 --joblog log --halt soon,fail=1 --shell 'echo "$1" >>ran; [ "$1" -ne 7 ]' ::: $(seq 20)
		expect 124
		on 0 --resume 'echo {} >>ran' ::: $(seq 20)
		sort -n ran | cmp - <(seq 20)
		rm ran
		printf '1\n2\0\n3\n4\n' | mp -j2 --joblog log --shell 'echo "$1" >>ran'
		expect 125
		on 0 --resume 'echo {} >>ran' ::: 1 2 3 4 5
		sort -n ran | cmp - <(seq 5)
		# and the log is whole: again, nothing is left to do
		on 0 --resume 'echo {} >>ran' ::: 1 2 3 4 5
		[ "$(wc -l <ran)" -eq 5 ]
		is_log log
	}
	check
	rm -f log ran
	start -j4 --joblog log --shell 'echo "$1" >>ran' ::: $(seq 150)
	wait_until file_holds log 40
	kill -INT "$pid"
	finish
	expect 130
	on 0 --resume 'echo {} >>ran' ::: $(seq 150)
	# what ^C ended while it ran was run: it may have said so or not
	[ -z "$(sort ran | uniq -d)" ] || complain "twice: $(sort ran | uniq -d)"
	[ "$(wc -l <ran)" -ge 146 ] || complain "$(wc -l <ran) of 150"
}

@test "joblog: parallel --resume-failed runs exactly what failed" {
	needs parallel
	mp -j2 --timeout 2 --joblog log --shell '
		case $1 in
		2) exit 1 ;;
		4) kill -KILL $$ ;;
		6) exec "$TOOL" pause pid1 ;;
		8) kill -KILL $PPID; exec "$TOOL" pause pid2 ;;
		esac' ::: 1 2 3 4 5 6 7 8 9
	expect 125
	on 0 --resume-failed 'echo {} >>ran' ::: 1 2 3 4 5 6 7 8 9
	same <(sort ran) $'2\n4\n6\n8'
}

@test "joblog: parallel --retry-failed runs exactly what failed, whatever characters it is made of" {
	needs parallel
	printf '%s\0' ok 'two words' "it's" '"double"' $'new\nline' $'\n' $'end\n' '$HOME $(touch bad) `touch bad`' 'back\slash\' \
		'a*?[b]' '~' '#hash' '!x' '{}' '{1} {#}' '&|;<>()' 'a=b' $'tab\t' ' blank ' '' $'\x01\x7f\x1b' $'\xff\xfe' 'ä€😀' "\$'\\n'" -n ok2 >records
	check() {
		mp -j2 -0 --joblog log --shell '
			# "first", it'\''s: only these two
			case $1 in ok*) [ ! -e second ] || touch bad; exit 0 ;; esac
			[ -e second ] || exit 3
			printf "%s\0" "$1" >>ran' <records
		expect 123
		is_log log
		touch second
		on 0 --retry-failed
		[ ! -e bad ]
		cmp <(sort -z ran) <(grep -azv '^ok' records | sort -z)
		# now nothing is left, also for mpmap's own lines behind parallel's
		rm ran
		on 0 --retry-failed
		[ ! -e ran ]
		mp_well --joblog +log true ::: a
		[ "$(grep -c ^Seq log)" -eq 1 ]
	}
	check
	# without a shell
	mp -j2 -0 --joblog log "$TOOL" under default -- test -e <records
	expect 123
	is_log log
	[ "$(cut -f 7 lines | sort -u)" = 1 ]
}

@test "joblog: a pipe whose reader goes away ends the run, and does not hold it" {
	mkfifo log
	head -n 1 log >first &
	STARTED+=($!)
	mp -j2 --joblog log echo ::: $(seq 2000)
	expect 1
	says '^mpmap: --joblog: cannot write log: Broken pipe$'
	same first $'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand'
}
