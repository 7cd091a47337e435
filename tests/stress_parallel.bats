#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# O. Tange's stress tests for parallelising tools (parallel_alternatives(7), "Testing other tools"), by their names.

load helper

@test "stress MIX: outputs of two jobs do not mix: lines of 3 MB, in pieces, on both outputs" {
	cat >mycommand <<-'END'
		#!/bin/sh
		piece() { head -c 3000000 /dev/zero | tr '\0' "$1"; printf ' '; }
		piece a
		piece b >&2
		piece c
		piece d >&2
		piece e
		piece f >&2
		echo
		echo >&2
	END
	chmod +x mycommand
	seq 30 | timeout 60 "$MPMAP" -j8 ./mycommand 2> >(tr -s abcdef >err.part && mv err.part err) | tr -s abcdef >out
	wait_until test -e err
	cmp out <(yes 'a c e ' | head -n 30)
	cmp err <(yes 'b d f ' | head -n 30)
}

@test "stress STDERRMERGE: stderr is kept apart from stdout" {
	cat >mycommand <<-'END'
		#!/bin/sh
		echo stdout
		echo stderr >&2
		echo stdout
		echo stderr >&2
	END
	chmod +x mycommand
	echo | mp -j8 ./mycommand
	expect 0 $'stdout\nstdout' $'stderr\nstderr'
}

@test "stress RAM: output is not limited by memory" {
	# 20 jobs of 30 MB, twice as fast as they can be written; tests of 1 GB are in memory_large
	seq 20 | timeout 60 "$MPMAP" -j8 --buffer 8M --spill 32M "$TOOL" spew 30M | "$TOOL" unspew 30M 1 20 | cmp - <(seq 20)
}

@test "stress DISKFULL: a full disk is noticed, however short it was full" {
	unshare -rm true 2>/dev/null || skip_or_fail 'no mount namespaces here'
	seq 40 >records
	trace_on
	start_it unshare -rm bash -c 'mount -t tmpfs -o size=1m none "$TMPDIR" && exec "$@"' sh "$MPMAP" -j2 --buffer 64K --spill 1G --shell '
		if [ "$1" = 1 ]; then
			head -c 10M /dev/zero >"$TMPDIR/full" 2>/dev/null
			"$TOOL" hold late
			rm "$TMPDIR/full"
		fi
		exec "$TOOL" spew 10240 "$1"' <records
	noticed_or_done() { [ -s err ] || has_events task_end 39; }
	wait_until noticed_or_done
	touch late
	finish
	expect 0
	"$TOOL" unspew 10240 1 40 <out | cmp - records
	[ ! -s err ] || says 'No space left on device'
}

@test "stress CLEANUP: kill -9 leaves no temporary files" {
	trace_on
	ls -A "$TMPDIR" /dev/shm /var/tmp >before
	mkfifo fifo
	seq 200 >records
	start -j2 --buffer 64K --spill 10M --shell '[ "$1" != 1 ] || read -r line <fifo; exec "$TOOL" spew 10240 "$1"' <records
	wait_for_event spill_open
	kill -KILL "$pid"
	finish
	no_processes_left
	ls -A "$TMPDIR" /dev/shm /var/tmp | grep -vE '^(bats-|mpmap-test)' | cmp - <(grep -vE '^(bats-|mpmap-test)' before)
}

@test "stress SPCCHAR: special file names" {
	name="My brother's 12\" *** record  (costs \$\$\$).jpg"
	touch "$name"
	ls My*jpg | mp ls -l
	expect 0
	grep -qF "$name" out
	ls My*jpg | mp --shell 'ls -l "$1"'
	expect 0
	grep -qF "$name" out
	ls My*jpg | mp cat
	expect 0 '' ''
}

@test "stress COMPOSED: composed commands" {
	echo bar | mp --shell 'echo foo; echo "$1"'
	expect 0 $'foo\nbar' ''
	echo 'echo foo; echo bar' | mp --shell
	expect 0 $'foo\nbar' ''
}

@test "stress ONEREP: more than one replacement string" {
	echo bar | mp echo '{}' foo '{}'
	expect 0 'bar foo bar' ''
}

@test "stress INPUTSIZE: a record of 100 MB is told of, one of 131,000 bytes is an argument" {
	{
		printf foo.
		head -c 100000000 /dev/zero | tr '\0' x
		echo
	} | mp echo '{}'
	expect 125 ''
	says '^mpmap: #1: '
	[ "$(wc -c <err)" -lt 2000 ]
	head -c 131000 /dev/zero | tr '\0' x | mp echo '{}'
	expect 0
	[ "$(wc -c <out)" -eq 131001 ]
}

@test "stress NUMWORDS: output of many words costs no more than any other" {
	cat >mycommand <<-'END'
		#!/bin/sh
		yes "$(seq 1000 | tr '\n' ' ')" | head -c 10M
	END
	chmod +x mycommand
	./mycommand >one
	seq 30 | timeout 60 "$MPMAP" -j8 ./mycommand | cmp - <(for ((i = 0; i < 30; i++)); do cat one; done)
}

@test "stress 4GB: a line longer than 4 GB" {
	[ "${MPMAP_TEST_BIG:-1G}" = 1G ] || skip 'MPMAP_TEST_BIG makes large outputs smaller'
	timeout 100 "$MPMAP" --shell 'head -c 5000000000 /dev/zero' ::: 1 | cksum >found
	[ "$(cat found)" = '563083627 5000000000' ]
}

@test "stress: fewer records than jobs, and as many" {
	for count in 1 2 7 8 9; do
		seq "$count" | mp -j8 echo
		expect 0 "$(seq "$count")" ''
	done
}

@test "stress: the last newline is nobody's to take" {
	printf 'a\nb' | mp -j2 printf '%s\n\n'
	expect 0 $'a\n\nb\n' ''
}

@test "stress: many more jobs than processors" {
	seq 1000 | mp -j200 --shell 'echo $(($1 * $1))'
	expect 0
	same err ''
	[ "$(awk '{ sum += $1 } END { print sum }' out)" -eq 333833500 ]
}

@test "stress: a pool inside a pool" {
	seq 7 | mp -j4 --shell 'seq 5 | "$MPMAP" -j2 echo "$1"'
	expect 0 "$(for i in 1 2 3 4 5 6 7; do seq -f "$i %g" 5; done)" ''
}

@test "stress: 100 tasks of 1 MB on 8 jobs" {
	seq 100 | timeout 60 "$MPMAP" -j8 "$TOOL" spew 1M | "$TOOL" unspew 1M 1 100 | cmp - <(seq 100)
}
