#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Failed writes: to the spill file, to standard output, to standard error.

load helper

@test "disk: no spill file can be made: status 1, and the folder is named" {
	seq 100 >records
	TMPDIR=$PWD/missing mp -j2 --buffer 64K --spill 10M echo <records
	expect 0 "$(seq 100)" ''
	TMPDIR=$PWD/missing spill_fails
	says 'missing.*No such file'
}

# The head is held until the others have failed to spill; then the run ends with status 1, its output a prefix.
spill_fails() {
	local i
	trace_on
	rm -f gate
	seq 100 >records
	start -j2 --buffer 64K --spill 100M --shell '
		"$TOOL" spew 100K "$1"
		[ "$1" != 1 ] || exec "$TOOL" hold gate' <records
	wait_until spill_has_failed
	touch gate
	finish
	expect 1
	cmp -n "$(wc -c <out)" out <(for ((i = 1; i <= 100; i++)); do "$TOOL" spew 100K "$i"; done)
}

spill_has_failed() {
	[ -s err ] || is_gone "$pid" || has_events gate_close 1 || has_events task_end 99
}

@test "disk: the disk is full while spilling: status 1, says what, and everything before is intact" {
	needs_faults
	MPMAP_FAULT=spill_write:1+:ENOSPC spill_fails
	says 'spill|temporary|TMPDIR|tmp'
	says 'No space left on device'
	MPMAP_FAULT=spill_write:5:ENOSPC spill_fails
	says 'No space left on device'
	MPMAP_FAULT=spill_open:1:ENOSPC spill_fails
	says 'No space left on device'
}

@test "disk: a real disk that is full while spilling" {
	unshare -rm true 2>/dev/null || skip_or_fail 'no mount namespaces here'
	seq 200 >records
	run_it unshare -rm bash -c 'mount -t tmpfs -o size=256k none "$TMPDIR" && exec "$@"' sh "$MPMAP" -j2 --buffer 64K --spill 100M --shell '
		[ "$1" != 1 ] || while [ ! -s err ] && [ ! -e late ]; do "$TOOL" lines 1 10 y; done
		[ "$1" != 150 ] || touch late
		exec "$TOOL" spew 10240 "$1"' <records
	expect 1
	says 'No space left on device'
}

@test "disk: stdout full: status 1, and says what" {
	check() {
		for count in 1 100 3000; do
			status=0
			seq "$count" | timeout 60 "$MPMAP" -j2 echo >/dev/full 2>err || status=$?
			[ "$status" -eq 1 ] || complain "exit status $status"
			says '^mpmap: .*(stdout|standard output|write).*No space left on device'
			says_lines 1
		done
		status=0
		timeout 60 "$MPMAP" -j2 "$TOOL" spew 10M ::: 1 2 3 >/dev/full 2>err || status=$?
		[ "$status" -eq 1 ] || complain "exit status $status"
		says 'No space left on device'
		no_processes_left
	}
	check
}

@test "disk: stdout full ends the run although the input goes on" {
	status=0
	yes | timeout 60 "$MPMAP" -j2 echo >/dev/full 2>err || status=$?
	[ "$status" -eq 1 ] || complain "exit status $status"
	says 'No space left on device'
}

@test "disk: stdout fails in the middle: what was written is intact" {
	needs_faults
	seq 2000 >records
	MPMAP_FAULT=stdout_write:5+:ENOSPC mp -j2 --chunksize 1 --shell 'echo "$1"' <records
	expect 1
	says 'No space left on device'
	head -c "$(wc -c <out)" records | cmp - out
	[ "$(wc -c <out)" -lt "$(wc -c <records)" ]
}

@test "disk: a full stdout is no error when there is nothing to write" {
	status=0
	timeout 60 "$MPMAP" true ::: a b >/dev/full 2>err || status=$?
	[ "$status" -eq 0 ]
	same err ''
}

@test "disk: stderr full or gone never ends the run" {
	seq 100 >records
	status=0
	timeout 60 "$MPMAP" -j2 --shell 'echo "$1"; echo "$1" >&2' <records >out 2>/dev/full || status=$?
	[ "$status" -eq 0 ] || complain "exit status $status"
	cmp records out
	status=0
	timeout 60 "$MPMAP" -j2 --shell 'echo "$1"; echo "$1" >&2; exit 3' <records >out 2> >(exec true) || status=$?
	[ "$status" -eq 123 ] || complain "exit status $status"
	cmp records out
}
