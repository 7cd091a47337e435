#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The reader of standard output goes away: that is passed on to the tasks, and mpmap dies of SIGPIPE after them.

# Scripts are for the tasks' shell.
# shellcheck disable=SC2016

load helper

# Starts mpmap with a pipe as its output that descriptor 8 keeps open and nobody reads: with_reader ARG...
with_reader() {
	trace_on
	rm -f pipe gate
	mkfifo pipe
	exec 8<>pipe
	start_it bash -c 'exec "$@" >pipe' sh "$MPMAP" "$@"
}

reader_goes() {
	exec 8>&-
	wait_for_event output_gone
}

@test "reader: tasks that do not write finish their work, no other begins, then death by SIGPIPE" {
	check() {
		with_reader -j2 --shell '"$TOOL" hold gate; touch "done$1"' ::: $(seq 9)
		wait_for_event task_start 2
		reader_goes
		not is_gone "$pid"
		touch gate
		finish
		expect 141
		same err ''
		[ -e done1 ]
		[ -e done2 ]
		[ "$(event_count task_start)" -eq 2 ]
		no_processes_left
	}
	under_methods check
}

@test "reader: a task that writes gets SIGPIPE, or EPIPE if it ignores that; its children too" {
	with_reader -j3 --joblog log --shell '
		[ "$1" != 2 ] || trap "" PIPE
		"$TOOL" hold gate
		case $1 in
		1) echo x; touch late ;;
		2) echo x 2>/dev/null || touch epipe ;;
		3) (exec yes); kill -l $? >signal ;;
		esac' ::: 1 2 3
	wait_for_event task_start 3
	reader_goes
	touch gate
	finish
	expect 141
	same err ''
	[ ! -e late ]
	[ -e epipe ]
	same signal PIPE
	[ "$(tail -n +2 log | sort -n | cut -f 7,8 | tr '\t\n' ': ')" = '0:13 0:0 0:0 ' ] || complain "$(<log)"
	no_processes_left
}

@test "reader: tasks that write without end have ended by SIGPIPE, also those that wait for their turn" {
	check() {
		with_reader -j3 --buffer 64K --spill 0 "$@" --shell '"$TOOL" spew 50K; exec yes' ::: 1 2 3
		wait_for_event task_start 3
		wait_until all_asleep
		reader_goes
		finish
		expect 141
		same err ''
		no_processes_left
	}
	check
	check --unordered
	check --line-buffer
	check --tag
	check -o jsonl
}

@test "reader: an endless input ends with it, in each form of output, and nothing is run again" {
	local ends options
	for options in '' --unordered --line-buffer --tag '-o json' '-o jsonl' --ungroup '--results results' '--retries 3' --dry-run; do
		trace_on
		# shellcheck disable=SC2086 # words
		yes | timeout 60 "$MPMAP" -j2 $options echo 2>err | head -n 1 >first
		ends=("${PIPESTATUS[@]}")
		[ "${ends[1]}" -eq 141 ] || complain "$options: status ${ends[1]}"
		[ -s first ]
		same err ''
		[ "$(event_count task_again)" -eq 0 ]
		no_processes_left
	done
}

@test "reader: where nothing is written to standard output its reader does not matter" {
	check() {
		rm -f done*
		with_reader -j1 "$@" --shell '"$TOOL" hold gate; touch "done$1"' ::: 1 2 3
		wait_for_event task_start 1
		exec 8>&-
		touch gate
		finish
		expect 0
		same err ''
		[ -e done1 ]
		[ -e done2 ]
		[ -e done3 ]
		[ "$(event_count output_gone)" -eq 0 ]
	}
	check -o none
	check -u
	check --results results -o none
	# as it was reported, with messages to the same pipe, too
	mp bash -c '"$MPMAP" -o none --shell "echo x; echo y >&2; touch late" ::: 1 2>&1 | true; exit "${PIPESTATUS[0]}"' ::: x
	expect 0 '' ''
	[ -e late ]
}

@test "reader: with --results text is still for a reader, and what was written before is in the folder" {
	with_reader -j1 --results results --shell 'echo before; "$TOOL" hold gate; echo after; touch late' ::: 1 2
	wait_until eval '[ "$(timeout 1 head -n 1 <&8)" = before ]'
	reader_goes
	touch gate
	finish
	expect 141
	same results/000000001/stdout before
	[ "$(jq -c '[.outcome, .signal]' results/000000001/meta.json)" = '["signaled","SIGPIPE"]' ]
	[ ! -e results/000000002 ]
}

@test "reader: standard error remains, and a task may go on writing there" {
	with_reader -j1 --shell '"$TOOL" hold gate; echo still >&2; touch "done$1"' ::: 1 2
	wait_for_event task_start
	reader_goes
	touch gate
	finish
	expect 141
	same err still
	[ -e done1 ]
	with_reader -j1 -o jsonl --shell '"$TOOL" hold gate; echo still >&2; touch "done$1"' ::: 3 4
	wait_for_event task_start
	reader_goes
	touch gate
	finish
	expect 141 '' ''
	[ -e done3 ]
	[ ! -e done4 ]
}

@test "reader: both streams in one pipe: a task that writes to either gets SIGPIPE" {
	run_it bash -c '"$MPMAP" -j2 --shell "exec yes >&2" ::: 1 2 2>&1 | head -n 1; exit "${PIPESTATUS[0]}"'
	expect 141 y ''
	no_processes_left
}

@test "reader: a signal afterwards is the first, and the one that mpmap dies of" {
	with_reader -j1 --grace 20 --shell 'trap "echo caught >&2; exit" TERM; touch ready; "$TOOL" hold gate & wait' ::: 1 2
	wait_until test -e ready
	reader_goes
	kill -TERM "$pid"
	finish
	expect 143
	same err $'caught\nmpmap: ended by SIGTERM: 0 done, 1 stopped, 1 not begun'
	no_processes_left
}

@test "reader: a task that fails afterwards is not run again" {
	with_reader -j1 --retries 5 --shell '"$TOOL" hold gate; exit 3' ::: 1 2
	wait_for_event task_start
	reader_goes
	touch gate
	finish
	expect 141
	same err ''
	[ "$(event_count task_start)" -eq 1 ]
}

@test "reader: an output that cannot be written for another reason: tasks that run finish, status 1" {
	trace_on
	start_it bash -c 'exec "$@" >/dev/full' sh "$MPMAP" -j2 --shell '
		[ "$1" != 1 ] || { "$TOOL" hold begun; exec echo x; }
		touch begun; "$TOOL" hold gate; touch "done$1"' ::: 1 2 3 4
	wait_for_event output_gone
	touch gate
	finish
	expect 1
	says '^mpmap: write error: No space left on device$'
	says_lines 1
	[ -e done2 ]
	[ ! -e done4 ]
	no_processes_left
}

@test "reader: SIGPIPE ignored at the start: a write error, after the tasks" {
	trace_on
	mkfifo pipe
	exec 8<>pipe
	start_it bash -c 'trap "" PIPE; exec "$@" >pipe' sh "$MPMAP" -j1 --shell '"$TOOL" hold gate; touch "done$1"' ::: 1 2
	wait_for_event task_start
	reader_goes
	touch gate
	finish
	expect 1
	same err 'mpmap: write error: Broken pipe'
	[ -e done1 ]
	[ ! -e done2 ]
}

@test "reader: a script's run ends with it, and the script" {
	printf '%s\n' 'map --shell "echo x; $TOOL hold gate; touch done" ::: 1' 'map touch ::: ran' >script
	trace_on
	mkfifo pipe
	head -n 1 <pipe >first &
	start_it bash -c 'exec "$MPMAP" --interactive <script >pipe'
	wait_for_event output_gone
	touch gate
	finish
	expect 141
	same first x
	[ -e done ]
	[ ! -e ran ]
}
