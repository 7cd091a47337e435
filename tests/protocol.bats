#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# What the parent and its workers send each other is lost, or is nonsense: the run ends well all the same.

load helper

@test "protocol: a wake-up for a sleeping worker that cannot be sent is sent again" {
	needs_faults
	check() {
		trace_on
		open_feed
		export MPMAP_FAULT=wake:1:ENOBUFS
		start -j1 echo <feed
		unset MPMAP_FAULT
		echo a >&7
		wait_until file_holds out 1
		wait_for_event worker_park
		echo b >&7
		LIMIT=20 wait_until file_holds out 2
		close_feed
		finish
		expect 0 $'a\nb' ''
		# by the same worker: another would have come after a second
		[ "$(event_count worker_start)" -eq 1 ]
	}
	under_methods check
}

@test "protocol: a wake-up for a worker that waits for room in its ring is sent again" {
	needs_faults
	MPMAP_FAULT=wake:1:ENOMEM,wake:2:ENOBUFS LIMIT=20 mp -j1 "$TOOL" spew 4M ::: 1
	expect 0
	[ "$(wc -c <out)" -eq 4194304 ]
}

@test "protocol: a wake-up for a worker that is to leave its run is sent again" {
	needs_faults
	trace_on
	echo 'map echo ::: a' >script
	MPMAP_FAULT=wake:1:ENOBUFS mp --interactive -j1 <script
	expect 0 a ''
	# else it would have been ended after five seconds
	[ "$(event_count worker_free)" -eq 1 ] || complain "$(<trace)"
}
