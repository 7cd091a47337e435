#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Several runs at once on one pool: how many workers each gets, when workers change runs, and whose messages are whose.

# Scripts are for the tasks' shell.
# shellcheck disable=SC2016

load helper
load screen

@test "sharing: a later run gets the sleeping worker, not the busy one" {
	trace_on
	open_prompt -j2
	type_line "map --chunksize=1 '$TOOL' hold ::: short long"
	wait_for_event task_start 2
	touch short
	type_line 'map echo ::: quick'
	wait_for_line '\[2\.1\] quick$'
	touch long
	wait_for_line '\[1\] done: 2 tasks'
}

@test "sharing: a busy run gives one of two workers away after its current task" {
	trace_on
	open_prompt -j2
	type_line "map --chunksize=100 --shell '\"\$TOOL\" hold gate\$1' ::: 1 2 3 4"
	wait_for_event task_start 2
	type_line 'map echo ::: quick'
	wait_for_event jobs_changed 1 '.from == 2 and .to == 1'
	# one of them has to leave
	touch gate1 gate2
	wait_for_line '\[2\.1\] quick$'
	touch gate3 gate4
	wait_for_line '\[1\] done: 4 tasks'
}

@test "sharing: a run that is paused or waits for input leaves its workers to others" {
	trace_on
	open_prompt -j1
	mkfifo fifo
	type_line 'map cat < fifo'
	type_line "map '$TOOL' hold ::: one two"
	wait_for_event task_start
	type_line 'pause 2'
	wait_for_last_line 'paused\]>$'
	touch one
	type_line 'map echo ::: third'
	wait_for_line '\[3\.1\] third$'
	touch two
	type_line 'resume 2'
	wait_for_line '\[2\] done: 2 tasks'
	echo "$PWD/two" >fifo
	wait_for_line '\[1\] done: 1 task'
}

@test "sharing: more runs than workers take turns" {
	open_prompt -j1
	seq 999 >numbers
	type_line "map --shell 'sleep 0.05' < numbers"
	type_line "map --shell 'sleep 0.05' < numbers"
	type_line 'map echo ::: third'
	wait_for_line '\[3\.1\] third$'
	type_line 'cancel all'
	wait_for_line '\[2\] cancelled'
}

@test "sharing: workers N overrides -j, also for active runs" {
	open_prompt -j1
	type_line "map --shell ': >here\$1; \"\$TOOL\" hold gate' ::: 1 2"
	wait_until test -e here1
	type_line 'workers 2'
	wait_until test -e here2
	touch gate
	wait_for_line '\[1\] done: 2 tasks'
	type_line "map --shell ': >there\$1; \"\$TOOL\" hold gate\$1' ::: 1 2"
	wait_until test -e there1 -a -e there2
	touch gate1 gate2
	wait_for_line '\[2\] done: 2 tasks'
}

@test "sharing: messages of a run have its number, and a quiet run has none" {
	open_prompt -j2
	type_line 'map /nonexistent/command ::: a'
	wait_for_line '^\[1\] /nonexistent/command: command not found'
	type_line 'map -j1 --halt now,fail=1 false ::: 1 2 3'
	wait_for_line '^\[2\] stopped by --halt after #1'
	wait_for_line '^\[2\] 1 of 3 tasks failed'
	type_line 'map -q --halt now,fail=1 false ::: 1'
	type_line 'wait'
	type_line '! echo behind'
	wait_for_line '^behind$'
	look
	not grep -q '^\[3\]' screen
	# a note from before the first task
	type_line "map --zygote -j1 {} ::: true"
	wait_for_line '^\[4\] --zygote: .* it is executed for each task$'
	wait_for_line '^\[4\] done'
	type_line "map -q --zygote -j1 {} ::: true"
	type_line 'wait'
	type_line '! echo after'
	wait_for_line '^after$'
	look
	[ "$(grep -c -- '--zygote: ' screen)" -eq 1 ]
}

@test "sharing: output of tasks cannot control the screen, but has its colours" {
	open_prompt -j2
	type_line "map printf 'a\\033[2Jb\\033[5A\\016\\033[31mredx\\n' ::: ''"
	wait_for_line '^\[1\.1\] a\\x1b\[2Jb\\x1b\[5A\\x0eredx$'
	terminal capture-pane -e -p >colored
	grep -q $'\033\[31mred' colored
	type_line 'out 1'
	wait_for_line '^a\\x1b\[2Jb'
}

@test "sharing: a map that cannot begin leaves nothing open" {
	open_prompt -j2
	type_line 'map echo ::: a'
	wait_for_line '^\[1\] done'
	type_line '! ls /proc/$PPID/fd | wc -l >before'
	for try in 1 2 3; do
		type_line "map echo {3} ::: try$try"
		type_line "map --workdir /nonexistent --colsep '(' echo ::: try$try"
	done
	type_line '! ls /proc/$PPID/fd | wc -l >after'
	wait_until test -s after
	same before "$(cat after)"
}

@test "sharing: leaving in the middle of output leaves nothing" {
	for way in quit TERM; do
		open_prompt -j2
		type_line 'map yes ::: 1'
		wait_for_line '\[1\.1\]'
		if [ "$way" = quit ]; then
			type_line quit
			type_line quit
		else
			kill -TERM "$mpmap"
		fi
		wait_until is_gone "$mpmap"
	done
}

@test "sharing: a run that is cancelled while the state server takes no messages leaves no lock" {
	PATH=${MPMAP%/*}:$PATH
	trace_on
	open_prompt -j2
	seq 0 20000 >records
	echo 'test "$1" -ne 0 || { mpmap-state lock l; touch locked; exec tail -f /dev/null; }' >script
	# With a zygote no task needs a connection of its own, which a stopped server would not accept either.
	type_line 'map --state --zygote -a records sh script'
	wait_until test -e locked
	server=$(pgrep -P "$(event_field pid run_start)" -f StateServer)
	kill -STOP "$server"
	wait_for_event state_full
	type_line 'cancel 1'
	wait_for_line '\[1\] cancelled'
	kill -CONT "$server"
	type_line 'map --state mpmap-state lock l --timeout 30 -- echo ::: free'
	wait_for_line '\[2\.1\] free$'
}
