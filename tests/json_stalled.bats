#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Result objects to a reader that does not read for a while, or never.

# Scripts are for the tasks' shell.
# shellcheck disable=SC2016

load helper
load object

# Starts mpmap with a pipe as its output that nobody reads yet, but that descriptor 7 keeps open: stalled ARG...
stalled() {
	trace_on
	rm -f pipe
	mkfifo pipe
	exec 7<>pipe
	start_it bash -c 'exec "$@" >pipe' sh "$MPMAP" "$@"
}

# Reads all that comes from now on, in the background.
read_on() {
	cat <pipe >read 7>&- &
	STARTED+=($!)
	reader=$!
	exec 7>&-
}

@test "stalled: a disk that is full while an object is half written costs nothing" {
	needs_faults
	MPMAP_FAULT=spill_write:1:ENOSPC stalled -j2 -o json --buffer 3M --shell '
		[ "$1" = 1 ] || "$TOOL" hold gate
		exec "$TOOL" spew "$((2 * $1))M" "$1"' ::: 1 2
	wait_for_event task_end 1
	# what does not fit into the pipe of it is half written by now
	wait_until test -n "$(head -c 1 <&7)"
	touch gate
	wait_until test -s err
	read_on
	finish
	wait_until is_gone "$reader"
	expect 0
	says '^mpmap: .*No space left'
	(printf '['; cat read) >out
	jq -e 'map(.outcome) == ["ok", "ok"]' out >/dev/null || complain "$(head -c 200 out) ... $(tail -c 100 out)"
}

@test "stalled: who ends the run twice is not kept by a reader that takes nothing" {
	check() {
		stalled -j2 --grace 0.3 -o json "$TOOL" spew 300K ::: $(seq 9)
		wait_for_event task_end 2
		kill -INT "$pid"
		wait_for_event signal
		kill -INT "$pid"
		finish
		exec 7>&-
		expect 130
		no_processes_left
	}
	check
}

@test "stalled: one SIGTERM is enough" {
	stalled -j2 --grace 0.3 -o json "$TOOL" spew 300K ::: $(seq 9)
	wait_for_event task_end 2
	kill -TERM "$pid"
	finish
	exec 7>&-
	expect 143
	no_processes_left
}

@test "stalled: what had ended is written when the run is given up, to a reader that reads on" {
	check() {
		stalled -j2 --grace 20 -o json --shell '
			[ "$1" -le 2 ] || exec "$TOOL" ignore "pid$1" INT
			exec "$TOOL" spew 300K "$1"' ::: 1 2 3 4
		wait_until test -s pid3 -a -s pid4
		kill -INT "$pid"
		wait_for_event signal
		kill -INT "$pid"
		wait_for_event signal 2
		read_on
		finish
		wait_until is_gone "$reader"
		expect 130
		[ "$(jq -c 'map(.outcome)' read)" = '["ok","ok","signaled","signaled"]' ] || complain "$(jq -c 'map(.outcome)' read)"
		no_processes_left
	}
	check
}
