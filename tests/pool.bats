#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# How many workers there are, when they start, what they are called, when they are replaced, and that idle ones sleep.

load helper

# Sets jobs to the number of the 12 tasks that run at once under this command, once at least this many do.
jobs_of() {
	trace_on
	rm -f gate
	start_it "${@:2}" --shell '"$TOOL" hold gate; echo "$1"' ::: $(seq 12)
	wait_for_event task_start "$1"
	wait_until settled
	jobs=$(event_count task_start)
	touch gate
	finish
	expect 0 "$(seq 12)"
	rm -f gate
}

# True if as many tasks run as there are workers, and no more workers are wanted, or there are no more of the 12 tasks.
settled() {
	local workers starts
	workers=$(event_count worker_start)
	starts=$(event_count task_start)
	[ "$starts" -gt 0 ] && [ "$starts" -eq "$workers" ] || return 1
	[ "$workers" -eq 12 ] || state_is "$workers running.* $workers of $workers workers"
}

jobs_are() {
	jobs_of "$@"
	[ "$jobs" -eq "$1" ] || complain "$jobs jobs, expected $1: ${*:2}"
}

# The first N processors that this test may use, for taskset.
processors() {
	local list item all=()
	list=$(taskset -pc $$ | sed 's/.*: //')
	for item in ${list//,/ }; do
		mapfile -t -O "${#all[@]}" all < <(seq "${item%-*}" "${item#*-}")
	done
	local IFS=,
	echo "${all[*]:0:$1}"
}

@test "pool: -j N: N tasks run at once, under every start method" {
	check() {
		jobs_are 3 "$MPMAP" -j3
		jobs_are 1 "$MPMAP" -j1
	}
	under_methods check
}

@test "pool: -j N%, +N, -N are of the processors that this process may use" {
	needs taskset
	one=$(processors 1)
	jobs_are 1 taskset -c "$one" "$MPMAP" -j 100%
	jobs_are 3 taskset -c "$one" "$MPMAP" -j 300%
	jobs_are 1 taskset -c "$one" "$MPMAP" -j 1%
	jobs_are 3 taskset -c "$one" "$MPMAP" -j +2
	jobs_are 1 taskset -c "$one" "$MPMAP" -j +0
	jobs_are 1 taskset -c "$one" "$MPMAP" -j -5
	if [ "$(nproc)" -ge 2 ]; then
		two=$(processors 2)
		jobs_are 2 taskset -c "$two" "$MPMAP" -j 100%
		jobs_are 1 taskset -c "$two" "$MPMAP" -j 50%
		jobs_are 4 taskset -c "$two" "$MPMAP" -P +2
		jobs_are 1 taskset -c "$two" "$MPMAP" --jobs=-1
	fi
}

@test "pool: -j 0: as many as tasks wait" {
	jobs_are 12 "$MPMAP" -j0
}

@test "pool: -j 0 stays within half of what the limits leave" {
	seq 300 >records
	run_it bash -c 'ulimit -n 60; exec "$@"' sh "$MPMAP" -j0 --shell 'echo "$1"' <records
	expect 0 "$(cat records)"
}

@test "pool: the default is the number of processors that this process may use" {
	needs taskset
	jobs_are 1 taskset -c "$(processors 1)" "$MPMAP"
	[ "$(nproc)" -lt 2 ] || jobs_are 2 taskset -c "$(processors 2)" "$MPMAP"
}

@test "pool: the default is no more than the quota of the cgroup, rounded up" {
	[ "$(nproc)" -ge 2 ] && [ "$(id -u)" -eq 0 ] || skip 'one processor only, or not root'
	# in a cgroup of either version, where one can be made
	if group=$(mktemp -d /sys/fs/cgroup/cpu/mpmap-test.XXXXXX 2>/dev/null) && [ -e "$group/cpu.cfs_quota_us" ]; then
		echo 80000 >"$group/cpu.cfs_quota_us"
	elif group=$(mktemp -d /sys/fs/cgroup/mpmap-test.XXXXXX 2>/dev/null) && [ -e "$group/cpu.max" ]; then
		echo '80000 100000' >"$group/cpu.max"
	else
		skip 'no cgroup with a processor quota can be made here'
	fi
	jobs_are 1 bash -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$group" "$MPMAP" || failed=1
	jobs_are 4 bash -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$group" "$MPMAP" -j4 || failed=1
	rmdir "$group"
	[ -z "${failed:-}" ]
}

@test "pool: MPMAP_JOBS and MPMAP_START_METHOD are defaults, options win" {
	MPMAP_JOBS=3 jobs_are 3 "$MPMAP"
	MPMAP_JOBS=3 jobs_are 2 "$MPMAP" -j2
	mp --start-method=spawn "$TOOL" env MPMAP_WORKER '{#}' ::: a
	expect 0
	grep -q 'MPMAP_WORKER="SpawnWorker-1"' out
	MPMAP_START_METHOD=spawn mp --start-method=forkserver "$TOOL" env MPMAP_WORKER '{#}' ::: a
	grep -q 'MPMAP_WORKER="ForkServerWorker-1"' out
	MPMAP_START_METHOD=spawn mp "$TOOL" env MPMAP_WORKER '{#}' ::: a
	grep -q 'MPMAP_WORKER="SpawnWorker-1"' out
	mp "$TOOL" env MPMAP_WORKER '{#}' ::: a
	grep -q 'MPMAP_WORKER="ForkWorker-1"' out
}

@test "pool: never more workers than tasks" {
	check() {
		for count in 1 2 3 2 3 2 3; do
			trace_on
			seq "$count" | mp -j8 echo
			expect 0
			[ "$(event_count worker_start)" -le "$count" ] || complain "for $count: $(cat trace)"
		done
	}
	check
}

@test "pool: a worker starts when a task waits for one, not before" {
	trace_on
	open_feed
	start -j8 echo <feed
	wait_for_event run_start
	for i in 1 2 3 4 5; do
		echo "$i" >&7
		wait_until file_holds out "$i"
		wait_for_event worker_park "$i"
	done
	[ "$(event_count worker_start)" -eq 1 ] || complain "$(event_count worker_start) workers"
	close_feed
	finish
	expect 0
}

@test "pool: names say the method and count up, and none is used twice" {
	check() {
		trace_on
		seq 40 | mp -j2 --chunksize 1 --max-tasks-per-worker 2 --shell 'echo "$MPMAP_WORKER"'
		expect 0
		not grep -vxE "$(worker_name)-[1-9][0-9]*" out
		event_field worker worker_start >names
		sort names | uniq -d | cmp - /dev/null
		sed 's/.*-//' names | sort -n | cmp - <(seq "$(wc -l <names)")
		[ "$(event_field method worker_start | sort -u)" = "$METHOD" ]
	}
	under_methods check
}

@test "pool: --max-tasks-per-worker counts tasks, not chunks" {
	check() {
		for size in 1 3 4 100; do
			seq 8 | mp -j2 --chunksize "$size" --max-tasks-per-worker 2 --shell 'echo "$1 $MPMAP_WORKER"'
			expect 0
			cut -d ' ' -f 1 out | cmp - <(seq 8)
			cut -d ' ' -f 2 out | sort | uniq -c | awk '$1 > 2 { exit 1 }'
		done
	}
	check
}

@test "pool: --max-tasks-per-worker replaces workers as often as needed" {
	seq 100 | mp -j1 --max-tasks-per-worker 10 --shell 'echo "$MPMAP_WORKER"'
	expect 0
	uniq -c out | awk '{ print $1, $2 }' | cmp - <(seq -f '10 ForkWorker-%g' 10)
	seq 60 | mp -j3 --max-tasks-per-worker 1 --shell 'echo "$MPMAP_WORKER"'
	expect 0
	[ "$(sort -u out | wc -l)" -eq 60 ]
}

@test "pool: slots are numbers from 1 to the jobs, unique among running tasks" {
	check() {
		seq 200 | mp -j4 --max-tasks-per-worker 7 --shell '
			mkdir "slot$MPMAP_SLOT" || exit 1
			echo "$MPMAP_SLOT"
			rmdir "slot$MPMAP_SLOT"'
		expect 0
		same err ''
		not grep -vx '[1-4]' out
	}
	check
}

@test "pool: chunks are what --chunksize says, but for the last" {
	trace_on
	seq 100 | mp -j2 --chunksize 7 true
	expect 0
	event_field count chunk_submit | sort | uniq -c | awk '{ print $1, $2 }' | cmp - <(printf '1 2\n14 7\n')
	event_field first chunk_submit | cmp - <(seq 1 7 100)
}

@test "pool: --chunksize auto: chunks of one while tasks are slow, larger when they are short" {
	trace_on
	seq 20 | mp -j2 --shell 'sleep 0.05'
	expect 0
	[ "$(event_field count chunk_submit | sort -n | tail -n 1)" -eq 1 ]
	trace_on
	# without processes these are short however busy the machine is
	seq 2000 | mp -j2 --dry-run true
	expect 0
	[ "$(event_field count chunk_submit | sort -n | tail -n 1)" -gt 1 ]
	[ "$(event_field count chunk_submit | awk '{ sum += $1 } END { print sum }')" -eq 2000 ]
}

@test "pool: a chunk that is not full does not wait for more input" {
	open_feed
	start -j2 --chunksize 100 echo <feed
	echo a >&7
	wait_until file_has out '^a$'
	echo b >&7
	close_feed
	finish
	expect 0 $'a\nb' ''
}

@test "pool: idle workers and a waiting parent sleep" {
	TIMEFORMAT='%3U %3S'
	{ time mp -j4 --shell 'sleep 2' ::: 1; } 2>took
	expect 0
	awk '$1 + $2 > 0.5 { print "took " $0; exit 1 }' took
}

@test "pool: workers that nothing is left for leave while others still run" {
	trace_on
	start -j4 --chunksize 1 --shell '[ "$1" != 1 ] || exec "$TOOL" hold gate; echo "$1"' ::: $(seq 8)
	wait_for_event task_end 7
	wait_for_event worker_exit 3
	wait_for_start 1
	kill -KILL "$(worker_pid "$worker")"
	finish
	expect 125 "$(seq 2 8)"
	says '^mpmap: #1: lost: '
}

@test "pool: what a task that takes long has left in its chunk is run, though the others have gone" {
	trace_on
	start -j2 --chunksize 3 --shell '[ "$1" != 1 ] || exec "$TOOL" hold gate; echo "$1"' ::: $(seq 6)
	wait_for_event task_end 5
	: >gate
	finish
	expect 0 "$(seq 2 6)"
}

@test "pool: where tasks can be run again workers stay to the end" {
	trace_on
	start -j4 --retries 1 --chunksize 1 --shell '[ "$1" != 1 ] || exec "$TOOL" hold gate; echo "$1"' ::: $(seq 8)
	wait_for_event task_end 7
	wait_until all_asleep
	: >gate
	finish
	expect 0
	[ "$(event_field worker worker_start | wc -l)" = 4 ]
}

@test "pool: a worker that has nothing to do is parked, and asleep" {
	trace_on
	open_feed
	start -j2 --chunksize 1 echo <feed
	seq 20 >&7
	wait_until file_holds out 20
	wait_until all_asleep
	close_feed
	finish
	expect 0
}
