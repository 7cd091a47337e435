#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The ways in which workers, tasks and mpmap itself can die, as users of Python's multiprocessing meet them.

# Two of these ways have no test here:
#   A run that ends at the first worker that dies: there is no such mode. A worker that dies is replaced, whatever happens, and
#   the run continues (all the tests below); `--halt now,fail=1` ends a run at the first task that failed or was lost.
#   A task killed for its cgroup's memory limit: it takes a cgroup of version 2, with the memory controller, in which this user
#   may make another. Such a task is reported as killed by SIGKILL like any other; memory.events is a matter of reading a file.

load helper

is_stopped() {
	[ "$(awk '/^State:/ { print $2 }' "/proc/$1/status" 2>/dev/null)" = T ]
}

# mpmap itself, where something else was started around it.
parent_pid() {
	event_field pid run_start
}

has_mpmap_processes() {
	[ "$(mpmap_pids | wc -l)" -ge "$1" ]
}

# SIGSEGV for every worker that stops itself at a failure point, until mpmap has ended.
crash_the_stopped() {
	local each
	for each in $(mpmap_pids); do
		[ "$each" != "$pid" ] && is_stopped "$each" || continue
		kill -SEGV "$each"
		kill -CONT "$each"
	done 2>/dev/null
	is_gone "$pid"
}

@test "worker deaths: a task's worker kills itself on item 1 of 6: five results, and one that is lost" {
	check() {
		mp -j2 --shell '[ "$1" != 1 ] || { kill -KILL $PPID; exec "$TOOL" hold gate; }; echo "$1"' ::: $(seq 6)
		expect 125 "$(seq 2 6)"
		says_lines 2
		says '^mpmap: 1 of 6 tasks failed: 1 lost$'
		says "^mpmap: #1: lost: $(worker_name)-[0-9]+ \(pid [0-9]+\) was killed by SIGKILL"
		no_processes_left
	}
	under_methods check
}

@test "worker deaths: with a retry, and a worker that dies only once: six results" {
	check() {
		mp -j2 --retries 1 --shell '
			[ "$1" != 1 ] || ! mkdir once 2>/dev/null || { echo torn; kill -KILL $PPID; exec "$TOOL" hold gate; }
			echo "$1 $MPMAP_ATTEMPT"' ::: $(seq 6)
		expect 0 $'1 2\n2 1\n3 1\n4 1\n5 1\n6 1' "$(attempts_note 1)"
		no_processes_left
	}
	under_methods check
}

@test "worker deaths: a worker that dies at every attempt: as many as were allowed, then lost" {
	check() {
		mp -j2 --retries 2 --shell '
			[ "$1" != 3 ] || { echo "$MPMAP_ATTEMPT" >>attempts; kill -KILL $PPID; exec "$TOOL" hold gate; }
			echo "$1"' ::: $(seq 6)
		expect 125 $'1\n2\n4\n5\n6'
		same attempts $'1\n2\n3'
		says '^mpmap: 1 of 6 tasks failed: 1 lost$'
		says '^mpmap: #3: lost: '
	}
	under_methods check
}

@test "worker deaths: all the idle workers killed, then more items: all done" {
	check() {
		trace_on
		open_feed
		start -j4 --chunksize 1 --shell '[ "$1" -gt 4 ] || "$TOOL" hold gate; echo "$1"' <feed
		seq 4 >&7
		wait_for_event task_start 4
		touch gate
		wait_until file_holds out 4
		wait_for_event worker_park 4
		for name in $(event_field worker worker_start); do
			kill -KILL "$(worker_pid "$name")"
		done
		seq 5 300 >&7
		close_feed
		finish
		expect 0 "$(seq 300)" ''
		no_processes_left
	}
	under_methods check
}

@test "worker deaths: the idle workers killed one after another, with an item for each" {
	check() {
		trace_on
		open_feed
		start -j2 --chunksize 1 echo <feed
		for i in 1 2 3 4 5; do
			echo "$i" >&7
			wait_until file_holds out "$i"
			wait_for_event worker_park "$i"
			kill -KILL "$(worker_pid "$(event_field worker worker_start | tail -n 1)")"
			wait_for_event worker_exit "$i"
		done
		close_feed
		finish
		expect 0 "$(seq 5)" ''
		[ "$(event_count worker_start)" -eq 5 ]
	}
	under_methods check
}

@test "worker deaths: a worker killed every 40 ms during 3,000 tasks: each accounted for once, none run twice" {
	check() {
		# all methods share what happens later
		[ "$METHOD" = fork ] && count=3000 || count=1000
		LIMIT=200 run_it "$CHAOS" "${MPMAP_TEST_SEED:-$RANDOM}" "$METHOD" workers,quick,shell "$count" -j4
		cat out
		expect 0
	}
	under_methods check
}

@test "worker deaths: SIGSEGV after a task was taken, before it runs: nothing is lost" {
	needs_faults
	check() {
		# each worker does one task and stops when it has taken the next
		export MPMAP_FAULT=claimed:2:STOP
		start -j1 --chunksize 1 --shell 'echo "$1"; echo "$1" >>ran' ::: $(seq 6)
		unset MPMAP_FAULT
		wait_until crash_the_stopped
		finish
		expect 0 "$(seq 6)" ''
		same ran "$(seq 6)"
	}
	under_methods check
}

@test "worker deaths: SIGSEGV while a task runs: lost, and why" {
	check() {
		trace_on
		start -j2 --chunksize 3 --shell '[ "$1" != 2 ] || exec "$TOOL" hold gate; echo "$1"' ::: $(seq 6)
		wait_for_start 2
		wait_for_event task_end 5
		dead=$(worker_pid "$worker")
		kill -SEGV "$dead"
		finish
		expect 125 $'1\n3\n4\n5\n6'
		says "^mpmap: #2: lost: $worker \(pid $dead\) was killed by SIGSEGV"
	}
	under_methods check
}

@test "worker deaths: SIGSEGV between a task's end and its result: lost, not run again" {
	needs_faults
	check() {
		# each worker does one task and stops before it tells the second's result
		export MPMAP_FAULT=result:2:STOP
		start -j1 --chunksize 2 --shell 'echo "$1" >>ran' ::: $(seq 6)
		unset MPMAP_FAULT
		wait_until crash_the_stopped
		finish
		expect 125 ''
		same ran "$(seq 6)"
		says '^mpmap: 3 of 6 tasks failed: 3 lost$'
		says '^mpmap: #6: lost: .* was killed by SIGSEGV'
	}
	under_methods check
}

@test "worker deaths: SIGKILL between a shown command and its result: lost, not shown again" {
	needs_faults
	MPMAP_FAULT=result:5:KILL mp --dry-run -j1 --chunksize 3 echo ::: $(seq 12)
	expect 125 "$(seq 12 | sed 's/^/echo /')"
	says '^mpmap: 2 of 12 tasks failed: 2 lost$'
}

# True if the first task has been running for 3 seconds, and has no process.
is_3_seconds_old() {
	state_is ' 1 running' && file_has err ': #1 for [3-9]\.[0-9] s \(pid 0\): '
}

@test "worker deaths: a worker that is stopped after its task's end is not killed for the task's time" {
	needs_faults
	trace_on
	export MPMAP_FAULT=result:1:STOP
	start -j1 --timeout 1 --grace 0.1 true ::: 1
	unset MPMAP_FAULT
	wait_for_event task_start
	wait_until is_3_seconds_old
	[ "$(event_count worker_overdue)" -eq 0 ] || complain "$(<trace)"
	kill -CONT "$(event_field worker_pid worker_start)"
	finish
	expect 0 ''
}

@test "worker deaths: SIGSEGV while half a task's output has been read: that half is all there is of it" {
	check() {
		trace_on
		start -j2 --shell '
			[ "$1" != 2 ] || { printf "half of "; touch halfway; exec "$TOOL" hold gate; }
			echo "$1"' ::: 1 2 3
		wait_until file_has out '^half of $'
		wait_for_event task_end 2
		wait_for_start 2
		kill -SEGV "$(worker_pid "$worker")"
		finish
		expect 125
		exactly out $'1\nhalf of 3\n'
		says '^mpmap: #2: lost: '
	}
	under_methods check
}

@test "worker deaths: a worker dies in a task of 10 MB whose output nobody takes: that one is lost, no hang" {
	check() {
		trace_on
		mkfifo pipe
		exec 8<>pipe
		start_it bash -c 'exec "$@" >pipe' sh "$MPMAP" -j2 "$TOOL" spew 10M ::: 1 2 3 4
		wait_for_start 1
		# blocked: the pipe, mpmap's buffer and the worker's ring are full
		wait_until is_full pipe
		wait_until all_asleep
		dead=$(worker_pid "$worker")
		kill -KILL "$dead"
		cat <pipe >got 7>&- 8>&- &
		STARTED+=("$!")
		exec 8>&-
		finish
		wait "${STARTED[-1]}"
		expect 125
		says_lines 2
		says "^mpmap: #1: lost: $worker \(pid $dead\) was killed by SIGKILL"
		[ "$(wc -c <got)" -lt 41943040 ]
		tail -c 31457280 got | "$TOOL" unspew 10M 2 4 >order
		same order $'2\n3\n4'
		no_processes_left
	}
	under_methods check
}

# is_full PIPE: true if PIPE takes no more.
is_full() {
	[ "$("$TOOL" unread <"$1")" -ge 65536 ]
}

@test "worker deaths: a worker dies while large records wait for it: the others are done" {
	check() {
		trace_on
		for i in $(seq 40); do
			printf '%sx%0100000d\n' "$i" 0
		done >records
		start -j1 --chunksize 8 --shell '[ "${1%%x*}" != 2 ] || exec "$TOOL" hold gate; echo "${#1}"' <records
		wait_for_start 2
		kill -KILL "$(worker_pid "$worker")"
		finish
		expect 125
		says '^mpmap: 1 of 40 tasks failed: 1 lost$'
		[ "$(wc -l <out)" -eq 39 ]
		not grep -vxE '10000[23]' out
	}
	under_methods check
}

@test "worker deaths: a worker dies after the end of input: the run ends" {
	check() {
		trace_on
		open_feed
		start -j2 --chunksize 2 --shell '"$TOOL" hold "gate$1"; echo "$1"' <feed
		printf '%s\n' 1 2 3 4 >&7
		wait_for_event task_start 2
		close_feed
		wait_for_event input_end
		touch gate1 gate3
		wait_for_start 4
		kill -KILL "$(worker_pid "$worker")"
		touch gate2
		finish
		expect 125 $'1\n2\n3'
		says '^mpmap: #4: lost: '
		no_processes_left
	}
	under_methods check
}

@test "worker deaths: all workers die after the end of input, with tasks yet to start: the run ends" {
	check() {
		trace_on
		start -j2 --chunksize 3 --shell '[ "$1" != 1 ] && [ "$1" != 4 ] || exec "$TOOL" hold gate; echo "$1"' ::: $(seq 9)
		wait_for_start 1
		wait_for_start 4
		wait_for_event input_end
		for name in $(event_field worker worker_start); do
			kill -KILL "$(worker_pid "$name")"
		done
		finish
		expect 125 "$(seq 9 | grep -vxE '1|4')"
		says '^mpmap: 2 of 9 tasks failed: 2 lost$'
		no_processes_left
	}
	under_methods check
}

@test "worker deaths: a stopped worker keeps nobody but its own tasks" {
	check() {
		trace_on
		start -j2 --chunksize 1 --shell '[ "$1" != 1 ] || "$TOOL" hold gate; echo "$1" >>done; echo "$1"' ::: $(seq 30)
		wait_for_start 1
		kill -STOP "$(worker_pid "$worker")"
		wait_until file_holds 'done' 29
		touch gate
		wait_until file_holds 'done' 30
		not is_gone "$pid"
		kill -CONT "$(worker_pid "$worker")"
		finish
		expect 0 "$(seq 30)" ''
	}
	under_methods check
}

@test "worker deaths: a task that stops its worker: the worker is named after 5 s, once, and goes on when continued" {
	local METHOD name
	local -A runs
	start_in_folder() {
		trace_on
		start -j1 --progress=plain --shell 'kill -STOP $PPID; echo "$1"' ::: a
		runs[$METHOD]=$pid
		# the worker may be stopped before it reports that the task has started
		wait_for_event chunk_claim
		wait_until state_is '; 1 of 1 workers \([a-z]+\)(; ending)?; 1 worker is stopped$'
	}
	# side by side: each takes 5 s
	under_methods start_in_folder
	for METHOD in fork spawn forkserver; do
		cd "$WORK/$METHOD"
		MPMAP_TRACE=$PWD/trace
		pid=${runs[$METHOD]}
		name=$(worker_name)-1
		stopped=$(worker_pid "$name")
		says "^mpmap: $name \(pid $stopped, stopped\): #1 for "
		wait_until file_has err "^mpmap: $name \(pid $stopped\) is stopped, so #1 does not end; kill -CONT $stopped continues it\$"
		wait_until file_has err '^mpmap: 0/1, 0%, 1 worker stopped, [0-9:]+, 1 running'
		kill -CONT "$stopped"
		finish
		expect 0 a
		[ "$(grep -c ' is stopped, so ' err)" -eq 1 ]
	done
}

@test "worker deaths: a stopped worker that sleeps keeps nothing that another could do" {
	check() {
		local fed=2 each
		trace_on
		open_feed
		start -j2 --chunksize 1 --shell '[ "$1" -gt 2 ] || "$TOOL" hold gate; echo "$1"' <feed
		seq 2 >&7
		wait_for_event task_start 2
		touch gate
		wait_until file_holds out 2
		# one of the two is woken first: each is stopped once
		for each in $(event_field worker_pid worker_start); do
			wait_until at_rest 0
			kill -STOP "$each"
			wait_until is_stopped "$each"
			echo $((fed += 1)) >&7
			wait_until file_holds out "$fed"
			kill -CONT "$each"
		done
		close_feed
		finish
		expect 0 "$(seq 4)" ''
		rm gate
	}
	under_methods check
}

@test "worker deaths: a stopped worker that sleeps keeps nothing that one could be started for" {
	check() {
		trace_on
		open_feed
		start -j2 --chunksize 1 echo <feed
		echo 1 >&7
		wait_until file_holds out 1
		wait_for_event worker_park
		kill -STOP "$(event_field worker_pid worker_start)"
		echo 2 >&7
		wait_until file_holds out 2
		[ "$(event_count worker_start)" -eq 2 ] || complain "$(<trace)"
		kill -CONT $(event_field worker_pid worker_start)
		close_feed
		finish
		expect 0 "$(seq 2)" ''
	}
	under_methods check
}

# Prints one task more at each call.
feed_until_stopped() {
	local each count=0
	echo $((fed += 1)) >&7
	for each in $(event_field worker_pid worker_start); do
		! is_stopped "$each" || count=$((count + 1))
	done
	[ "$count" -eq "$1" ]
}

@test "worker deaths: workers that die, or are stopped, while they ring: nothing is lost, nobody else waits" {
	needs_faults
	check() {
		seq 60 >records
		for point in ring rung; do
			# a worker may ring for what a task has written so far: with it that task dies
			MPMAP_FAULT=$point:2:KILL mp -j2 --chunksize 2 --retries 20 echo <records
			expect 0 "$(seq 60)"
			not grep -v 'more than one attempt$' err
			# the others continue until each is stopped at its second doorbell, and all of them after SIGCONT
			trace_on
			open_feed
			export MPMAP_FAULT=$point:2:STOP
			start -j3 --chunksize 1 echo <feed
			unset MPMAP_FAULT
			fed=0
			wait_until feed_until_stopped 3
			close_feed
			kill -CONT $(event_field worker_pid worker_start)
			finish
			expect 0 "$(seq "$fed")" ''
		done
	}
	under_methods check
}

@test "worker deaths: a stopped worker does not keep its task from being timed out" {
	check() {
		trace_on
		start -j2 --chunksize 1 --timeout 3 --shell '
			[ "$1" != 1 ] || { "$TOOL" background child TERM; exec "$TOOL" ignore task TERM; }
			echo "$1"' ::: $(seq 30)
		wait_until test -s task
		wait_for_start 1
		kill -STOP "$(worker_pid "$worker")"
		finish
		expect 125 "$(seq 2 30)"
		says '^mpmap: 1 of 30 tasks failed'
		says '^mpmap: #1: (timed out after 3 s|lost: )'
		is_gone "$(cat child)"
		is_gone "$(cat task)"
		no_processes_left
	}
	under_methods check
}

@test "worker deaths: a stopped worker does not outlive mpmap, nor does its task" {
	check() {
		trace_on
		start -j2 --shell '"$TOOL" background "child$1" TERM; exec "$TOOL" hold gate' ::: 1 2
		wait_until test -s child1 -a -s child2
		wait_for_start 1
		kill -STOP "$(worker_pid "$worker")" "$(cat child1)"
		kill -KILL "$pid"
		finish
		expect 137
		no_processes_left
	}
	under_methods check
}

@test "worker deaths: mpmap killed: workers, tasks and their children are gone, and what was in files" {
	check() {
		trace_on
		start -j4 --buffer 64K --spill 10M --shell '
			case $1 in
			1) "$TOOL" background child TERM INT HUP; exec "$TOOL" hold gate ;;
			40) exec "$TOOL" hold gate ;;
			esac
			exec "$TOOL" spew 20K' ::: $(seq 60)
		wait_until test -s child
		wait_for_event spill_open
		wait_for_start 40
		kill -KILL "$pid"
		finish
		expect 137
		no_processes_left
		[ -z "$(ls -A "$TMPDIR")" ]
		not ls -d /dev/shm/*mpmap* 2>/dev/null
	}
	under_methods check
}

@test "worker deaths: SIGTERM to mpmap: its children are gone, no file is left, status 143" {
	check() {
		trace_on
		start -j4 --buffer 64K --spill 10M --shell '
			case $1 in
			1) "$TOOL" background child; exec "$TOOL" hold gate ;;
			40) exec "$TOOL" hold gate ;;
			esac
			exec "$TOOL" spew 20K' ::: $(seq 60)
		wait_until test -s child
		wait_for_event spill_open
		wait_for_start 40
		kill -TERM "$pid"
		finish
		expect 143
		is_gone "$(cat child)"
		no_processes_left
		[ -z "$(ls -A "$TMPDIR")" ]
	}
	under_methods check
}

# Interrupts a run of two long tasks: interrupted COMMAND...; the target of COMMAND is added to it
interrupted() {
	check() {
		trace_on
		start_it setsid "$MPMAP" -j2 --shell '[ "$1" != 1 ] || { echo done; exit; }; exec "$TOOL" hold gate' ::: $(seq 6)
		wait_for_event task_start 3
		wait_until file_has out '^done$'
		kill -INT "$1$pid"
		finish
		expect 130 'done'
		[ "$(wc -l <err)" -le 3 ] || complain 'too many words'
		[ "$(event_count task_start)" -eq 3 ]
		no_processes_left
	}
	under_methods check "$1"
}

@test "worker deaths: ^C, which the whole process group gets: status 130, few words, nothing left" {
	interrupted -
}

@test "worker deaths: SIGINT to mpmap only: likewise" {
	interrupted ''
}

@test "worker deaths: ^C reaches each task once" {
	check() {
		trace_on
		start_it setsid "$MPMAP" -j2 --shell 'exec "$TOOL" catch "ready$1" "caught
" gate >>caught' ::: 1 2
		wait_until test -e ready1 -a -e ready2
		kill -INT -- "-$pid"
		wait_until file_holds caught 2
		touch gate
		finish
		expect 130
		same caught $'caught\ncaught'
	}
	under_methods check
}

@test "worker deaths: a second ^C while tasks do not obey the first: they are killed" {
	check() {
		trace_on
		start_it setsid "$MPMAP" -j2 --shell '"$TOOL" background "child$1" INT TERM; exec "$TOOL" ignore "task$1" INT TERM' ::: 1 2
		wait_until test -s task1 -a -s task2
		kill -INT -- "-$pid"
		wait_for_event signal
		not is_gone "$(cat task1)"
		not is_gone "$(cat task2)"
		kill -INT -- "-$pid"
		finish
		expect 130
		for i in 1 2; do
			is_gone "$(cat "task$i")"
			is_gone "$(cat "child$i")"
		done
		no_processes_left
	}
	under_methods check
}

@test "worker deaths: tasks see the signals as mpmap was started with them, but SIGPIPE and SIGCHLD by default, and none blocked" {
	check() {
		run_it "$TOOL" under default ignore=INT,PIPE,CHLD,USR1 block=HUP,TERM -- "$MPMAP" "$TOOL" signals '{#}' ::: a
		expect 0 $'blocked:\nignored: INT USR1' ''
		run_it "$TOOL" under default -- "$MPMAP" "$TOOL" signals '{#}' ::: a
		expect 0 $'blocked:\nignored:' ''
	}
	under_methods check
}

@test "worker deaths: a task that becomes a daemon: the run ends, the daemon is left alone" {
	check() {
		mp -j2 --shell '"$TOOL" daemonise "daemon$1" keep; echo "$1"' ::: 1 2 3
		expect 0 $'1\n2\n3'
		says_lines 3
		for i in 1 2 3; do
			not is_gone "$(cat "daemon$i")"
			kill -KILL "$(cat "daemon$i")"
		done
		no_processes_left
	}
	under_methods check
}

@test "worker deaths: a daemon is left alone when its task's worker is killed, too" {
	check() {
		trace_on
		start -j1 --shell '"$TOOL" daemonise daemon; exec "$TOOL" hold gate' ::: a
		wait_until test -s daemon
		wait_for_start 1
		kill -KILL "$(worker_pid "$worker")"
		finish
		expect 125
		not is_gone "$(cat daemon)"
		kill -KILL "$(cat daemon)"
		no_processes_left
	}
	under_methods check
}

# strace makes prctl, which arms the parent-death signal, begin late: start_slowly DELAY[:when=...]
start_slowly() {
	needs strace
	trace_on
	start_it strace -f -q -o calls -e trace=prctl -e inject=prctl:delay_enter="$1" "$MPMAP" -j1 \
		--shell 'touch ran; exec "$TOOL" hold gate' ::: a
}

@test "worker deaths: mpmap killed before its worker has armed the parent-death signal: no orphan" {
	check() {
		# also the one behind execve, so that a worker gets no task
		start_slowly 500000
		wait_for_event worker_start
		kill -KILL "$(parent_pid)"
		finish
		no_processes_left
		[ ! -e ran ]
	}
	under_methods check
}

@test "worker deaths: mpmap and its worker killed before a task has armed the parent-death signal: no orphan" {
	check() {
		start_slowly 3000000:when=1
		wait_for_event worker_start
		# the last is what becomes the task
		wait_until has_mpmap_processes "$([ "$METHOD" = forkserver ] && echo 4 || echo 3)"
		kill -KILL "$(parent_pid)" "$(worker_pid "$(event_field worker worker_start)")"
		finish
		no_processes_left
	}
	under_methods check
}
