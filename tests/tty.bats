#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Tasks that want the terminal, and those that have it by --tty.

# The command lines are for the shell on the terminal.
# shellcheck disable=SC2016

load helper
load screen

@test "terminal: a task that reads from it is ended, and the summary says why" {
	check() {
		open_screen 80 24 'exec "$MPMAP" -j2 sh -c "[ \$1 = 2 ] || read -r x </dev/tty; echo got \$1" x ::: 1 2 3 >out 2>err'
		ended 125
		same out 'got 2'
		says '^mpmap: 2 of 3 tasks failed: 2 by signal$'
		says '^mpmap: #1: .*wanted the terminal.*--tty.*: sh -c'
		says '^mpmap: #3: .*wanted the terminal'
		terminal kill-server
		no_processes_left
	}
	under_methods check
}

@test "terminal: a task that sets it is ended, and its modes are as before" {
	open_screen 80 24 'stty -g >before; "$MPMAP" -j2 --shell "stty raw -echo </dev/tty; echo \$1" ::: 1 2 >out 2>err
		status=$?; stty -g >after; exit $status'
	ended 125
	exactly out ''
	says '^mpmap: #2: .*wanted the terminal'
	cmp before after
}

@test "terminal: a task that wants it and ignores SIGTERM and has children goes too" {
	open_screen 80 24 'exec "$MPMAP" --grace 0.2 -j2 sh -c "trap \"\" TERM; \"\$TOOL\" background child\$1 TERM; read -r x </dev/tty; exec \"\$TOOL\" hold gate" x ::: 1 2 2>err'
	ended 125
	says '^mpmap: #1: .*wanted the terminal'
	terminal kill-server
	no_processes_left
}

@test "terminal: a child of a task wants it" {
	open_screen 80 24 'exec "$MPMAP" -j2 sh -c "echo \$(head -n 1 </dev/tty); exit 3" x ::: 1 2>err'
	ended 125
	says '^mpmap: #1: .*wanted the terminal'
}

@test "terminal: --tty: tasks have it, one after the other" {
	trace_on
	open_screen 80 24 'exec "$MPMAP" -j4 --tty sh -c "echo task \$1; read -r x; echo \"got \$x\"; echo \"\$1 \$x\" >>got" x ::: 1 2 3'
	for i in 1 2 3; do
		wait_for_line "^task $i"
		[ "$(event_count task_start)" -eq "$i" ]
		type_line "line$i"
	done
	ended 0
	same got $'1 line1\n2 line2\n3 line3'
	screen_is $'task 1\nline1\ngot line1\ntask 2\nline2\ngot line2\ntask 3\nline3\ngot line3'
}

@test "terminal: --tty: single keys, and records on standard input" {
	trace_on
	printf '%s\n' a b >records
	open_screen 80 24 'stty -g >before; "$MPMAP" --tty sh -c "
		old=\$(stty -g); stty raw -echo; echo ready >>ready
		keys=\$(dd bs=1 count=3 2>/dev/null </dev/tty); stty \$old; echo \$1:\$keys >>got" x <records
		status=$?; stty -g >after; exit $status'
	for i in 1 2; do
		wait_until file_holds ready "$i"
		terminal send-keys x q "$i"
	done
	ended 0
	same got $'a:xq1\nb:xq2'
	cmp before after
}

@test "terminal: --tty: ^Z stops all, fg goes on" {
	check() {
		trace_on
		open_shell
		type_line '"$MPMAP" --tty sh -c ">ready\$1; read -r x; echo \$1 \$x >>got" x ::: 1 2'
		for i in 1 2; do
			wait_until test -e "ready$i"
			wait_for_start "$i"
			tasks=("$(event_field task_pid task_start ".seq == $i")")
			mpmap=$(event_field pid run_start)
			for _ in 1 2; do
				press C-z
				wait_for_stop
				type_line 'clear; fg'
				wait_until all_in S "$mpmap" "${tasks[@]}"
			done
			type_line "line$i"
			wait_until file_holds got "$i"
		done
		wait_for_event run_end
		shell_status 0
		same got $'1 line1\n2 line2'
		terminal kill-server
	}
	under_methods check
}

@test "terminal: --tty: ^Z, then bg: stopped again, until fg" {
	trace_on
	open_shell
	type_line '"$MPMAP" --tty sh -c ">ready; read -r x; echo \$x >got" x ::: 1'
	wait_until test -e ready
	wait_for_tasks 1
	press C-z
	wait_for_stop
	type_line 'clear; bg'
	wait_for_line '^\[1\]\+ .*&$'
	wait_until all_in T "$mpmap"
	type_line 'jobs -l'
	wait_for_line 'Stopped *\(tty output\)'
	wait_until all_in T "$mpmap" "${tasks[@]}"
	type_line 'clear; fg'
	wait_until all_in S "$mpmap" "${tasks[@]}"
	type_line hello
	wait_for_event run_end
	shell_status 0
	same got hello
}

@test "terminal: --tty: ^C ends the task and the run" {
	trace_on
	open_shell
	type_line '"$MPMAP" --tty sh -c ">ready; read -r x" x ::: 1 2 3'
	wait_until test -e ready
	press C-c
	wait_for_event run_end
	shell_status 130
	[ "$(event_count task_start)" -eq 1 ]
}

@test "terminal: --tty: in the background it stops until fg" {
	trace_on
	open_shell
	type_line '"$MPMAP" --tty sh -c ">ready; read -r x; echo \$x >got" x ::: 1 &'
	wait_for_event run_start
	mpmap=$(event_field pid run_start)
	wait_until is_state "$mpmap" T
	type_line 'jobs -l'
	wait_for_line 'Stopped *\(tty output\)'
	[ ! -e ready ]
	type_line 'clear; fg'
	wait_until test -e ready
	type_line hello
	wait_for_event run_end
	shell_status 0
	same got hello
}

# raw_task HOW: what a task that has left the terminal in raw mode ends by; the modes are then as before
raw_task() {
	trace_on
	rm -f ready
	open_screen 80 24 "stty -g >before; \"\$MPMAP\" $1 --tty sh -c 'stty raw -echo; >ready; $2' x ::: 1
		status=\$?; stty -g >after; exit \$status"
	wait_until test -e ready
	wait_for_tasks 1
}

@test "terminal: --tty: its modes are restored after a task that is killed" {
	raw_task '' 'kill -KILL $$'
	ended 125
	cmp before after
	terminal kill-server
	raw_task '' 'exit 3'
	ended 123
	cmp before after
	terminal kill-server
	raw_task '--timeout 3' 'exec "$TOOL" hold gate'
	ended 125
	cmp before after
}

@test "terminal: --tty: its modes are restored when the run is ended" {
	local signal
	for signal in TERM:143 HUP:129 QUIT:131; do
		raw_task '' 'exec "$TOOL" hold gate'
		kill "-${signal%:*}" "$mpmap"
		ended "${signal#*:}"
		cmp before after || complain "after SIG${signal%:*}"
		terminal kill-server
	done
}

@test "terminal: --tty: a task's failures are summed up below" {
	open_screen 80 24 'exec "$MPMAP" --tty sh -c "echo \$1; exit \$1" x ::: 0 1'
	ended 123
	screen_matches $'0\n1\nmpmap: 1 of 2 tasks failed: 1 by exit status\nmpmap: #2: exit status 1: .*'
}

@test "terminal: --tty: without a terminal it says so" {
	check() {
		run_it setsid "$MPMAP" --tty echo ::: 1 2
		[ "$(cat status)" = 1 ] || [ "$(cat status)" = 2 ] || complain "status $(cat status)"
		same out ''
		says_lines 1
		says '^mpmap: .*terminal'
	}
	under_methods check
}

@test "terminal: --tty: the terminal is the script's again after the run, and between tasks mpmap's" {
	trace_on
	open_screen 80 24 '"$MPMAP" --tty sh -c "echo \$1" x ::: 1 2; read -r x; echo "and $x" >got
		exec "$MPMAP" --tty --delay 20 sh -c "echo task \$1" x ::: 3 4'
	wait_for_line '^2$'
	type_line more
	wait_until test -e got
	same got 'and more'
	wait_for_line '^task 3'
	# the first run had one, too
	wait_for_event task_end 2 '.seq == 1'
	press C-c
	ended 130
}
