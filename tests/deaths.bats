#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Whatever dies, the run ends well: workers, the forkserver, mpmap itself; and nothing outlives the run.

load helper

@test "deaths: a worker killed while it runs a task: that one is lost, the rest of its chunk runs" {
	check() {
		trace_on
		start -j2 --chunksize 5 --shell '[ "$1" != 2 ] || exec "$TOOL" hold gate; echo "$1"' ::: $(seq 20)
		wait_for_start 2
		wait_for_event task_end 16
		dead=$(worker_pid "$worker")
		kill -KILL "$dead"
		finish
		expect 125 "$(seq 20 | grep -vx 2)"
		says_lines 2
		says '^mpmap: 1 of 20 tasks failed: 1 lost$'
		says "^mpmap: #2: lost: $worker \(pid $dead\) was killed by SIGKILL"
		[[ $worker == "$(worker_name)"-[0-9]* ]]
		no_processes_left
	}
	under_methods check
}

@test "deaths: with one worker, another takes its place" {
	check() {
		trace_on
		start -j1 --chunksize 3 --shell '[ "$1" != 1 ] || exec "$TOOL" hold gate; echo "$1 $MPMAP_WORKER"' ::: $(seq 5)
		wait_for_start 1
		kill -SEGV "$(worker_pid "$worker")"
		finish
		name=$(worker_name)
		expect 125 "$(printf "%s $name-2\n" 2 3 4 5)"
		says "^mpmap: #1: lost: $name-1 \(pid [0-9]+\) was killed by SIGSEGV"
	}
	under_methods check
}

@test "deaths: a lost task that was streaming leaves what it wrote" {
	trace_on
	start -j2 "$TOOL" hold gate 'so far ' ::: ''
	wait_until file_has out 'so far'
	wait_for_start 1
	kill -KILL "$(worker_pid "$worker")"
	finish
	expect 125
	exactly out 'so far '
	says '^mpmap: #1: lost: '
}

@test "deaths: a task that kills its own worker is lost, once, and the others run" {
	check() {
		mp -j2 --chunksize 4 --shell 'case $1 in 3 | 6 | 9) kill -KILL $PPID; exec "$TOOL" hold gate ;; esac; echo "$1"' ::: $(seq 12)
		expect 125 "$(seq 12 | grep -vxE '3|6|9')"
		says '^mpmap: 3 of 12 tasks failed: 3 lost$'
	}
	under_methods check
}

@test "deaths: a worker killed while it leaves the rest of its chunk to others: nothing of that is lost" {
	check() {
		# what is left is one task: a worker that runs it has nothing to leave, however long that takes
		MPMAP_FAULT=returned:1:KILL mp -j1 --chunksize 2 --shell '[ "$1" != a ] || exec "$TOOL" hold gate; echo "$1"' ::: a b c
		expect 125 $'b\nc'
		says '#1: lost: '
	}
	under_methods check
}

@test "deaths: idle workers killed, then more input: all done" {
	check() {
		trace_on
		open_feed
		start -j3 --chunksize 1 echo <feed
		seq 30 >&7
		wait_until file_holds out 30
		for name in $(event_field worker worker_start); do
			kill -KILL "$(worker_pid "$name")"
		done
		seq 31 200 >&7
		close_feed
		finish
		expect 0 "$(seq 200)" ''
	}
	under_methods check
}

@test "deaths: idle workers killed at the end of input do no harm" {
	trace_on
	open_feed
	start -j2 echo <feed
	seq 10 >&7
	wait_until file_holds out 10
	for name in $(event_field worker worker_start); do
		kill -KILL "$(worker_pid "$name")"
	done
	close_feed
	finish
	expect 0 "$(seq 10)" ''
}

@test "deaths: the forkserver killed: the run goes on, and the next start brings a new one" {
	trace_on
	open_feed
	start --start-method=forkserver -j2 --chunksize 1 --max-tasks-per-worker 5 echo <feed
	seq 12 >&7
	wait_until file_holds out 12
	kill -KILL "$(event_field server forkserver_start)"
	seq 13 60 >&7
	close_feed
	finish
	expect 0 "$(seq 60)" ''
	has_events forkserver_start 2
	no_processes_left
}

@test "deaths: the forkserver killed while tasks run: they end well" {
	trace_on
	start --start-method=forkserver -j2 --shell '"$TOOL" hold gate; echo "$1"' ::: 1 2
	wait_for_event task_start 2
	kill -KILL "$(event_field server forkserver_start)"
	touch gate
	finish
	expect 0 $'1\n2' ''
}

@test "deaths: mpmap killed: no worker and no task process is left, and no file" {
	check() {
		trace_on
		seq 100 >records
		start -j3 --buffer 64K --spill 1M --shell '
			case $1 in 1 | 20) "$TOOL" background "child$1" TERM INT HUP; exec "$TOOL" hold gate ;; esac
			exec "$TOOL" spew 10K' <records
		wait_for_event task_start 1 '.seq == 20'
		wait_until test -e child1 -a -e child20
		kill -KILL "$pid"
		finish
		expect 137
		no_processes_left
		[ -z "$(ls -A "$TMPDIR")" ]
	}
	under_methods check
}

@test "deaths: mpmap and its workers killed all at once: the direct task processes still die" {
	check() {
		trace_on
		start -j3 "$TOOL" hold gate '{}' ::: 1 2 3
		wait_for_event task_start 3
		# stopped first, so that none can act on the death of another
		mapfile -t all < <(mpmap_pids)
		[ "${#all[@]}" -ge 4 ]
		kill -STOP "${all[@]}"
		kill -KILL "${all[@]}"
		finish
		expect 137
		no_processes_left
	}
	under_methods check
}

@test "deaths: with --leftovers=kill a task's background children end with it, even when they ignore TERM" {
	check() {
		mp -j3 --leftovers=kill --shell '
			case $1 in 1) "$TOOL" background child1 ;; *) "$TOOL" background "child$1" TERM HUP INT ;; esac
			echo "$1"' ::: 1 2 3
		expect 0 $'1\n2\n3'
		says_lines 3
		for i in 1 2 3; do
			is_gone "$(cat "child$i")"
		done
	}
	under_methods check
}

@test "deaths: what is written shortly after the task's end still counts" {
	# shortly is 0.2 s, and for what ignores SIGTERM the grace time more: this machine may be busy
	seq 10 | mp -j2 --leftovers=kill --grace 30 "$TOOL" under ignore=TERM -- "$TOOL" afterword
	expect 0 "$(seq 10)" ''
}

@test "deaths: what remains of a task's group is asked by SIGTERM before it is killed" {
	mp --leftovers=kill --grace 30 --shell '
		"$TOOL" catch ready "asked
" >term &
		"$TOOL" hold ready' ::: 1
	expect 0
	same term asked
}

@test "deaths: what a background child writes in the time left to it is not lost" {
	# this machine may be busy
	mp --leftovers=kill --grace 30 --shell 'trap "" TERM; ("$TOOL" hold ready; echo late) & echo now; >ready' ::: 1
	expect 0 'now
late' ''
}

@test "deaths: what a background child had written when the task ended is not lost" {
	mp --shell '(echo "from the child"; exec "$TOOL" pause child) & "$TOOL" hold child; echo "from the task"' ::: a
	expect 0
	sort out | cmp - <(printf 'from the %s\n' child task)
	kill -KILL "$(cat child)"
}

@test "deaths: with --leftovers=kill a task killed from outside takes its group with it" {
	check() {
		trace_on
		start -j1 --leftovers=kill --shell '"$TOOL" background child TERM; echo $$ >task; exec "$TOOL" hold gate' ::: a
		wait_until test -s task
		kill -TERM "$(cat task)"
		finish
		expect 125
		is_gone "$(cat child)"
	}
	under_methods check
}

@test "deaths: a worker killed takes its task's whole group with it" {
	check() {
		trace_on
		start -j1 --shell '"$TOOL" background child TERM; exec "$TOOL" hold gate' ::: a
		wait_until test -e child
		wait_for_start 1
		kill -KILL "$(worker_pid "$worker")"
		finish
		expect 125
		no_processes_left
	}
	under_methods check
}

@test "deaths: a daemon that left by setsid is left alone, and not waited for" {
	check() {
		for keep in '' keep; do
			rm -f daemon
			mp -j2 --shell "\"\$TOOL\" daemonise daemon $keep; echo \"\$1\"" ::: a
			expect 0 a
			says_lines $((${#keep} / 4))
			daemon=$(cat daemon)
			not is_gone "$daemon"
			kill -KILL "$daemon"
			no_processes_left
		done
	}
	under_methods check
}

@test "deaths: workers that die between taking a chunk and running it lose nothing" {
	needs_faults
	check() {
		seq 60 >records
		MPMAP_FAULT=claimed:3:KILL mp -j2 --chunksize 2 echo <records
		expect 0 "$(seq 60)" ''
	}
	under_methods check
}

@test "deaths: workers that die before they tell a result: each such record is lost, once" {
	needs_faults
	check() {
		seq 60 >records
		MPMAP_FAULT=result:5:KILL mp -j2 --chunksize 3 --shell 'echo "$1"; echo "$1" >>ran' <records
		lost=$(grep -oE '^mpmap: [0-9]+ of 60 tasks failed: [0-9]+ lost' err | grep -oE '[0-9]+' | head -n 1)
		expect 125
		[ "$lost" -ge 1 ]
		sort -n ran | cmp - records
		sort -n -u -c out
		[ "$(wc -l <out)" -ge $((60 - lost)) ]
	}
	under_methods check
}

@test "deaths: a worker that cannot go on is replaced under a new name" {
	trace_on
	mp -j1 --chunksize 1 --shell '[ "$1" -gt 3 ] || kill -KILL $PPID; "$TOOL" env MPMAP_WORKER' ::: 1 2 3 4
	expect 125
	[ "$(tail -n 1 out)" = 'MPMAP_WORKER="ForkWorker-4"' ] || complain "$(cat out)"
	[ "$(event_field worker worker_start | sort -u | wc -l)" -eq 4 ]
}

@test "deaths: a run whose workers died has everything of the others, in order" {
	check() {
		seq 400 >records
		mp -j4 --chunksize 5 --shell 'case $(($1 % 40)) in 17) kill -KILL $PPID; exec "$TOOL" hold gate ;; esac; echo "$1"' <records
		expect 125 "$(awk '$1 % 40 != 17' records)"
		says '^mpmap: 10 of 400 tasks failed: 10 lost$'
		no_processes_left
	}
	under_methods check
}
