#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --zygote: the same results as by execution, whatever dies, and execution with one note where it cannot be.

load helper

# Both ways, with the same arguments: the same output, errors and status; and there were zygotes.
same_both_ways() {
	trace_on
	rm -rf executed zygotes
	mkdir executed zygotes
	mp "$@" <"${INPUT:-/dev/null}"
	mv out err status executed
	mp --zygote "$@" <"${INPUT:-/dev/null}"
	cp out err status zygotes
	diff -r executed zygotes | head -n 20 | cat -v
	diff -qr executed zygotes >/dev/null || complain 'not the same'
	has_events zygote_start 1 || complain 'without a zygote'
	unset MPMAP_TRACE
}

# Checks that the last run had no zygote, for this reason, and gave one note of it.
was_executed() {
	[ "$(grep -c '^mpmap: --zygote: ' err)" -eq 1 ] || complain 'not one note'
	says "^mpmap: --zygote: $1; it is executed for each task\$"
}

zygote_pids() {
	event_field zygote_pid zygote_start
}

@test "zygote: one in each worker, and tasks are forked from it" {
	check() {
		trace_on
		seq 200 >numbers
		mp -j3 --zygote echo <numbers
		expect 0
		same err ''
		cmp numbers out
		[ "$(event_count zygote_start)" -le 3 ]
		[ "$(event_count task_start)" -eq 200 ]
		no_processes_left
	}
	under_methods check
}

@test "zygote: the whole differential suite holds" {
	# A program that adds the option, and leaves a trace of zygotes.
	cat >with-zygote <<-'END'
		#!/bin/sh
		MPMAP_TRACE=$ZYGOTE_TRACE exec "$ZYGOTE_MPMAP" --zygote "$@"
	END
	chmod +x with-zygote
	export ZYGOTE_TRACE=$PWD/zygote-trace ZYGOTE_MPMAP=$MPMAP
	MPMAP=$PWD/with-zygote bats --formatter tap "$BATS_TEST_DIRNAME/differential.bats" >inner 2>&1 3>&- 4>&- || {
		grep -A 20 '^not ok' inner
		return 1
	}
	grep -q '^ok 6 ' inner
	[ "$(grep -c zygote_start zygote-trace)" -gt 50 ]
}

@test "zygote: a task finds the same arguments, environment, descriptors, signals, limits and folder" {
	local what
	mkdir folder
	echo seven >seven
	seq 40 >records
	for what in args fds signals limits surroundings stdin; do
		echo "$what"
		INPUT=records same_both_ways -j1 --nice 3 --workdir folder "$TOOL" "$what" '{#}'
		INPUT=records same_both_ways -j2 --chunksize 3 "$TOOL" "$what" '{#}' 7<seven
	done 2>&1 | sed 's/pipe:\[[0-9]*\]/pipe/'
	same_both_ways -j1 "$TOOL" args {} ::: '' ' a  b ' $'new\nline' $'\377\001' '*' "'" "$(printf %3900s x)"
}

@test "zygote: the environment is the same, in the same order, with LD_PRELOAD as the user has it" {
	local object
	object=$(ldd "$TOOL" | sed -n 's/.* => \(\/[^ ]*libc\.so[^ ]*\) .*/\1/p')
	[ -n "$object" ] || skip_or_fail 'ldd names no libc'
	for preload in '' "$object"; do
		rm -f executed zygotes
		export EMPTY= ODD=$'a\nb=c'
		LD_PRELOAD=$preload mp -j1 env ::: A=1 A=2
		grep -avE '^MPMAP_RUN_ID=' out >executed
		LD_PRELOAD=$preload mp -j1 --zygote env ::: A=1 A=2
		expect 0
		same err ''
		grep -avE '^MPMAP_RUN_ID=' out >zygotes
		diff executed zygotes
		[ -z "$preload" ] || grep -q "^LD_PRELOAD=$object\$" zygotes
		not grep -q ZYGOTE zygotes
	done
	# what a library has set before main stays
	TOOL_BEFORE_MAIN=setenv same_both_ways -j1 "$TOOL" env TOOL_SET_BEFORE_MAIN MPMAP_SEQ MPMAP_ATTEMPT '{#}' ::: a b
	grep -q 'TOOL_SET_BEFORE_MAIN="yes"' out
}

@test "zygote: a task is the child of its worker, and leads its group" {
	trace_on
	mp -j1 --zygote "$TOOL" ids '{#}' ::: a b
	expect 0
	local worker pids
	worker=$(event_field worker_pid worker_start | head -n 1)
	mapfile -t pids < <(event_field task_pid task_start)
	for i in 0 1; do
		grep -q "pid ${pids[i]}\$\|pid=${pids[i]}\b\|\b${pids[i]}\b" out
	done
	[ "$(grep -ow "$worker" out | wc -l)" -eq 2 ]
	# mpmap knows the process that the task itself is
	[ "${pids[0]}" != "${pids[1]}" ]
}

@test "zygote: exit statuses, signals and what comes of them" {
	same_both_ways -j1 "$TOOL" exit ::: 0 1 2 255
	expect 123
	same_both_ways -j1 "$TOOL" signal ::: KILL TERM SEGV PIPE
	expect 125
	same_both_ways -j1 --retries 2 --shell 'echo "$MPMAP_SEQ $MPMAP_ATTEMPT"; [ "$MPMAP_ATTEMPT" -ge "$1" ]' ::: 1 2 3 4
}

@test "zygote: large outputs, both streams, and bytes of all kinds" {
	same_both_ways -j2 "$TOOL" spew 3000000 ::: 1 2 3
	same_both_ways -j2 "$TOOL" both ::: a b c d
	seq 5 >records
	INPUT=records same_both_ways -j2 --stdin cat
	INPUT=records same_both_ways -j1 --ungroup echo
	same_both_ways -j1 -o none echo ::: a
	mp --zygote -o jsonl echo ::: a b
	expect 0
	[ "$(jq -r .stdout out | tr -d '\n')" = ab ]
	jq -e 'select(.pid > 1 and .duration > 0 and .outcome == "ok")' out >/dev/null
}

@test "zygote: an argument list that is large is executed, and one that is too large is told of" {
	head -c 100000 /dev/zero | tr '\0' x >large
	echo >>large
	INPUT=large same_both_ways -j1 --shell 'echo "${#1}"' ::: "$(head -c 3000 large)" "$(head -c 4096 large)" "$(head -c 5000 large)"
	seq 100000 >records
	mp --zygote -j2 -n max echo <records
	expect 0
	tr ' ' '\n' <out | cmp - records
}

@test "zygote: scripts, static programs and programs with rights of their own are executed, with one note" {
	printf '#!/bin/sh\necho "script $1"\n' >script
	printf 'echo "plain $1"\n' >plain
	chmod +x script plain
	mp -j2 --zygote --chunksize 1 ./script ::: a b c
	expect 0 $'script a\nscript b\nscript c'
	was_executed '\./script: it is a script'
	mp -q -j2 --zygote ./script ::: a
	expect 0 'script a' ''
	mp -j1 --zygote ./plain ::: a
	expect 0 'plain a'
	was_executed '\./plain: it is a script'
	cp "$(type -P echo)" own
	chmod u+s own
	mp -j1 --zygote ./own ::: a
	expect 0 a
	was_executed '\./own: it is setuid or setgid'
	if [ -x /sbin/ldconfig ] && ! ldd /sbin/ldconfig >/dev/null 2>&1; then
		mp -j1 --zygote /sbin/ldconfig --version --
		expect 0
		mp -j1 --zygote /sbin/ldconfig ::: --version
		expect 0
		was_executed '/sbin/ldconfig: it is statically linked'
	fi
}

@test "zygote: what is strange before main" {
	export TOOL_BEFORE_MAIN
	for TOOL_BEFORE_MAIN in exit kill; do
		mp -j1 --zygote "$TOOL" args ::: a
		[ "$(<status)" -ne 0 ]
		was_executed '[^ ]*tool: it ends before its main'
	done
	TOOL_BEFORE_MAIN=thread
	mp -j2 --zygote "$TOOL" args ::: a b
	expect 0 $'"a"\n"b"'
	was_executed '[^ ]*tool: it has threads before its main'
	TOOL_BEFORE_MAIN=close
	mp -j2 --zygote "$TOOL" args ::: a b
	expect 0 $'"a"\n"b"'
	was_executed '[^ ]*tool: its C library is not known well enough'
}

@test "zygote: a command that differs from task to task, and tasks of their own, are executed" {
	mp -j1 --zygote {} x ::: echo printf
	expect 0
	was_executed '\{\}: it is not the same for all tasks'
	echo '["echo","a"]' | mp --zygote --jsonl
	expect 0 a
	was_executed 'tasks in JSON: each says what is executed'
	mp --zygote --dry-run {} x ::: echo
	expect 0 'echo x' ''
	mp --zygote --shell ::: 'echo a' 'echo b'
	expect 0 $'a\nb' ''
}

@test "zygote: a command that is not there, or cannot be executed: as ever" {
	same_or_both() {
		mp -j2 "$@"
		mv out err status "$WORK/executed/"
		mp -j2 --zygote "$@"
		grep -v -- '--zygote' err >"$WORK/executed/seen" || :
		cmp "$WORK/executed/err" "$WORK/executed/seen"
		cmp "$WORK/executed/status" status
	}
	mkdir executed
	same_or_both no-such-command ::: a b
	: >plain
	same_or_both ./plain ::: a b
}

@test "zygote: not with --tty" {
	mp --zygote --tty true ::: a
	usage_error --tty --zygote
}

@test "zygote: killed between tasks and while one runs: nothing is lost" {
	check() {
		trace_on
		open_feed
		start -j2 --zygote --chunksize 1 sh -c '[ "$1" -gt 2 ] || "$TOOL" hold gate; echo "$1"' sh <feed
		seq 2 >&7
		wait_for_event task_start 2
		for pid_of in $(zygote_pids); do kill -KILL "$pid_of"; done
		touch gate
		wait_for_event task_end 2
		# now they sleep
		seq 3 20 >&7
		wait_for_event task_end 20
		for pid_of in $(zygote_pids); do kill -KILL "$pid_of" 2>/dev/null || :; done
		seq 21 30 >&7
		exec 7>&-
		finish
		expect 0 "$(seq 30)"
		same err ''
		[ "$(event_count zygote_start)" -ge 4 ]
		no_processes_left
	}
	under_methods check
}

@test "zygote: mpmap killed, with a zygote that has been stopped: nothing is left" {
	check() {
		trace_on
		start -j2 --zygote "$TOOL" hold gate ::: 1 2 3
		wait_for_event task_start 2
		for pid_of in $(zygote_pids); do kill -STOP "$pid_of"; done
		kill -KILL "$pid"
		finish
		no_processes_left
	}
	under_methods check
}

@test "zygote: ^C, time-outs and what a task leaves behind" {
	trace_on
	start -j2 --zygote "$TOOL" hold gate ::: 1 2 3
	wait_for_event task_start 2
	kill -INT "$pid"
	finish
	expect 130
	no_processes_left
	same_both_ways -j1 --timeout 0.2 --grace 0 "$TOOL" hold gate ::: a
	expect 125
	mp -j1 --zygote --leftovers=kill "$TOOL" background pids ::: TERM
	expect 0
	no_processes_left
}

@test "zygote: workers that are replaced have zygotes of their own" {
	trace_on
	seq 10 >numbers
	mp -j1 --zygote --max-tasks-per-worker 3 echo <numbers
	expect 0
	cmp numbers out
	[ "$(event_count zygote_start)" -eq 4 ]
}

@test "zygote: at the prompt's script, run after run on the same workers" {
	trace_on
	printf '%s\n' 'map --zygote echo ::: 1 2 3' 'map echo ::: 4' 'map --zygote sh -c "echo \$1" sh ::: 5 6' >script
	mp --interactive -j2 <script
	expect 0 "$(seq 6)" ''
	no_processes_left
}

@test "zygote: a task that makes packets of its pipe, and one that leaves some of them behind" {
	same_both_ways -j2 sh -c 'dd if="$0" oflag=direct bs=100 count=5 status=none' "$BATS_TEST_FILENAME" ::: 1 2 3 4
	[ "$(wc -c <out)" -eq 2000 ]
}

@test "zygote: too few descriptors for it, not for tasks" {
	local limit
	for limit in 14 16 18 20 22; do
		echo "$limit descriptors"
		(ulimit -n "$limit" && mp -q -j1 --zygote echo ::: 1 2 3)
		expect 0 $'1\n2\n3' ''
	done
}

@test "zygote: what a program starts before its main is none" {
	TOOL_BEFORE_MAIN=system mp -j2 --zygote "$TOOL" args ::: a b c
	expect 0 $'"a"\n"b"\n"c"' ''
}

@test "zygote: one that is stopped, or killed while others hold its line, does not hold the run up" {
	trace_on
	open_feed
	TOOL_BEFORE_MAIN=fork start -j1 --zygote --chunksize 1 "$TOOL" args <feed
	seq 3 >&7
	wait_for_event task_end 3
	kill -KILL "$(zygote_pids)"
	seq 4 9 >&7
	exec 7>&-
	finish
	expect 0 "$(seq 9 | sed 's/.*/"&"/')" ''
}

# The worker's children: its zygote, and those that wait for a task.
has_children() {
	[ "$(wc -w <"/proc/$1/task/$1/children")" -eq "$2" ]
}

@test "zygote: one that is stopped does not hold back the output of tasks that have ended" {
	trace_on
	open_feed
	start -j1 --zygote --chunksize 1 echo <feed
	echo 1 >&7
	wait_for_event task_end 1
	worker=$(worker_pid ForkWorker-1)
	wait_until has_children "$worker" 3
	kill -STOP "$(zygote_pids)"
	# two of these find a process that was forked before, the others wait for one
	seq 2 9 >&7
	wait_for_event task_end 3
	wait_until file_holds out 3
	# the worker gives the zygote up after 10 s only
	[ "$(event_count worker_exit)" -eq 0 ]
	kill -CONT "$(zygote_pids)"
	exec 7>&-
	finish
	expect 0 "$(seq 9)" ''
	[ "$(event_count worker_start)" -eq 1 ]
}

@test "zygote: mpmap killed while tasks are short: soon nothing is left" {
	check() {
		trace_on
		seq 100000 >records
		start -j2 --zygote --chunksize 20000 true <records
		wait_for_event task_end 50
		kill -KILL "$pid"
		finish
		no_processes_left
	}
	under_methods check
}

# Prints the pids of the children of worker $1 but the zygote and the task $2: those that wait for a task.
waiting_children() {
	tr ' ' '\n' <"/proc/$1/task/$1/children" | grep -vxE "$(zygote_pids)|$2|"
}

@test "zygote: a task that was given to a child and not begun has a result when its run is ended" {
	trace_on
	start -j1 --zygote --chunksize 4 -o jsonl "$TOOL" hold ::: gate1 gate2 gate3 gate4
	wait_for_start 1
	worker=$(worker_pid ForkWorker-1)
	wait_until has_children "$worker" 4
	waiting_children "$worker" "$(event_field task_pid task_start)" >children
	[ "$(wc -l <children)" -eq 2 ]
	kill -STOP $(<children)
	touch gate1
	wait_for_start 2
	grep -qx "$(event_field task_pid task_start '.seq == 2')" children
	# the rest of the chunk is not this worker's any more
	wait_for_event chunk_return 1 '.first == 3'
	kill -INT "$pid"
	finish
	expect 130
	[ "$(jq -r '"\(.seq) \(.outcome)"' out | head -n 2)" = $'1 ok\n2 signaled' ] || complain "$(<out)"
	no_processes_left
}

# Prints the processors that a process may use.
processors_of() {
	awk '/^Cpus_allowed_list:/ { print $2 }' "/proc/$1/status"
}

# Starts as many tasks as there are jobs, and checks that the processors of each worker are those of its zygote, and those
# of each task all.
processors_in_run() {
	local name process
	trace_on
	start -j"$1" --zygote "$TOOL" hold gate ::: $(seq "$1")
	wait_for_event task_start "$1"
	events zygote_start | jq -r '"\(.worker) \(.zygote_pid)"' | while read -r name process; do
		echo "$name $(processors_of "$(worker_pid "$name")")"
		[ "$(processors_of "$process")" = "$(processors_of "$(worker_pid "$name")")" ] || complain "$name and its zygote" || return 1
	done >bound
	event_field task_pid task_start | while read -r process; do
		[ "$(processors_of "$process")" = "$(processors_of self)" ] || complain "a task's processors" || return 1
	done
	touch gate
	finish
	expect 0
	rm gate
}

@test "zygote: it remains with its worker on one processor where there is one for each job, and tasks may use all" {
	local count own
	count=$(nproc)
	own=$(processors_of self)
	[ "$count" -gt 1 ] || skip_or_fail 'there is one processor only'
	processors_in_run "$count"
	cut -d ' ' -f 2 bound | not grep '[^0-9]'
	[ "$(cut -d ' ' -f 2 bound | sort -u | wc -l)" -eq "$count" ]
	for jobs in 1 $((count + 1)); do
		processors_in_run "$jobs"
		[ "$(cut -d ' ' -f 2 bound | sort -u)" = "$own" ]
	done
	# before main, in it, and of a task that is executed
	seq 20 >records
	INPUT=records same_both_ways -j"$count" "$TOOL" processors
	same_both_ways -j"$count" "$TOOL" processors ::: a "$(printf %5000s x)" b
	[ "$(sort -u out)" = "$count $count" ]
	# at the prompt the number of jobs changes
	printf 'map --zygote sh -c "grep Cpus_allowed_list /proc/\\$PPID/status" sh ::: 1 2\n' >script
	mp --interactive -j"$count" <script
	expect 0
	[ "$(sort -u out)" = "Cpus_allowed_list:"$'\t'"$own" ]
}

# Prints how many files of locales a run with zygotes opens.
locale_files() {
	seq "$1" >records
	timeout 60 strace -f -qq -o calls -e trace=open,openat "$MPMAP" -j1 --zygote "$(type -P echo)" <records >out || complain "strace says $?"
	cmp out records
	grep -c locale calls
}

@test "zygote: the locale is loaded once for all tasks of a worker, also where parts of it do not exist" {
	local few many
	needs strace
	locale -a | grep -qi '^C\.utf-\?8$' || skip_or_fail 'there is no locale C.UTF-8'
	unset LC_ALL
	for settings in LC_ALL=C.UTF-8 LANG=C.UTF-8 'LANG=C.UTF-8 LC_TIME=xx_YY.UTF-8' 'LANG=xx_YY.UTF-8' 'LANG=C.UTF-8 LC_CTYPE=C'; do
		echo "$settings"
		# shellcheck disable=SC2163 # The words are settings.
		export $settings
		few=$(locale_files 5)
		many=$(locale_files 30)
		[ "$few" -eq "$many" ] || complain "$few files for 5 tasks, $many for 30"
		same_both_ways -j1 bash -c 'x=é; echo "${#x}"; LC_ALL=C; echo "${#x}"; LC_ALL=C.UTF-8; echo "${#x}"; printf "%s\n" "$LANG" "$1"' bash ::: a é
		unset LANG LC_ALL LC_TIME LC_CTYPE
	done
}

@test "zygote: functions that an object of the user's replaces are that object's in every task" {
	needs cc
	cat >replaced.c <<-'END_OF_C'
		#include <stdarg.h>
		#include <stdio.h>

		/* This object wants versions of others' functions, and has none of its own. */
		int fputs_unlocked(const char *text, FILE *file) { return fprintf(file, "<%s>", text); }
	END_OF_C
	cc -shared -fPIC -O1 -o replaced.so replaced.c
	LD_PRELOAD=$PWD/replaced.so same_both_ways -j1 "$(type -P echo)" ::: a b
	same out $'<a>\n<b>'
}

@test "zygote: a program at a fixed address, which passes the addresses of functions" {
	needs cc
	cat >fixed.c <<-'END_OF_C'
		#include <stdio.h>

		int main(int count, char **arguments)
		{
			int (*volatile put)(const char *) = puts;

			puts(arguments[count - 1]);
			return put("again") < 0;
		}
	END_OF_C
	cc -O0 -fno-builtin -no-pie -fno-pie -Wl,-z,lazy -o fixed fixed.c
	same_both_ways -j1 --timeout 20 ./fixed ::: a b
	same out $'a\nagain\nb\nagain'
}
