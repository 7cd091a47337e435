#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Failed writes: to the spill file, to standard output, to standard error.

load helper

# The head is held until the others can spill no more: a note says so, tasks wait, and nothing is lost.
spills_no_more() {
	trace_on
	rm -f gate
	seq 60 >records
	start -j3 --buffer 64K --spill 100M --shell '
		[ "$1" != 1 ] || "$TOOL" hold gate
		exec "$TOOL" spew 30000 "$1"' <records
	wait_until test -s err
	wait_for_event gate_close
	[ "$(event_count task_start)" -lt 30 ] || complain "$(event_count task_start) tasks were begun"
	touch gate
	finish
	expect 0
	"$TOOL" unspew 30000 1 60 <out | cmp - records
	says "^mpmap: temporary file in .*: $1; outputs that wait are held in memory alone now, .*--buffer.*TMPDIR"
	says_lines 1
}

@test "disk: no spill file can be made: a note names the folder, tasks wait, and nothing is lost" {
	seq 100 >records
	TMPDIR=$PWD/missing mp -j2 --buffer 64K --spill 10M echo <records
	expect 0 "$(seq 100)" ''
	TMPDIR=$PWD/missing spills_no_more 'No such file or directory'
	says "in $PWD/missing: "
	TMPDIR=/dev/null spills_no_more 'Not a directory'
	[ "$(id -u)" = 0 ] || TMPDIR=/ spills_no_more 'Permission denied'
	rm gate
	trace_on
	TMPDIR=$PWD/missing start -q -j3 --buffer 64K --shell '
		[ "$1" != 1 ] || "$TOOL" hold gate
		exec "$TOOL" spew 200000 "$1"' ::: 1 2 3 4 5
	wait_for_event gate_close
	touch gate
	finish
	expect 0
	same err ''
	"$TOOL" unspew 200000 1 5 <out | cmp - <(seq 5)
}

@test "disk: the spill file fails in the middle: what is in it is read back, and tasks wait" {
	needs_faults
	MPMAP_FAULT=spill_write:1+:ENOSPC spills_no_more 'No space left on device'
	MPMAP_FAULT=spill_write:2:EDQUOT spills_no_more 'Disk quota exceeded'
	MPMAP_FAULT=spill_write:3:EFBIG spills_no_more 'File too large'
	MPMAP_FAULT=spill_write:5+:EIO spills_no_more 'Input/output error'
	MPMAP_FAULT=spill_open:1:EMFILE spills_no_more 'Too many open files'
	MPMAP_FAULT=tmpfile:1:EROFS spills_no_more 'Read-only file system'
}

@test "disk: a limit on files is reached while spilling" {
	local blocks
	seq 60 >records
	for blocks in 1 100; do
		rm -f gate
		# shellcheck disable=SC2016
		start_it bash -o pipefail -c '(ulimit -S -f "$1"; shift; exec "$@") | cat' sh "$blocks" "$MPMAP" -j3 --buffer 64K --shell '
			[ "$1" != 1 ] || "$TOOL" hold gate
			exec "$TOOL" spew 30000 "$1"' <records
		wait_until test -s err
		touch gate
		finish
		expect 0
		says '^mpmap: temporary file in .*: File too large; .*tasks wait'
		says_lines 1
		"$TOOL" unspew 30000 1 60 <out | cmp - records
	done
}

@test "disk: no spill file in every order, form and with retries" {
	needs_faults
	local options
	for ((i = 1; i <= 9; i++)); do printf %s "$i" && "$TOOL" lines 1 100000 x; done >expected
	for options in --unordered --line-buffer '-o json' '-o jsonl --unordered' --retries=2 --tag; do
		rm -f gate
		# shellcheck disable=SC2086
		MPMAP_FAULT=spill_open:1:ENOSPC start -j3 --buffer 64K $options --shell '
			[ "$1" != 1 ] || "$TOOL" hold gate
			printf %s "$1"
			exec "$TOOL" lines 1 100000 x' ::: 1 2 3 4 5 6 7 8 9
		wait_until test -s err
		touch gate
		finish
		expect 0
		case $options in
		-o*) jq -r 'if type == "array" then .[] else . end | .stdout | rtrimstr("\n")' out ;;
		--tag) cut -f 2- out ;;
		*) cat out ;;
		esac | sort | cmp - expected || complain "$options"
		says_lines 1
	done
}

@test "disk: a real disk that is full while spilling" {
	unshare -rm true 2>/dev/null || skip_or_fail 'no mount namespaces here'
	seq 200 >records
	# 100 KiB: the second block is written in part.
	run_it unshare -rm bash -c 'mount -t tmpfs -o size=100k none "$TMPDIR" && exec "$@"' sh "$MPMAP" -j2 --buffer 64K --spill 100M --shell '
		[ "$1" != 1 ] || while [ ! -s err ]; do "$TOOL" lines 1 10 y; done
		exec "$TOOL" spew 10240 "$1"' <records
	expect 0
	says 'No space left on device'
	tail -c $((200 * 10240)) out | "$TOOL" unspew 10240 1 200 | cmp - records
}

@test "disk: output that cannot be read back ends the run with status 1, after a prefix" {
	needs_faults
	local i
	seq 50 >records
	trace_on
	MPMAP_FAULT=spill_read:2:EIO start -j2 --buffer 64K --spill 100M --shell '
		"$TOOL" spew 100K "$1"
		[ "$1" != 1 ] || exec "$TOOL" hold gate' <records
	wait_for_event task_end 10
	touch gate
	finish
	expect 1
	says '^mpmap: temporary file in .*: Input/output error$'
	says_lines 1
	cmp -n "$(wc -c <out)" out <(for ((i = 1; i <= 50; i++)); do "$TOOL" spew 100K "$i"; done)
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
