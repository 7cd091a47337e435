#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --stats: at the end, on stderr, what the run cost.

load helper

@test "stats: on stderr, at the end; stdout is as without" {
	seq 100 | mp -j2 --stats --shell 'echo "$1"; echo "$1" >&2'
	expect 0 "$(seq 100)"
	head -n 100 err | cmp - <(seq 100)
	[ "$(wc -l <err)" -gt 100 ]
}

@test "stats: tasks, failures, wall time, rate, busy ratio, the parent's own time, chunk sizes, peak memory, spilled bytes" {
	mp -j2 --stats --chunksize 7 --shell 'exit $(($1 % 5 == 0))' ::: $(seq 100)
	expect 123
	says '[Tt]asks?[^0-9]*100([^0-9]|$)|100 tasks'
	says '[Ff]ail[^0-9]*20([^0-9]|$)|(^|[^0-9])20 failed'
	says '[Ww]all|[Ee]lapsed'
	says '[Tt]asks per second|tasks/s'
	says '^mpmap: task times: p50 [0-9.]+ [um]?s, p90 [0-9.]+ [um]?s, p99 [0-9.]+ [um]?s, longest [0-9.]+ [um]?s$'
	says '[Bb]usy'
	says 'CPU'
	says '[Cc]hunk.*(^|[^0-9])7([^0-9]|$)'
	says '[Mm]emory'
	says '[Ss]pill[^0-9]*0([^0-9]|$)'
}

@test "stats: what was spilled is counted" {
	trace_on
	mkfifo fifo
	seq 30 >records
	start --stats -j2 --buffer 64K --spill 10M --shell '[ "$1" != 1 ] || read -r line <fifo; exec "$TOOL" spew 100K "$1"' <records
	wait_for_event task_end 29
	exec 8<>fifo
	echo go >&8
	finish
	expect 0
	says '[Ss]pill.*[1-9]'
}

@test "stats: task times are those of all that ran, also of records that a filter answers together" {
	seq 1000 | mp -j2 --stats --filter cat
	expect 0 "$(seq 1000)"
	says '^mpmap: task times: p50 '
	for command in "--coproc=stdio cat" "--python _"; do
		mp --stats $command ::: 1 2 3
		says '^mpmap: task times: p50 '
	done
	mp --stats --dry-run true ::: 1
	not grep 'task times' err
	mp --stats --shell 'sleep 0.2' ::: 1 2 3
	says '^mpmap: task times: p50 2[0-9][0-9] ms, p90 2[0-9][0-9] ms, p99 2[0-9][0-9] ms, longest 2[0-9][0-9] ms$'
}

@test "stats: of a run without tasks" {
	mp --stats true </dev/null
	expect 0 ''
	says '[Tt]asks?[^0-9]*0([^0-9]|$)|(^|[^0-9])0 tasks'
	not grep -Eqi 'nan|inf' err
}

@test "stats: -q does not silence what was asked for" {
	mp -q --stats true ::: a
	expect 0 ''
	says '[Bb]usy'
}

@test "stats: the busy ratio is between nothing and all" {
	mp -j2 --stats --shell 'sleep 0.3' ::: 1 2 3 4
	expect 0
	grep -i 'busy' err | grep -oE '[0-9]+(\.[0-9]+)? ?%' | tr -d ' %' | awk '{ found = 1 } $1 < 50 || $1 > 100 { bad = 1 } END { exit bad || !found }' ||
		complain 'no sensible ratio'
}
