#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# What tasks leave in their process groups (--leftovers).

load helper

# A script that leaves a process, which holds none of the task's outputs and whose pid is in the file child and its record.
leave_one='"$TOOL" background "child$1" >/dev/null 2>&1; echo "$1"'

# Checks that the processes whose pids are in these files run, and ends them.
end_those() {
	local file
	for file; do
		not is_gone "$(cat "$file")" || return 1
		kill -KILL "$(cat "$file")"
	done
	no_processes_left
}

@test "leftovers: a process substitution that goes on after the task finishes its work, and is named" {
	needs bash
	mp bash -c 'echo x > >("$TOOL" hold gate; cat >file) 2>/dev/null' ::: a
	expect 0 ''
	says '^mpmap: #1 left a process running: tool \(pid [0-9]+\)$'
	[ ! -e file ]
	touch gate
	wait_until file_has file '^x$'
	no_processes_left
}

@test "leftovers: the whole of a large input is sorted after the task" {
	needs bash
	seq 200000 | shuf --random-source="$MPMAP" >rnd
	mp bash -c 'cat rnd > >(sort -n >sorted)' ::: x
	expect 0 ''
	no_processes_left
	seq 200000 | cmp - sorted
}

@test "leftovers: a pipe that is still held is closed; the summary and the result say so" {
	needs bash
	mp -o jsonl bash -c 'echo now; echo a > >("$TOOL" hold gate; cat)' ::: x
	expect 0
	[ "$(jq -c '[.outcome, .stdout, .leftovers, .output_cut]' out)" = '["ok","now\n",1,true]' ]
	says '^mpmap: #1: output cut: a process that it left still held it 0.2 s after its end \(--leftovers=wait waits for that\)$'
	says '^mpmap: #1 left a process running: tool \(pid [0-9]+\)$'
	says_lines 2
	touch gate
	no_processes_left
}

@test "leftovers: a task without any has no word of them" {
	mp -o jsonl --shell 'echo "$1"' ::: x
	expect 0
	[ "$(jq 'has("leftovers") or has("output_cut")' out)" = false ]
	same err ''
}

@test "leftovers: one that holds no pipe does not keep the slot" {
	mp -j1 -o jsonl --shell "$leave_one" ::: 1 2
	expect 0
	[ "$(jq -c '[.seq, .stdout, .leftovers, .output_cut]' out)" = $'[1,"1\\n",1,null]\n[2,"2\\n",1,null]' ]
	says '^mpmap: #1 left a process running: tool'
	says '^mpmap: #2 left a process running: tool'
	end_those child1 child2
}

@test "leftovers: three tasks have lines of their own, the others are counted" {
	mp -j2 --shell "$leave_one" ::: $(seq 5)
	expect 0 "$(seq 5)"
	says_lines 4
	says '^mpmap: #1 left a process'
	says '^mpmap: #3 left a process'
	says '^mpmap: 2 more tasks left processes running$'
	end_those child?
	mp -j5 --shell '"$TOOL" background "child$1"' ::: $(seq 5)
	expect 0
	[ "$(grep -c '^mpmap: #[123]: output cut: ' err)" -eq 3 ]
	says '^mpmap: 2 more tasks had their output cut in the same way$'
	end_those child?
}

@test "leftovers: several processes of a task, with the names of the first" {
	cp "$TOOL" $'odd\tname'
	mp --shell 'for i in 1 2 3 4; do ./odd* background "child$i" >/dev/null 2>&1; done' ::: a
	expect 0
	says '^mpmap: #1 left 4 processes running: odd\\tname \(pid [0-9]+\), odd\\tname \(pid [0-9]+\), odd\\tname \(pid [0-9]+\), \.\.\.$'
	says_lines 1
	end_those child?
}

@test "leftovers: -q says nothing of them" {
	mp -q --shell '"$TOOL" background child' ::: a
	expect 0 '' ''
	end_those child
}

@test "leftovers: those that have ended by the end of the run are not named" {
	mp -j1 --shell '[ "$1" = 1 ] && { "$TOOL" background child >/dev/null 2>&1; exit; }
		kill -KILL "$(cat child)"; while kill -0 "$(cat child)" 2>/dev/null && ! grep -q "^State:.Z" /proc/$(cat child)/status; do :; done' ::: 1 2
	expect 0 '' ''
}

@test "leftovers: wait: the task is done when its group is empty and its output closed" {
	needs bash
	mp --leftovers=wait -o jsonl bash -c 'echo a > >("$TOOL" hold ready; cat); echo >ready' ::: x
	expect 0
	[ "$(jq -c '[.outcome, .stdout, .leftovers, .output_cut]' out)" = '["ok","a\n",null,null]' ]
	same err ''
	trace_on
	start -j1 --leftovers=wait --shell '"$TOOL" hold gate >/dev/null 2>&1 & echo "$1"' ::: 1 2
	wait_until file_has out 1
	wait_until all_asleep
	[ "$(event_count task_start)" -eq 1 ]
	[ "$(event_count task_end)" -eq 0 ]
	touch gate
	finish
	expect 0 $'1\n2' ''
}

@test "leftovers: wait: for a daemon, too, as long as it holds the output" {
	trace_on
	start --leftovers=wait --shell '"$TOOL" daemonise daemon keep' ::: 1
	wait_until test -s daemon
	wait_until all_asleep
	kill -KILL "$(cat daemon)"
	finish
	expect 0 '' ''
}

@test "leftovers: wait: the other tasks of the chunk are run meanwhile" {
	trace_on
	start -j2 --chunksize 4 --leftovers=wait --shell '[ "$1" != 1 ] || "$TOOL" hold gate >/dev/null 2>&1 & echo "$1"' ::: 1 2 3 4
	wait_for_event task_end 3
	touch gate
	finish
	expect 0 $'1\n2\n3\n4' ''
}

@test "leftovers: wait: --timeout counts, for the group and for a pipe that a daemon holds" {
	mp --leftovers=wait --timeout 0.5 --grace 0.2 -o jsonl --shell '"$TOOL" background child TERM' ::: x
	expect 125
	[ "$(jq -c '[.outcome, .leftovers]' out)" = '["timeout",null]' ]
	says '^mpmap: #1: timed out after 0.5 s'
	no_processes_left
	mp --leftovers=wait --timeout 0.5 -o jsonl --shell '"$TOOL" daemonise daemon keep' ::: x
	expect 125
	[ "$(jq -c '[.outcome, .output_cut]' out)" = '["timeout",true]' ]
	end_those daemon
}

@test "leftovers: kill: they are ended, which is said and in the result" {
	mp --leftovers=kill -o jsonl --shell '"$TOOL" background child1; "$TOOL" background child2 >/dev/null 2>&1' ::: x
	expect 0
	[ "$(jq -c '[.outcome, .leftovers, .output_cut]' out)" = '["ok",2,null]' ]
	same err 'mpmap: #1: ended 2 processes that it left (--leftovers=leave lets them run)'
	no_processes_left
	mp --leftovers=kill --grace 0.2 --shell '"$TOOL" background "child$1" TERM' ::: 1 2 3 4 5
	expect 0
	says '^mpmap: #3: ended 1 process that it left \(--leftovers=leave lets it run\)$'
	says '^mpmap: 2 more tasks left processes, which were ended$'
	says_lines 4
	no_processes_left
}

# Starts a run whose first task leaves a process that ignores the signals in $1, and waits until it has: ... OPTION...
leave_and_hold() {
	trace_on
	start -j2 "${@:2}" --shell '[ "$1" != 1 ] || { "$TOOL" background child '"$1"' >/dev/null 2>&1; exit; }; exec "$TOOL" hold gate' ::: 1 2
	wait_for_event task_left
	wait_for_event task_end 1
	wait_for_start 2
}

@test "leftovers: a signal that ends the run ends them" {
	local signal
	for signal in TERM HUP INT QUIT; do
		leave_and_hold INT --grace 30
		kill "-$signal" "$pid"
		finish
		no_processes_left
		says_not 'left a process'
	done
}

@test "leftovers: a signal ends those that ignore it after --grace, a second one at once" {
	leave_and_hold 'TERM HUP INT' --grace 0.2
	kill -TERM "$pid"
	finish
	expect 143
	no_processes_left
	leave_and_hold 'TERM HUP INT' --grace 60
	kill -TERM "$pid"
	wait_for_event task_end 2
	kill -TERM "$pid"
	finish
	expect 143
	no_processes_left
}

@test "leftovers: --halt now ends them, --halt soon does not" {
	check() {
		leave_and_hold 'TERM INT' --grace 0.2 --halt now,fail=1
		kill -KILL "$(event_field task_pid task_start '.seq == 2')"
		finish
		expect 124
		no_processes_left
		leave_and_hold 'TERM INT' --grace 0.2 --halt soon,fail=1
		kill -KILL "$(event_field task_pid task_start '.seq == 2')"
		finish
		expect 124
		says '^mpmap: #1 left a process running: tool'
		end_those child
	}
	under_methods check
}

@test "leftovers: mpmap killed: they are ended, whether their worker still lives or was killed or replaced" {
	check() {
		leave_and_hold 'TERM INT HUP'
		kill -KILL "$pid"
		finish
		no_processes_left
		# workers stay where tasks may be run again
		leave_and_hold 'TERM INT HUP' --retries 1
		dead=$(event_field worker task_start '.seq == 1')
		kill -KILL "$(worker_pid "$dead")"
		wait_for_event worker_exit 1
		not is_gone "$(cat child)"
		kill -KILL "$pid"
		finish
		no_processes_left
		leave_and_hold 'TERM INT HUP' --max-tasks-per-worker 1
		wait_for_event worker_exit 1
		kill -KILL "$pid"
		finish
		no_processes_left
	}
	under_methods check
}

@test "leftovers: those of a worker that was killed or replaced are named, and end with the run" {
	mp -j1 --max-tasks-per-worker 1 --shell "$leave_one" ::: 1 2
	expect 0 $'1\n2'
	says '^mpmap: #1 left a process running: tool'
	says '^mpmap: #2 left a process running: tool'
	end_those child1 child2
	leave_and_hold 'TERM INT' --grace 0.2 --max-tasks-per-worker 1
	wait_for_event worker_exit 1
	kill -INT "$pid"
	finish
	expect 130
	no_processes_left
}

@test "leftovers: a daemon that left by setsid is no leftover, and outlives a signal" {
	trace_on
	start -j2 -o jsonl --shell '[ "$1" != 1 ] || { "$TOOL" daemonise daemon; exit; }; exec "$TOOL" hold gate' ::: 1 2
	wait_for_event task_end 1
	kill -TERM "$pid"
	finish
	expect 143
	[ "$(jq -s '.[0] | has("leftovers") or has("output_cut")' out)" = false ]
	end_those daemon
}

@test "leftovers: a reader of the output that goes away does not end them" {
	trace_on
	"$MPMAP" -j1 --shell '[ "$1" != 1 ] || { "$TOOL" background child >/dev/null 2>&1; exit; }; while echo y; do :; done' ::: 1 2 2>err | head -n 1 >out
	wait_for_event run_end
	same err ''
	end_those child
}

@test "leftovers: of each attempt, and the last one's are in the result" {
	mp --retries 1 -o jsonl --shell '"$TOOL" background "child$MPMAP_ATTEMPT" >/dev/null 2>&1; [ "$MPMAP_ATTEMPT" -eq 2 ]' ::: a
	expect 0
	[ "$(jq -c '[.attempts, .leftovers]' out)" = '[2,1]' ]
	[ "$(grep -c '^mpmap: #1 left a process running: tool' err)" -eq 2 ]
	end_those child1 child2
}

@test "leftovers: of tasks that are forked from a zygote, that fail, and that a signal ends" {
	trace_on
	mp -j1 --zygote -o jsonl "$TOOL" background ::: child
	expect 0
	[ "$(jq -c '[.leftovers, .output_cut]' out)" = '[1,true]' ]
	end_those child
	mp -o jsonl --shell '"$TOOL" background "child$1" >/dev/null 2>&1; case $1 in 1) exit 3 ;; 2) kill -KILL $$ ;; esac' ::: 1 2
	expect 125
	[ "$(jq -c '[.outcome, .leftovers]' out)" = $'["failed",1]\n["signaled",1]' ]
	end_those child1 child2
}

@test "leftovers: a task that is ended for its time takes what it left with it" {
	mp --timeout 0.5 --grace 0.2 -o jsonl --shell '"$TOOL" background child TERM; exec "$TOOL" hold gate' ::: a
	expect 125
	[ "$(jq -c '[.outcome, .leftovers]' out)" = '["timeout",null]' ]
	no_processes_left
}

@test "leftovers: in a folder of --results, and with -u" {
	mp --results=folder --shell '"$TOOL" background child' ::: a
	expect 0
	[ "$(jq -c '[.leftovers, .output_cut]' folder/000000001/meta.json)" = '[1,true]' ]
	end_those child
	mp -u --shell '"$TOOL" background child' ::: a
	expect 0
	says '^mpmap: #1 left a process running: tool'
	says_not 'output cut'
	end_those child
}

@test "leftovers: without /proc they are named by their group, and end with the run" {
	needs_faults
	MPMAP_FAULT=survey:1+:ENOSYS mp -o jsonl --shell '"$TOOL" background child >/dev/null 2>&1; "$TOOL" background other >/dev/null 2>&1' ::: a
	expect 0
	[ "$(jq .leftovers out)" = 1 ]
	same err "mpmap: #1 left a process running (process group $(jq .pid out))"
	end_those child other
	export MPMAP_FAULT=survey:1+:ENOSYS
	leave_and_hold 'TERM INT' --grace 0.2
	kill -TERM "$pid"
	finish
	expect 143
	no_processes_left
	leave_and_hold 'TERM INT'
	kill -KILL "$pid"
	finish
	no_processes_left
}

@test "leftovers: those that may not be signalled are named at once, not waited for, and in the result" {
	needs_root
	needs setpriv
	open_folder
	cp "$(command -v setpriv)" setpriv
	chmod 4755 setpriv
	# a process of root, in the group of a task of nobody
	printf '%s\n' './setpriv --reuid=0 --clear-groups ./tool pause pid >/dev/null 2>&1 &' 'until [ -s pid ]; do :; done' >script
	for word in leave wait; do
		rm -f pid
		run_it setpriv --reuid=65534 --clear-groups ./mpmap --leftovers=$word -o jsonl sh script ::: a
		expect 0
		[ "$(jq -c '[.outcome, .leftovers]' out)" = '["ok",1]' ]
		same err "mpmap: the process group $(jq .pid out) of task 1 may not be signalled and is left alone"
		kill -KILL "$(cat pid)"
	done
}

@test "leftovers: more than can be remembered are counted" {
	needs_faults
	MPMAP_FAULT=leftover:2 mp -j1 --shell '"$TOOL" background "child$1" >/dev/null 2>&1' ::: 1 2 3
	expect 0
	says '^mpmap: #1 left a process'
	says '^mpmap: #3 left a process'
	says '^mpmap: 1 more task left processes, too many to remember which$'
	says_lines 3
	end_those child1 child2 child3
}

@test "leftovers: at the prompt's script a run's end names them, and the next run does not" {
	printf '%s\n' 'map --shell "\"$TOOL\" background child >/dev/null 2>&1" ::: a' 'map echo ::: b' >script
	mp --interactive -j2 <script
	expect 0 b
	[ "$(grep -c 'left a process running: tool' err)" -eq 1 ]
	end_those child
}

@test "leftovers: a word that is none of leave, wait and kill is a usage error" {
	mp --leftovers=keep echo ::: a
	usage_error leftovers keep 'leave, wait, kill'
}

@test "leftovers: they are named by their group, and end with the run, where /proc is that of another PID namespace" {
	unshare -rpf true 2>/dev/null || skip_or_fail 'no PID namespaces here'
	local after='"$@"; echo "$?"; kill -0 "$(cat child)" 2>/dev/null && echo runs || :'
	run_it unshare -rpf bash -c "$after" sh "$MPMAP" -o jsonl --shell '"$TOOL" background child >/dev/null 2>&1' ::: 1
	expect 0
	[ "$(head -n 1 out | jq .leftovers)" = 1 ]
	[ "$(tail -n 2 out)" = $'0\nruns' ]
	says '^mpmap: #1 left a process running \(process group [0-9]+\)$'
	rm child
	run_it unshare -rpf bash -c "$after" sh "$MPMAP" --halt now,fail=1 --shell '"$TOOL" background child >/dev/null 2>&1; false' ::: 1
	expect 0 124
	no_processes_left
}
