#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# What ps and top show of mpmap's processes: the command mpmap, and the name of each worker as its arguments.

load helper

# shows PID COMMAND ARGUMENTS: checks what ps shows of a process.
shows() {
	local found
	found=$(ps -o comm= -o args= -p "$1" | sed 's/ *$//')
	[ "$found" = "$(printf '%-15s %s' "$2" "$3")" ] || complain "process $1 is shown as '$found', not as '$2', '$3'"
}

# The names and pids of the workers that have been started.
workers() {
	events worker_start | jq -r '"\(.worker) \(.worker_pid)"'
}

# Checks all workers, and that they have the environment that mpmap was started with.
workers_show_their_names() {
	local name process
	workers | while read -r name process; do
		shows "$process" mpmap "mpmap: $name" || return 1
		cmp "/proc/$process/environ" "/proc/$pid/environ" || complain "the environment of $name" || return 1
	done
	[ "$(workers | wc -l)" -eq "$1" ]
}

@test "titles: mpmap, its workers and the forkserver, under every start method" {
	needs ps top
	check() {
		trace_on
		start -j3 "$TOOL" hold gate ::: 1 2 3
		wait_for_event task_start 3
		shows "$pid" mpmap "$MPMAP -j3 $TOOL hold gate ::: 1 2 3"
		workers_show_their_names 3
		[ "$METHOD" != forkserver ] || shows "$(event_field server forkserver_start)" mpmap 'mpmap: forkserver'
		worker=$(worker_pid "$(worker_name)-2")
		top -b -n 1 -p "$worker" >shown
		grep -Eq " mpmap *$" shown || complain "$(cat shown)"
		COLUMNS=200 top -b -c -n 1 -p "$worker" >shown
		grep -Eq " mpmap: $(worker_name)-2 *$" shown || complain "$(cat shown)"
		# a task is shown as what it is
		shows "$(event_field task_pid task_start '.seq == 1')" tool "$TOOL hold gate 1"
		touch gate
		finish
		expect 0
	}
	under_methods check
}

@test "titles: a short command line has room for them, and they are longer with the number" {
	needs ps
	trace_on
	ln -s "$MPMAP" m
	mkfifo gate
	PATH=$PWD:$PATH
	start_it m cat <<<gate
	wait_for_event task_start
	shows "$pid" m 'm cat'
	worker=$(worker_pid ForkWorker-1)
	[ "$(tr '\0' . <"/proc/$worker/cmdline")" = 'mpmap: ForkWorker-1.' ]
	cmp "/proc/$worker/environ" "/proc/$pid/environ"
	kill -INT "$pid"
	finish
	trace_on
	seq 12 >records
	check() {
		trace_on
		start -j1 --max-tasks-per-worker 1 --shell '[ "$1" -lt 12 ] || exec "$TOOL" hold gate' <../records
		wait_for_event task_start 12
		shows "$(worker_pid "$(worker_name)-12")" mpmap "mpmap: $(worker_name)-12"
		touch gate
		finish
		expect 0
	}
	under_methods check
}

@test "titles: where the kernel does not move them, they are cut to the length of the arguments" {
	needs ps
	needs_faults
	check() {
		trace_on
		MPMAP_FAULT=title:1+ start -j1 "$TOOL" hold gate ::: 1
		wait_for_event task_start
		workers_show_their_names 1
		touch gate
		finish
		expect 0
	}
	under_methods check
	cd "$WORK"
	trace_on
	ln -s "$MPMAP" m
	mkfifo gate
	PATH=$PWD:$PATH
	MPMAP_FAULT=title:1+ start_it m cat <<<gate
	wait_for_event task_start
	worker=$(worker_pid ForkWorker-1)
	[ "$(tr '\0' . <"/proc/$worker/cmdline")" = 'mpmap.' ]
	cmp "/proc/$worker/environ" "/proc/$pid/environ"
	kill -INT "$pid"
	finish
}

@test "titles: workers at the prompt keep their names from run to run" {
	needs ps
	trace_on
	open_feed
	start --interactive -j2 <feed
	echo "map '$TOOL' hold gate1 ::: 1 2" >&7
	wait_for_event task_start 2
	workers_show_their_names 2
	touch gate1
	echo "map '$TOOL' hold gate2 ::: 1 2" >&7
	wait_for_event task_start 4
	has_events worker_take 2
	workers_show_their_names 2
	touch gate2
	close_feed
	finish
	expect 0
}

@test "titles: a zygote is shown as the command it holds, and so are its tasks" {
	needs ps
	check() {
		trace_on
		start -j1 --zygote "$TOOL" hold gate ::: 1
		wait_for_event task_start
		workers_show_their_names 1
		shows "$(event_field zygote_pid zygote_start)" tool "$TOOL"
		shows "$(event_field task_pid task_start)" tool "$TOOL"
		touch gate
		finish
		expect 0
	}
	under_methods check
}
