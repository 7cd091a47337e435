#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Messages between the parent and its workers are lost or garbled: the run ends well all the same.

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

# Each of N tasks has one line in the job log, some were lost, and what was said of them is that and the cause.
all_accounted() {
	expect 125
	same <(sed 1d log | cut -f 1 | sort -n) "$(seq "$1")"
	says "^mpmap: [1-9][0-9]* of $1 tasks failed: [0-9]+ lost\$"
	says '^mpmap: .* \(pid [0-9]+\) broke the protocol and is replaced$'
	[ -z "$(sort out | uniq -d)" ] || complain "run twice: $(sort out | uniq -d)"
	no_processes_left
}

@test "protocol: a worker that writes nonsense is replaced: what it did after that is lost, nothing hangs" {
	needs_faults
	check() {
		LIMIT=30 MPMAP_FAULT=garbage:2 mp -j1 --joblog log --chunksize 50 echo ::: $(seq 50)
		all_accounted 50
	}
	under_methods check
}

@test "protocol: a worker that hides a result as padding of its ring is replaced: the task is lost, nothing hangs" {
	needs_faults
	check() {
		LIMIT=30 MPMAP_FAULT=padding:2 mp -j1 --joblog log --chunksize 50 echo ::: $(seq 50)
		all_accounted 50
	}
	under_methods check
}

@test "protocol: results after the nonsense are lost, also where others have the rest of the chunk" {
	needs_faults
	# If the other worker writes the nonsense, task 3 ends for its time.
	check() {
		LIMIT=60 MPMAP_FAULT=garbage:2 mp -j2 --joblog log --chunksize 4 --timeout 10 --shell '[ "$1" != 3 ] || exec "$TOOL" hold gate; echo "$1"' ::: $(seq 4)
		all_accounted 4
		same out $'1\n2\n4'
		says '^mpmap: 2 of 4 tasks failed'
	}
	under_methods check
}

@test "protocol: tasks that were lost with a worker that wrote nonsense are run again" {
	needs_faults
	LIMIT=30 MPMAP_FAULT=garbage:3 mp -j1 --chunksize 3 --retries 9 echo ::: $(seq 9)
	expect 0 "$(seq 9)"
	says 'broke the protocol and is replaced'
}

@test "protocol: tasks that have no process are accounted for as well" {
	needs_faults
	LIMIT=30 MPMAP_FAULT=garbage:2 mp -j2 --dry-run --chunksize 20 echo ::: $(seq 200)
	expect 125
	says '^mpmap: [1-9][0-9]* of 200 tasks failed'
	no_processes_left
}
