#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs at the prompt and in scripts that have a journal: ended in each way, resumed, and looked at.

# Scripts are for the tasks' shell.
# shellcheck disable=SC2016

load helper
load screen

# The task 2 waits for the file "gate"; each notes that it was begun.
task='echo $1 >>begun; [ $1 != 2 ] || [ -e gate ] || exec "$TOOL" pause pid; echo out $1'

# hold_map OPTION...: types a map of three tasks with a journal, whose second one runs and whose first is committed
hold_map() {
	type_line "map -j1 --chunksize=1 --sync=each --journal=run.mpj $* --shell '$task' ::: 1 2 3"
	wait_until test -s pid
	wait_until grep -q '"task":0' run.mpj
	wait_for_prompt
}

resume_map() {
	touch gate
	type_line '! clear'
	type_line "map --resume -j1 --journal=run.mpj $* --shell '$task' ::: 1 2 3"
	wait_for_line '^\[[0-9]+\] done: 3 tasks'
}

begun_are() {
	[ "$(tr '\n' ' ' <begun)" = "$*" ] || complain "begun: $(tr '\n' ' ' <begun)"
}

@test "journal at the prompt: a cancelled map says what to type, and goes on" {
	open_prompt -j2
	resize 200 24
	wait_for_prompt
	hold_map --out=file
	type_line cancel
	wait_for_line '^\[1\] cancelled'
	screen_shows "^\[1\] to go on: map --resume -j1 '--chunksize=1' '--sync=each' '--journal=run.mpj' '--out=file' --shell '.*' ::: 1 2 3\$"
	same file 'out 1'
	resume_map --out=file
	same file $'out 1\nout 2\nout 3'
	begun_are '1 2 2 3 '
	type_line 'show 2.1'
	wait_for_line '^outcome +not run by this map: done before, or the run ended before it$'
	type_line 'map --journal=run.mpj --out=file true ::: 1'
	wait_for_line '^mpmap: --journal: run.mpj exists \(--resume continues its run, --force begins a new one\)$'
}

@test "journal at the prompt: without --out all is shown in order, and again, but not run again" {
	open_prompt -j2
	hold_map
	wait_for_line '^\[1\.1\] out 1$'
	type_line cancel
	wait_for_line '^\[1\] cancelled'
	resume_map
	screen_shows '^\[2\.1\] out 1$'
	screen_shows '^\[2\.2\] out 2$'
	screen_shows '^\[2\.3\] out 3$'
	begun_are '1 2 2 3 '
	resume_map
	screen_shows '^\[3\.1\] out 1$'
	begun_are '1 2 2 3 '
}

@test "journal at the prompt: one run for a journal, and --status while it goes on" {
	open_prompt -j2
	hold_map --out=file
	type_line 'map --journal=run.mpj --resume --out=file true ::: 1'
	wait_for_line "^mpmap: --journal: run.mpj is in use by a run that lives \(pid $mpmap\)\$"
	type_line 'map --journal=./run.mpj --force --out=other true ::: 1'
	wait_for_line "^mpmap: --journal: ./run.mpj is in use by a run that lives \(pid $mpmap\)\$"
	type_line '! clear'
	type_line 'map --journal=run.mpj --status'
	wait_for_line '^done +1$'
	screen_shows "$mpmap"
	run_it "$MPMAP" --journal=run.mpj --resume --out=file true ::: 1
	expect 2 '' "mpmap: --journal: run.mpj is in use by a run that lives (pid $mpmap)"
	type_line cancel
	wait_for_line '^\[1\] (cancelled|ended)'
	type_line 'map --journal=none --status'
	wait_for_line '^mpmap: --status: there is no journal none$'
	type_line 'map --status'
	wait_for_line '^mpmap: --status: which run is said by its journal, --journal=FILE$'
	type_line 'set status'
	wait_for_line '^mpmap: --status: '
	resume_map --out=file
	same file $'out 1\nout 2\nout 3'
}

@test "journal at the prompt: ^C ends the wait for a map, quit the map; it goes on in another session" {
	open_prompt -j2
	hold_map --out=file
	type_line wait
	press C-c
	wait_for_prompt
	# while a run goes on it has to be said twice
	type_line quit
	wait_for_line 'quit again'
	type_line quit
	wait_until is_gone "$mpmap"
	same file 'out 1'
	open_prompt -j2
	resume_map --out=file
	same file $'out 1\nout 2\nout 3'
	begun_are '1 2 2 3 '
}

@test "journal at the prompt: killed, it goes on in batch mode" {
	open_prompt -j2
	hold_map --out=file
	kill -KILL "$mpmap"
	wait_until is_gone "$mpmap"
	touch gate
	mp -j1 --journal=run.mpj --resume --out=file --shell "$task" ::: 1 2 3
	expect 0 '' ''
	same file $'out 1\nout 2\nout 3'
	begun_are '1 2 2 3 '
}

@test "journal at the prompt: what failed is run again by --retry-failed, and by retry without the journal" {
	open_prompt -j1
	resize 200 24
	type_line "map --journal=run.mpj --out=file --shell 'echo \$1 >>begun; [ -e ok ] || [ \$1 != 2 ]' ::: 1 2"
	wait_for_line '^\[1\] ended: 2 tasks'
	screen_shows "^\[1\] to run what failed again: map --resume --retry-failed '--journal=run.mpj' '--out=file' --shell "
	touch ok
	type_line 'retry failed'
	wait_for_line '^\[2\] done: 1 task'
	type_line "map --resume --retry-failed --journal=run.mpj --out=file --shell 'echo \$1 >>begun; [ -e ok ] || [ \$1 != 2 ]' ::: 1 2"
	wait_for_line '^\[3\] done: 2 tasks'
	begun_are '1 2 2 2 '
}

@test "journal in a script: the output is that of batch mode, and a signal leaves what goes on" {
	printf '%s\n' "map -j1 --chunksize=1 --sync=each --journal=run.mpj --out=file --shell '$task' ::: 1 2 3" >lines
	start_it "$MPMAP" --interactive <lines
	wait_until test -s pid
	wait_until grep -q '"task":0' run.mpj
	kill -INT "$pid"
	finish
	says "^mpmap: to go on: map --resume -j1 "
	touch gate
	printf '%s\n' "map --resume --journal=run.mpj --out=file --shell '$task' < records" \
		'map --journal=run.mpj --status' \
		'map --joblog=log echo ::: 1 2' \
		'map --joblog=log --resume echo ::: 1 2 3' >lines
	seq 3 >records
	run_it "$MPMAP" --interactive <lines
	expect 0
	same file $'out 1\nout 2\nout 3'
	[ "$(tail -n 3 out)" = $'1\n2\n3' ]
	grep -qx 'done  *3' out
}

@test "journal at the prompt: one that cannot be written ends its run, and the prompt stays" {
	needs_faults
	export MPMAP_FAULT=journal_write:2:ENOSPC
	open_prompt -j1
	type_line "map -j1 --sync=each --journal=run.mpj --out=file --shell 'echo out \$1' ::: 1 2 3"
	wait_for_line '^\[1\] --journal: cannot write run.mpj: No space left on device$'
	wait_for_line '^\[1\] ended: .*status 1$'
	type_line "map --resume --journal=run.mpj --out=file --shell 'echo out \$1' ::: 1 2 3"
	wait_for_line '^\[2\] done: 3 tasks'
	same file $'out 1\nout 2\nout 3'
}
