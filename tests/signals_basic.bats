#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# mpmap ends by the signal that ended it, and takes its tasks with it; the reader of its output goes away.

load helper

# Sends mpmap a signal while tasks run that obey it: ended_by SIGNAL STATUS
ended_by() {
	check() {
		trace_on
		start_it "$TOOL" ending how "$TOOL" under default -- "$MPMAP" -j2 --shell '
			[ "$1" != 1 ] || { echo done; exit; }
			echo "$1"; exec "$TOOL" hold gate' ::: 1 2 3 4 5
		wait_for_event task_start 3
		wait_until file_has out '^2$'
		kill "-$1" "$(event_field pid run_start)"
		finish
		head -n 1 how | grep -qx "signal $1" || complain "$(cat how)"
		[ "$(head -n 1 out)" = 'done' ]
		[ "$(event_count task_start)" -eq 3 ]
		no_processes_left
	}
	under_methods check "$@"
}

@test "signals: SIGINT: no new tasks, running ones get it, and mpmap dies of it" {
	ended_by INT
}

@test "signals: SIGTERM likewise" {
	ended_by TERM
}

@test "signals: SIGHUP likewise" {
	ended_by HUP
}

@test "signals: SIGQUIT likewise" {
	ended_by QUIT
}

@test "signals: one line says how far the run was, and nothing more" {
	local how
	for how in 'hold TERM' 'ignore TERM' 'hold INT' 'hold HUP' 'ignore QUIT' 'ignore INT TERM'; do
		echo "$how"
		rm -f gate task*
		trace_on
		read -ra how <<<"$how"
		start -j2 --chunksize 1 --grace 0.3 --shell '
			case $1 in 1) exit ;; 2) exit 3 ;; esac
			[ "$2" = hold ] || exec "$TOOL" ignore "task$1" TERM INT
			: >"task$1"; exec "$TOOL" hold gate' ::: 1 2 3 4 5 6 ::: "${how[0]}"
		wait_for_event task_end 2
		wait_until test -e task3 -a -e task4
		for signal in "${how[@]:1}"; do
			kill "-$signal" "$pid"
		done
		finish
		same err "mpmap: ended by SIG${how[1]}: 2 done (1 failed), 2 stopped, 2 not begun"
		no_processes_left
	done
	trace_on
	start -j2 --grace 0.3 --shell 'trap "" TERM; "$TOOL" hold gate' ::: 1 2
	wait_for_event task_start 2
	kill "$pid"
	finish
	expect 143 '' 'mpmap: ended by SIGTERM: 0 done, 2 stopped, 0 not begun'
	trace_on
	start -q -j2 "$TOOL" hold gate ::: 1 2
	wait_for_event task_start 2
	kill "$pid"
	finish
	expect 143
	same err ''
}

@test "signals: a task that ends well after the signal is done; what was not read is not counted" {
	trace_on
	open_feed
	start -j1 --chunksize 1 "$TOOL" catch 'ready{}' 'caught{} ' <feed
	printf '1\n2\n3\n' >&7
	wait_until test -e ready1
	wait_until state_is ' of 3\+ tasks done.* 1 running'
	kill -INT "$pid"
	finish
	close_feed
	expect 130
	exactly out 'caught1 '
	says '^mpmap: ended by SIGINT: 1 done, 0 stopped, at least 2 not begun$'
}

@test "signals: a shell sees 130, 143, 129, 131" {
	for pair in INT:130 TERM:143 HUP:129 QUIT:131; do
		trace_on
		start -j2 "$TOOL" hold gate ::: '' ''
		wait_for_event task_start 2
		kill "-${pair%:*}" "$pid"
		finish
		expect "${pair#*:}"
	done
}

@test "signals: SIGINT waits for tasks that end in their own way; what has an outcome is written, in order" {
	trace_on
	start -j2 "$TOOL" catch 'ready{}' $'caught {}\n' ::: 1 2 3
	wait_until test -e ready1 -a -e ready2
	kill -INT "$pid"
	finish
	expect 130 $'caught 1\ncaught 2'
}

@test "signals: SIGTERM kills what does not obey within the grace" {
	check() {
		rm -f task*
		start -j2 --shell 'exec "$TOOL" ignore "task$1" TERM INT HUP' ::: 1 2
		wait_until test -s task1 -a -s task2
		kill -TERM "$pid"
		finish
		expect 143
		no_processes_left
	}
	under_methods check
}

@test "signals: a second SIGINT kills at once" {
	trace_on
	start -j2 --shell 'exec "$TOOL" ignore "task$1" TERM INT HUP' ::: 1 2
	wait_until test -s task1 -a -s task2
	kill -INT "$pid"
	wait_for_event signal
	not is_gone "$(cat task1)"
	kill -INT "$pid"
	finish
	expect 130
	no_processes_left
}

@test "signals: SIGQUIT kills at once" {
	start -j2 --shell 'exec "$TOOL" ignore "task$1" TERM INT HUP QUIT' ::: 1 2
	wait_until test -s task1 -a -s task2
	kill -QUIT "$pid"
	finish
	expect 131
	no_processes_left
}

@test "signals: background children of tasks go too" {
	start -j2 --shell '"$TOOL" background "child$1" TERM INT HUP; exec "$TOOL" hold gate' ::: 1 2
	wait_until test -s child1 -a -s child2
	kill -TERM "$pid"
	finish
	expect 143
	no_processes_left
}

@test "signals: one that was ignored when mpmap started stays ignored" {
	check() {
		trace_on
		start_it "$TOOL" under ignore=INT,HUP,TERM,QUIT -- "$MPMAP" -j2 "$TOOL" hold gate '{} ' ::: 1 2 3
		wait_for_event task_start 2
		for signal in INT HUP TERM QUIT; do
			kill "-$signal" "$pid"
		done
		touch gate
		finish
		expect 0
		exactly out '1 2 3 '
	}
	under_methods check
}

@test "signals: SIGUSR2 does nothing" {
	trace_on
	start -j2 "$TOOL" hold gate '{} ' ::: 1 2 3
	wait_for_event task_start 2
	kill -USR2 "$pid"
	touch gate
	finish
	expect 0
	exactly out '1 2 3 '
}

@test "signals: before the first record, while input is awaited" {
	trace_on
	open_feed
	start -j2 echo <feed
	wait_for_event run_start
	kill -TERM "$pid"
	finish
	expect 143 '' ''
	close_feed
}

@test "signals: the reader of stdout goes away: death by SIGPIPE, silently, after the tasks that run" {
	check() {
		trace_on
		mkfifo pipe
		head -n 1 <pipe >first &
		start_it "$TOOL" ending how "$TOOL" under default -- bash -c 'exec "$@" >pipe' sh "$MPMAP" -j2 --shell 'echo "$1"; [ "$1" -lt 50 ] || exec "$TOOL" hold gate' ::: $(seq 3000)
		wait_for_event output_gone
		touch gate
		finish
		head -n 1 how | grep -qx 'signal PIPE' || complain "$(cat how)"
		same err ''
		same first 1
		no_processes_left
	}
	under_methods check
}

@test "signals: SIGPIPE ignored at the start: write error, status 1" {
	check() {
		local ends
		yes | timeout 60 "$TOOL" under ignore=PIPE -- "$MPMAP" -j2 echo 2>err | head -n 1 >first
		ends=("${PIPESTATUS[@]}")
		[ "${ends[1]}" -eq 1 ] || complain "exit status ${ends[1]}"
		says '^mpmap: .*write error.*Broken pipe'
		says_lines 1
		same first y
		no_processes_left
	}
	under_methods check
}
