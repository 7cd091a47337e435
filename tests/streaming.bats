#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# When output leaves: the task whose turn it is streams, the others wait; --unordered and --ungroup.

load helper

@test "streaming: what the task whose turn it is writes is seen before it ends, even half a line" {
	check() {
		mkfifo fifo
		start -j2 "$TOOL" relay ::: fifo
		exec 8<>fifo
		printf 'half a ' >&8
		wait_until file_has out '^half a $'
		printf 'line\nmore' >&8
		wait_until file_has out '^more$'
		same out $'half a line\nmore' || exactly out $'half a line\nmore'
		exec 8>&-
		finish
		expect 0
		exactly out $'half a line\nmore'
	}
	check
}

@test "streaming: its stderr too" {
	mkfifo fifo
	start -j2 "$TOOL" relay fifo ::: 2
	exec 8<>fifo
	printf 'half a ' >&8
	wait_until file_has err '^half a $'
	exec 8>&-
	finish
	expect 0 ''
	exactly err 'half a '
}

@test "streaming: one that runs ahead is not seen before its turn, and then streams" {
	trace_on
	mkfifo one two
	start -j2 "$TOOL" relay ::: one two
	exec 7<>one 8<>two
	echo two >&8
	wait_for_event task_start 2
	echo one >&7
	wait_until file_has out '^one$'
	same out one
	exec 7>&-
	wait_until file_has out '^two$'
	echo more >&8
	wait_until file_has out '^more$'
	exec 8>&-
	finish
	expect 0 $'one\ntwo\nmore' ''
}

@test "streaming: what ended before its turn comes at once when its turn comes" {
	trace_on
	start -j3 --shell 'case $1 in 1 | 5) "$TOOL" hold "gate$1" ;; esac; echo "$1"' ::: $(seq 9)
	wait_for_event task_end 7
	same out ''
	touch gate1
	wait_until file_has out '^4$'
	same out $'1\n2\n3\n4'
	touch gate5
	finish
	expect 0 "$(seq 9)" ''
}

@test "streaming: results leave at once while nothing else happens" {
	open_feed
	start -j2 echo <feed
	for i in 1 2 3 4 5; do
		echo "$i" >&7
		wait_until file_has out "^$i\$"
	done
	close_feed
	finish
	expect 0 "$(seq 5)" ''
}

@test "streaming: --unordered writes in the order of completion, each whole" {
	trace_on
	start -j3 --unordered --shell 'echo "begin $1"; "$TOOL" hold "gate$1"; echo "end $1"' ::: 1 2 3
	wait_for_event task_start 3
	touch gate2
	wait_until file_has out '^end 2$'
	touch gate3
	wait_until file_has out '^end 3$'
	not grep -q 1 out
	touch gate1
	finish
	expect 0 $'begin 2\nend 2\nbegin 3\nend 3\nbegin 1\nend 1' ''
}

@test "streaming: --ungroup does not capture: outputs come as they are written" {
	for option in --ungroup -u; do
		rm -f one two
		mkfifo one two
		start -j2 "$option" "$TOOL" relay ::: one two
		exec 7<>one 8<>two
		printf b >&8
		wait_until file_has out b
		printf a >&7
		wait_until file_has out ba
		printf B >&8
		wait_until file_has out baB
		exec 7>&- 8>&-
		finish
		expect 0
		exactly out baB
	done
}

@test "streaming: --ungroup: failures count as ever" {
	mp -j2 --ungroup --shell 'echo "$1"; exit "$1"' ::: 3
	expect 123 3
	says '^mpmap: #1: exit status 3'
}

@test "streaming: a task that is killed while it streams leaves what was written" {
	trace_on
	start -j2 --shell 'if [ "$1" = 2 ]; then echo "$$" >pid; exec "$TOOL" hold gate "so far "; fi; echo "$1"' ::: 1 2 3
	wait_until file_has out 'so far'
	kill -KILL "$(cat pid)"
	finish
	expect 125
	exactly out $'1\nso far 3\n'
	says '^mpmap: 1 of 3 tasks failed: 1 by signal'
	says '^mpmap: #2: .*SIGKILL'
}
