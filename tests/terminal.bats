#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# On a terminal: job control, and the end of the terminal.

# The command lines are for the shell on the terminal.
# shellcheck disable=SC2016

load helper
load screen

@test "terminal: ^Z stops mpmap and its tasks, fg goes on with both" {
	trace_on
	open_shell
	type_line '"$MPMAP" -j2 "$TOOL" hold gate "{} " ::: 1 2 3 4 >out 2>err'
	wait_for_tasks 2
	for _ in 1 2; do
		press C-z
		wait_for_stop
		terminal clear-history
		type_line 'clear; fg'
		wait_until all_in SRD "$mpmap" "${tasks[@]}"
	done
	press C-z
	wait_for_stop
	touch gate
	let_pass 0.2
	[ "$(event_count task_end)" -eq 0 ]
	type_line fg
	wait_for_event run_end
	shell_status 0
	exactly out '1 2 3 4 '
	same err ''
}

@test "terminal: ^Z under every start method, then bg" {
	check() {
		trace_on
		open_shell
		type_line '"$MPMAP" -j2 "$TOOL" hold gate "{} " ::: 1 2 3 >out 2>err'
		wait_for_tasks 2
		press C-z
		wait_for_stop
		type_line bg
		wait_until all_in SRD "$mpmap" "${tasks[@]}"
		touch gate
		wait_for_event run_end
		exactly out '1 2 3 '
		same err ''
		terminal kill-server
	}
	under_methods check
}

@test "terminal: a time-out stands still while the run is stopped" {
	trace_on
	open_shell
	type_line '"$MPMAP" -j1 --timeout 8 "$TOOL" hold gate "{} " ::: 1 2 >out 2>err'
	wait_for_tasks 1
	press C-z
	wait_for_stop
	let_pass 8.5
	touch gate
	type_line fg
	wait_for_event run_end
	shell_status 0
	exactly out '1 2 '
	[ "$(event_count task_timeout)" -eq 0 ]
}

@test "terminal: a time-out still comes after a stop" {
	trace_on
	open_shell
	type_line '"$MPMAP" -j1 --timeout 6 "$TOOL" hold {} ::: gate >out 2>err'
	wait_for_tasks 1
	press C-z
	wait_for_stop
	type_line fg
	wait_for_event task_timeout
	wait_for_event run_end
	shell_status 125
	says 'timed out after 6 s'
}

@test "terminal: stopped and continued by kill" {
	local signal
	trace_on
	open_shell
	type_line '"$MPMAP" -j2 "$TOOL" hold gate "{} " ::: 1 2 3 >out 2>err &'
	wait_for_tasks 2
	for signal in TSTP TTIN TTOU; do
		kill "-$signal" "$mpmap"
		wait_until all_in T "$mpmap" "${tasks[@]}"
		kill -CONT "$mpmap"
		wait_until all_in SRD "$mpmap" "${tasks[@]}"
	done
	touch gate
	wait_for_event run_end
	exactly out '1 2 3 '
	same err ''
}

@test "terminal: SIGTSTP where no shell could continue us does not stop for good" {
	trace_on
	start_it setsid "$MPMAP" -j2 "$TOOL" hold gate '{} ' ::: 1 2 3
	wait_for_tasks 2
	kill -TSTP "$mpmap"
	wait_for_event signal
	wait_until all_in SRD "$mpmap" "${tasks[@]}"
	touch gate
	finish
	expect 0
	exactly out '1 2 3 '
}

@test "terminal: killed while stopped, nothing is left" {
	local signal
	for signal in TERM KILL; do
		trace_on
		open_shell
		type_line '"$MPMAP" -j2 "$TOOL" hold {} ::: gate gate gate'
		wait_for_tasks 2
		press C-z
		wait_for_stop
		kill "-$signal" "$mpmap"
		[ "$signal" = KILL ] || kill -CONT "$mpmap"
		wait_until is_gone "$mpmap"
		wait_until is_gone "${tasks[0]}"
		wait_until is_gone "${tasks[1]}"
		terminal kill-server
		no_processes_left
	done
}

@test "terminal: stty tostop stops it in the background at its first word, fg goes on" {
	trace_on
	open_shell
	type_line 'stty tostop; "$MPMAP" -j2 --shell "[ \$1 = 1 ] || \"\$TOOL\" hold gate; echo word \$1" ::: 1 2 3 &'
	wait_for_start 2
	mpmap=$(event_field pid run_start)
	# a shell that was about to start a program waits for its child's exec (D), and that is stopped
	wait_until all_in TD "$mpmap" "$(event_field task_pid task_start '.seq == 2')"
	type_line 'jobs -l'
	wait_for_line 'Stopped *\(tty output\)'
	not grep -q '^word' screen
	touch gate
	type_line 'clear; fg'
	wait_for_event run_end
	wait_for_line '^word 3'
	[ "$(grep ^word screen)" = $'word 1\nword 2\nword 3' ] || complain "$(<screen)"
	type_line 'stty -tostop'
}

@test "terminal: reading records from the terminal in the background stops it, fg goes on" {
	trace_on
	open_shell
	type_line '"$MPMAP" echo "<{}>" >out &'
	wait_for_line 'reading records from the terminal'
	mpmap=$(event_field pid run_start)
	wait_until is_state "$mpmap" T
	type_line 'jobs -l'
	wait_for_line 'Stopped *\(tty input\)'
	type_line fg
	wait_until is_state "$mpmap" SR
	type_line one
	wait_for_event task_end
	type_line two
	press C-d
	wait_for_event run_end
	shell_status 0
	same out $'<one>\n<two>'
}

@test "terminal: one that is not the controlling one is read as any file, and has a bar and a prompt" {
	local tty
	trace_on
	open_terminal 80 24 "$TOOL" hold never
	tty=$(terminal display-message -p '#{pane_tty}')
	for way in stdin -a source; do
		case $way in
		stdin) start -j1 echo "$way" <"$tty" ;;
		-a) start -j1 -a "$tty" echo "$way" ;;
		source) start -j1 echo "$way" :::: "$tty" ;;
		esac
		wait_until file_has err 'reading records from the terminal'
		type_line one
		wait_until file_has out "^$way one"
		type_line two
		press C-d
		finish
		expect 0 "$way one"$'\n'"$way two"
		[ "$(event_count signal)" -eq 0 ]
	done
	start_it sh -c 'exec "$MPMAP" -j1 --progress=bar "$TOOL" hold ::: gate 2>"$0"' "$tty"
	wait_for_line '0/1, 0%, 0:[0-9]+, 1 running'
	touch gate
	finish
	expect 0
	XDG_STATE_HOME=$PWD/state start_it sh -c 'exec "$MPMAP" --interactive -j1 <"$0" >"$0" 2>&1' "$tty"
	wait_for_prompt
	type_line 'map echo got ::: it'
	wait_for_line '^\[1\.1\] got it'
	type_line quit
	finish
	expect 0
}

@test "terminal: ^C reaches the tasks once" {
	local option
	for option in '' --ungroup; do
		rm -f ready* gate caught
		trace_on
		open_shell
		type_line "\"\$MPMAP\" $option -j2 --shell 'exec \"\$TOOL\" catch \"ready\$1\" \"\$1 \" gate >>caught' ::: 1 2 3 2>err"
		wait_until test -e ready1 -a -e ready2
		press C-c
		wait_for_event signal
		wait_until file_has caught '. .'
		let_pass 0.2
		touch gate
		wait_for_event run_end
		shell_status 130
		[[ $(<caught) = '1 2 ' || $(<caught) = '2 1 ' ]] || complain "$(<caught)"
		[ ! -e ready3 ]
		terminal kill-server
	done
}

@test "terminal: the end of the terminal leaves nothing" {
	check() {
		trace_on
		open_shell
		type_line '"$MPMAP" -j2 "$TOOL" hold {} ::: gate gate gate'
		wait_for_tasks 2
		terminal kill-session
		wait_until is_gone "$mpmap"
		no_processes_left
		# whichever is seen first: SIGHUP, or that the output is gone
		has_events signal 1 '.number == 1' || has_events output_gone 1 || complain "$(<trace)"
		[ "$(event_count task_start)" -eq 2 ]
	}
	under_methods check
}

@test "terminal: the end of the terminal, in the middle of a bar and under --tty" {
	local option
	for option in --progress=bar --tty; do
		trace_on
		open_shell
		type_line "\"\$MPMAP\" $option -j2 \"\$TOOL\" hold {} ::: gate gate gate"
		wait_for_tasks 1
		terminal kill-session
		wait_until is_gone "$mpmap"
		no_processes_left
	done
}

@test "terminal: nohup survives it" {
	trace_on
	open_shell
	type_line 'nohup "$MPMAP" -j2 "$TOOL" hold gate "{} " ::: 1 2 3 >out 2>err'
	wait_for_tasks 2
	terminal kill-session
	wait_until not_served
	touch gate
	wait_for_event run_end
	wait_until is_gone "$mpmap"
	exactly out '1 2 3 '
}

not_served() {
	! terminal list-sessions 2>/dev/null
}
