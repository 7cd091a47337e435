#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Tasks that fail: the exit status, and the last words on stderr.

load helper

@test "failures: a task that fails does not stop the others" {
	mp -j2 --shell 'echo "$1"; exit "$1"' ::: 0 1 2 0 255 0
	expect 123 $'0\n1\n2\n0\n255\n0'
}

@test "failures: 0 when all is well, and then nothing is said" {
	mp -j2 true ::: a b c
	expect 0 '' ''
}

@test "failures: 123 for every exit status of a task but 0" {
	for status in 1 2 3 100 124 125 126 127 128 130 137 200 254 255; do
		mp --shell 'exit "$1"' ::: 0 "$status" 0
		expect 123 ''
		says "^mpmap: #2: exit status $status: "
	done
	mp --shell 'exit "$1"' ::: $(seq 0 255)
	expect 123
	says '^mpmap: 255 of 256 tasks failed: 255 by exit status$'
}

@test "failures: 255 is nothing special: the others run" {
	seq 50 | mp -j2 --shell 'echo "$1"; exit 255'
	expect 123 "$(seq 50)"
}

@test "failures: 125 when a task was killed by a signal, by its name" {
	for signal in HUP INT QUIT ABRT KILL SEGV PIPE ALRM TERM USR1 XCPU SYS; do
		mp "$TOOL" signal ::: "$signal"
		expect 125 ''
		says '^mpmap: the only task failed: by signal$'
		says "^mpmap: #1: .*SIG$signal.*: "
	done
	mp "$TOOL" crash '{#}' ::: a
	expect 125
	says '#1: .*SIGSEGV'
}

@test "failures: a real-time signal has a name too" {
	mp "$TOOL" signal ::: 40
	expect 125
	says '#1: .*(SIG)?RTMIN\+6'
}

@test "failures: 125 before 123, whichever came first" {
	for order in '3 KILL' 'KILL 3'; do
		# shellcheck disable=SC2086
		mp -j1 --shell 'case $1 in KILL) kill -KILL $$ ;; *) exit "$1" ;; esac' ::: $order
		expect 125
		says '^mpmap: 2 of 2 tasks failed: 1 by exit status, 1 by signal$'
	done
}

@test "failures: the summary, in exactly these words" {
	mp -j2 --shell 'case $1 in 7 | 9) exit 2 ;; 30) kill -TERM $$ ;; esac' ::: $(seq 100)
	expect 125 ''
	head -n 1 err | grep -qxF 'mpmap: 3 of 100 tasks failed: 2 by exit status, 1 by signal' || complain
	says_lines 4
	sed -n 2p err | grep -q '^mpmap: #7: exit status 2: '
	sed -n 3p err | grep -q '^mpmap: #9: exit status 2: '
	sed -n 4p err | grep -q '^mpmap: #30: .*SIGTERM'
}

@test "failures: after ten lines the others are counted, with where they are" {
	mp -j2 --shell 'exit 3' ::: $(seq 10)
	expect 123 ''
	says_lines 11
	not grep -qF '...' err
	mp -j2 --shell 'exit 3' ::: $(seq 40)
	expect 123 ''
	says_lines 12
	[ "$(tail -n 1 err)" = 'mpmap: ... and 30 more (--log=FILE has all)' ] || complain
	mp -j2 --joblog=+log --shell 'exit 3' ::: $(seq 40)
	[ "$(tail -n 1 err)" = 'mpmap: ... and 30 more (see log)' ] || complain
	[ "$(wc -l <log)" -eq 41 ]
	mp -q -j2 --shell 'exit 3' ::: $(seq 40)
	expect 123 '' ''
}

@test "failures: what is answered fails by error, a command by its exit status" {
	mp --bash 'f() { return 3; }; f' ::: a b
	expect 123
	says '^mpmap: 2 of 2 tasks failed: 2 by error$'
	mp --shell 'exit 3' ::: a
	expect 123
	head -n 1 err | grep -qxF 'mpmap: the only task failed: by exit status' || complain
}

@test "failures: a line names the number, the reason, and the command as a shell would read it" {
	cat >gzip <<-'END'
		#!/bin/sh
		exit 2
	END
	chmod +x gzip
	PATH=$PWD:$PATH mp gzip ::: 'my file'
	expect 123 ''
	[ "$(tail -n 1 err)" = "mpmap: #1: exit status 2: gzip 'my file'" ] || complain
	PATH=$PWD:$PATH mp gzip -9 --x '{}' end ::: plain
	[ "$(tail -n 1 err)" = 'mpmap: #1: exit status 2: gzip -9 --x plain end' ] || complain
	PATH=$PWD:$PATH mp gzip ::: "it's" ''
	says "^mpmap: #1: exit status 2: gzip 'it'\\\\''s'\$"
	says "^mpmap: #2: exit status 2: gzip ''\$"
}

@test "failures: only the first ten are named, in input order" {
	seq 200 | mp -j4 --shell 'case $(($1 % 7)) in 0) exit 1 ;; esac'
	expect 123 ''
	says '^mpmap: 28 of 200 tasks failed: 28 by exit status$'
	grep -oE '^mpmap: #[0-9]+: exit status 1' err | grep -oE '#[0-9]+' | tr -d '#' | cmp - <(seq 7 7 70)
}

@test "failures: the summary is the last on stderr, after the tasks' own words" {
	mp -j2 --shell 'echo "words $1" >&2; exit 1' ::: 1 2 3
	expect 123
	head -n 3 err | cmp - <(printf 'words %s\n' 1 2 3)
	sed -n 4p err | grep -q '^mpmap: 3 of 3 tasks failed'
}

@test "failures: control characters are escaped in every message" {
	printf 'a\033]0;title\007b\0\033[2J\r\0c\nd\te\0\302\233x\0\377' >records
	mp -0 false <records
	expect 123 ''
	says_lines 6
	not grep -q "[[:cntrl:]]" err
	not grep -q $'\302\233' err
	not grep -q $'\377' err
	printf 'x\033[31m' | mp '{}' a
	not grep -q $'\033' err
	mp $'no\033such' ::: a
	expect 127
	not grep -q $'\033' err
	mp $'--no\033such' ::: a
	expect 2
	not grep -q $'\033' err
}

@test "failures: a long command is told in a line that can be read" {
	head -c 100000 /dev/zero | tr '\0' x | mp false
	expect 123
	[ "$(wc -c <err)" -lt 5000 ] || complain "$(wc -c <err) bytes"
}

@test "failures: -q says nothing of failed tasks" {
	for option in -q --quiet; do
		mp "$option" --shell 'echo word >&2; exit 3' ::: a b
		expect 123 '' $'word\nword'
	done
}

@test "failures: -q still says mpmap's own errors" {
	mp -q -a missing echo
	expect 1
	says 'missing'
	mp -q no-such-command ::: a
	expect 127
	says 'no-such-command'
	mp -q --bogus
	usage_error '--bogus'
}

@test "failures: COMMAND not found: 127, one message, and the run stops at the first try" {
	check() {
		seq 1000 >records
		mp -j4 no-such-command <records
		expect 127 ''
		says_lines 1
		says '^mpmap: .*no-such-command'
		mp -j4 ./missing/too <records
		expect 127 ''
		says_lines 1
		says '^mpmap: .*\./missing/too'
		mp --unordered --chunksize 50 no-such-command <records
		expect 127 ''
		says_lines 1
	}
	under_methods check
}

@test "failures: COMMAND that cannot be executed: 126, one message" {
	check() {
		echo 'echo no' >file
		mkdir folder
		seq 100 >records
		for command in ./file ./folder; do
			mp -j2 "$command" <records
			expect 126 ''
			says_lines 1
			says "^mpmap: .*$command.*Permission denied"
		done
	}
	check
}

@test "failures: COMMAND not found does not wait for an input that goes on" {
	open_feed
	start no-such-command <feed
	echo x >&7
	finish
	expect 127 ''
	close_feed
}

@test "failures: a script whose interpreter is not there is one message, not one per record" {
	printf '#!/no/such/interpreter\n' >script
	chmod +x script
	seq 100 | mp -j2 ./script
	grep -qxE '126|127' status || complain
	says_lines 1
	says 'script'
}

@test "failures: 125 when a task could not be started for its own reason" {
	printf 'a\0b\n' | mp true
	expect 125 ''
	printf 'a\0b\nc\n' | mp false
	expect 125 ''
	says '^mpmap: 2 of 2 tasks failed: 1 by exit status, 1 not started$'
}

@test "failures: 1 before everything else" {
	mkdir folder
	mp -a folder false
	expect 1
	status=0
	timeout 60 "$MPMAP" --shell 'echo "$1"; exit 3' ::: a b >/dev/full 2>err || status=$?
	[ "$status" -eq 1 ] || complain "$status"
	status=0
	timeout 60 "$MPMAP" --shell 'echo "$1"; kill -KILL $$' ::: a b >/dev/full 2>err || status=$?
	[ "$status" -eq 1 ] || complain "$status"
}

@test "failures: the outputs of failed tasks are written, in order" {
	seq 100 | mp -j4 --chunksize 3 --shell 'echo "$1"; exit $(($1 % 3))'
	expect 123 "$(seq 100)"
}

@test "failures: every record has one outcome, however many fail in however many ways" {
	seq 300 | mp -j4 --shell 'case $(($1 % 5)) in 1) exit 1 ;; 2) kill -KILL $$ ;; *) echo "$1" ;; esac'
	expect 125
	cmp out <(seq 300 | awk '$1 % 5 != 1 && $1 % 5 != 2')
	says '^mpmap: 120 of 300 tasks failed: 60 by exit status, 60 by signal$'
}
