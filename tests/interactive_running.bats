#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The prompt while tasks run: what views show of them, what messages name, and how runs are ended.

# Scripts are for the tasks' shell.
# shellcheck disable=SC2016

load helper
load screen

# hold_run: types a map of three tasks; two of them are held until there is a file "gate", one waits for its turn
hold_run() {
	local known
	known=$(event_count task_start)
	type_line "map -j2 --shell '\"\$TOOL\" hold gate' ::: 1 2 3"
	wait_for_event task_start $((known + 2))
	wait_for_prompt
}

# show_lines COMMAND LINE: types a command on an empty screen; its answer has the LINE
show_lines() {
	type_line '! clear'
	wait_for_screen 'mpmap[^>]*> ?'
	type_line "$1"
	wait_for_line "$2"
	wait_for_prompt
}

@test "running: show describes a running task, one that waits, and their run" {
	trace_on
	open_prompt -j2
	hold_run
	show_lines 'show 1.1' '^worker +ForkWorker-[12], slot [12], pid [0-9]+$'
	grep -Eq '^outcome +none yet: it has been running for [0-9.]+ .?s$' screen
	grep -Eq '^command +.*hold gate' screen
	show_lines 'show 1.3' '^outcome +none yet: it waits for its turn$'
	show_lines 'show 1' '^workers +2, and what they run:$'
	grep -Eq '^state +running$' screen
	grep -Eq '^tasks +3: 2 running, 1 waiting$' screen
	grep -Eq '^ +1\.2 +[0-9.]+ .?s +[0-9]+ +ForkWorker-' screen
	show_lines stats 'busy.*; 2 tasks running now:$'
	grep -Eq '^workers +2 at most; 2 live: 2 with runs, 0 in reserve; 2 started so far$' screen
	type_line pause
	show_lines 'show 1' '^state +paused: tasks that run go on, no others begin \(resume 1\)$'
	touch gate
	type_line resume
	wait_for_line '^\[1\] done: 3 tasks'
	show_lines 'show 1.1' '^took '
	show_lines stats '^ *under .* 3? '
}

@test "running: show names the attempt of a task that runs again, and a failed one that waits" {
	trace_on
	open_prompt -j1
	type_line "map --retries 1 --shell '[ -e gate ] || { : >gate; exit 3; }; \"\$TOOL\" hold end' ::: 1"
	wait_for_event task_start 2
	wait_for_prompt
	show_lines 'show 1.1' '\(attempt 2\)$'
	touch end
	wait_for_line '^\[1\] done'
	type_line "map --retries 1 --retry-delay 1h --shell 'echo x; exit 3' ::: 1"
	wait_for_event task_again 2
	wait_for_prompt
	show_lines 'show 2.1' '^outcome +none yet: it waits to be run again'
}

@test "running: show lists the options that a run has" {
	trace_on
	open_prompt -j2
	mkdir dir
	type_line "map -j1 --retries 2 --retry-delay 0.5 --timeout 900% --delay 0.01 --unordered --workdir dir --initializer : --finalizer : \
--joblog log --results res -o jsonl true ::: 1 2"
	wait_for_line '^\[1\] done'
	type_line 'map --timeout 5 --line-buffer --dry-run true ::: 1'
	wait_for_line '^\[2\] done'
	resize 200 24
	show_lines 'show 1' '^options +--jobs=1 --retries=2 --retry-delay=0.5 --timeout=900% --delay=0.01 --unordered --output=jsonl --workdir=dir --initializer=: --finalizer=: --joblog=log --results=res$'
	show_lines 'show 2' '^options +--timeout=5 --line-buffer --dry-run$'
	type_line 'map --rate 9/s,burst=2 true ::: 1'
	wait_for_line '^\[3\] done'
	show_lines 'show 3' "^options +--rate='9/s,burst=2'\$"
	type_line 'map --max-rss 64M --filter cat ::: 1'
	wait_for_line '^\[4\] done'
	show_lines 'show 4' '^options +--max-rss=67108864 --filter$'
}

@test "running: messages of workers bear the number of their run" {
	open_prompt -j1
	type_line "map --initializer 'echo from-init >&2' --shell 'echo result-\$1' ::: 1"
	wait_for_line '^\[1\] done'
	screen_shows 'from-init'
	type_line "map --initializer 'exit 3' true ::: 1"
	wait_for_line '^\[2\] .*initializer'
	type_line "map --finalizer 'echo from-fin >&2; exit 4' --shell 'echo \$1' ::: 1"
	wait_for_line '^\[3\] .*finalizer failed in .*: exit status 4'
	screen_shows 'from-fin'
	type_line "map --zygote sh -c : x ::: 1"
	wait_for_line '^\[4\] (--zygote: .*; it is executed|done)'
}

@test "running: a run without a worker fails with its number, and the prompt stays" {
	export MPMAP_FAULT=worker_start:1+:EAGAIN
	open_prompt -j2
	type_line 'map true ::: 1'
	wait_for_line '^\[1\] .*(cannot|no worker|worker)'
	wait_for_line '^\[1\] ended: '
	type_line '! echo still-$((1 + 1))'
	wait_for_line '^still-2$'
}

@test "running: SIGUSR1 shows the state of each run under its number, SIGUSR2 nothing" {
	trace_on
	open_prompt -j4
	hold_run
	hold_run
	kill -USR2 "$mpmap"
	kill -USR1 "$mpmap"
	wait_for_line '^\[1\] 0 of 3 tasks done, 0 failed, 2 running'
	wait_for_line '^\[2\] 0 of 3 tasks done, 0 failed, 2 running'
}

@test "running: cancel without an ID ends the run that began last, and says where there is none" {
	trace_on
	open_prompt -j4
	hold_run
	hold_run
	type_line cancel
	wait_for_line '^\[2\] cancelled'
	not grep -q '^\[1\] [^b]' screen
	type_line 'cancel 2'
	wait_for_line 'run 2 is over$'
	type_line 'cancel 1.1'
	wait_for_line "'1\.1' is not a run"
	touch gate
	wait_for_line '^\[1\] done'
	type_line cancel
	wait_for_line '^nothing is running$'
}

@test "running: ^C while it leaves ends at once what does not end by itself" {
	trace_on
	open_prompt -j1
	type_line "map --grace 1h --shell 'trap \"\" TERM; \"\$TOOL\" hold never' ::: 1"
	wait_for_event task_start 1
	type_line quit
	wait_for_line 'quit again ends it'
	type_line quit
	wait_for_line '^ending what runs; \^C ends it at once$'
	press C-c
	wait_until is_gone "$mpmap"
	wait_until only_terminal_left
}

@test "running: a long answer is shown whole where there is no pager" {
	export PAGER=
	open_prompt -j1
	type_line "map --shell 'seq 60000; head -c 70000 /dev/zero | tr \"\\0\" x; echo; echo end-of-\$1' ::: 1"
	wait_for_line '^\[1\] done'
	show_lines 'out 1' '^end-of-1$'
	type_line "map true ::: 1"
	wait_for_line '^\[2\] done'
	show_lines 'out 2' '^\(nothing\)$'
	type_line "map -o json printf x ::: 1"
	wait_for_line '^\[3\] done'
	show_lines 'out 3' '^x$'
}

@test "running: an answer that cannot be written to a file is an error of its command" {
	export PAGER=cat TMPDIR=$PWD/tmp
	mkdir tmp
	open_prompt -j1
	type_line "map --shell 'seq 500' ::: 1"
	wait_for_line '^\[1\] done'
	rmdir tmp
	type_line 'out 1'
	wait_for_line '^mpmap: cannot make a temporary file in '
	type_line '! echo still-$((1 + 1))'
	wait_for_line '^still-2$'
}

@test "running: a worker that is stopped, and a run that nothing is started for, are named" {
	open_prompt -j2
	type_line "map -j1 --shell 'kill -STOP \$PPID; echo \$1 >>ended' ::: 1"
	type_line 'map -j1 --memfree 1000T echo ::: 2'
	wait_for_line '^\[1\] ForkWorker-1 \(pid [0-9]+\) is stopped, so #1 does not end; kill -CONT'
	wait_for_line '^\[2\] no task is started: waiting for memory \(.* is available, --memfree=1000T\)'
	kill -CONT "$(ps -o pid= --ppid "$mpmap" | head -n 1)"
	wait_for_line '^\[1\] done: 1 task'
}

@test "running: what a task left is named at its run's end, is let run by quit, and ended by cancel" {
	trace_on
	open_prompt -j2
	type_line "map --shell '\"\$TOOL\" background first >/dev/null 2>&1' ::: 1"
	wait_for_line '^\[1\] #1 left a process running: tool \(pid [0-9]+\)$'
	type_line "map --shell '[ \"\$1\" = 2 ] && exec \"\$TOOL\" hold gate; \"\$TOOL\" background second TERM >/dev/null 2>&1' ::: 1 2"
	wait_for_event task_left 2
	wait_for_event task_end 2
	type_line 'cancel 2'
	wait_for_line '^\[2\] cancelled'
	wait_until is_gone "$(cat second)"
	not is_gone "$(cat first)"
	show_lines 'show 1.1' '^left +1 process of its group$'
	type_line quit
	wait_until is_gone "$mpmap"
	not is_gone "$(cat first)"
	kill -KILL "$(cat first)"
}

@test "running: a run that nothing is started for ends with the prompt" {
	trace_on
	open_prompt -j2
	type_line 'map --memfree 1000T echo ::: 1'
	wait_for_event input_end
	wait_for_prompt
	kill -TERM "$mpmap"
	wait_until is_gone "$mpmap"
}

# opens_fifo: true once mpmap waits for the named pipe
opens_fifo() {
	find "/proc/$mpmap/fd" -lname '*/fifo' | grep -q .
}

@test "running: a named pipe that nobody writes to is given up for ^C and for a signal that ends the prompt" {
	local map
	mkfifo fifo
	open_prompt -j1
	for map in 'map --header : echo {a} :::: fifo' 'map echo :::: fifo ::: x'; do
		type_line "$map"
		wait_until opens_fifo
		press C-c
		wait_for_line 'interrupted while waiting for fifo$'
		wait_for_prompt
		wait_until not opens_fifo
		type_line '! clear'
		wait_until not screen_shows interrupted
	done
	type_line 'map echo :::: fifo ::: x'
	wait_until opens_fifo
	kill -TERM "$mpmap"
	wait_until is_gone "$mpmap"
	only_terminal_left
}

@test "running: a map whose sources cannot be read is an error, and the prompt and what runs go on" {
	trace_on
	open_prompt -j1
	type_line "map --shell '\"\$TOOL\" hold gate; echo result-\$1' ::: 1"
	wait_for_event task_start
	printf '"open\n' >table
	type_line 'map echo :::: . ::: x'
	wait_for_line '^mpmap: cannot read \.: Is a directory'
	type_line 'map --csv echo :::: table ::: x ::: y'
	wait_for_line '^mpmap: table: line 1: the quote'
	wait_for_prompt
	touch gate
	wait_for_line '1\.1.*result-1$'
	wait_for_prompt
	type_line quit
	wait_until is_gone "$mpmap"
}
