#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The command that a worker runs when it leaves (--finalizer).

load helper

@test "finalizer: an empty one is refused" {
	mp --finalizer '' touch ran ::: a
	usage_error "^mpmap: --finalizer '': no command"
	[ ! -e ran ]
}

@test "finalizer: it runs once in each worker, after its last task, with the worker's variables" {
	check() {
		trace_on
		export MPMAP_SEQ=outer MPMAP_ATTEMPT=outer
		start -j2 --finalizer 'echo "$MPMAP_SLOT $MPMAP_WORKER ${MPMAP_SEQ-none} ${MPMAP_ATTEMPT-none} $MPMAP_RUN_ID" >>"end$MPMAP_SLOT"' \
			--shell 'echo "task $MPMAP_RUN_ID" >>"end$MPMAP_SLOT"; "$TOOL" hold gate' ::: 1 2 3 4
		wait_for_event task_start 2
		touch gate
		finish
		expect 0 '' ''
		for slot in 1 2; do
			[ "$(grep -c none "end$slot")" -eq 1 ]
			[ "$(tail -n 1 "end$slot")" = "$slot $(worker_name)-$slot none none $(head -n 1 "end$slot" | cut -d ' ' -f 2)" ]
		done
		[ "$(cat end? | wc -l)" -eq 6 ]
		[ -z "$(cat end? | sed 's/.* //' | sort -u | sed -n 2p)" ]
	}
	under_methods check
}

@test "finalizer: with --max-tasks-per-worker it runs in each worker, before the next one begins" {
	check() {
		mp_well -j1 --max-tasks-per-worker 2 --initializer 'echo begin >>log' --finalizer 'echo end >>log' \
			--shell 'echo "$1" >>log' ::: 1 2 3 4 5
		[ "$(tr '\n' ' ' <log)" = 'begin 1 2 end begin 3 4 end begin 5 end ' ] || complain "$(cat log)"
	}
	under_methods check
}

@test "finalizer: it runs after the end of a command that stays" {
	check() {
		seq 3 >records
		mp_well -j1 --finalizer 'echo finalized >>log' --filter sh -c 'cat; echo ended >>log' <records
		cmp records out
		same log $'ended\nfinalized'
		cat >answer <<-'END'
			import json, sys
			for line in sys.stdin:
			    print(json.dumps({"seq": json.loads(line)["seq"], "stdout": "x\n"}), flush=True)
			open("log", "a").write("ended\n")
		END
		mp_well -j1 --max-tasks-per-worker 2 --finalizer 'echo finalized >>log' --coproc python3 answer <records
		same out $'x\nx\nx'
		same log $'ended\nfinalized\nended\nfinalized\nended\nfinalized'
	}
	under_methods check
}

@test "finalizer: what it prints goes to standard error" {
	mp -j1 --finalizer 'echo to stdout; echo to stderr >&2; printf end' echo ::: a
	expect 0 a $'to stdout\nto stderr\nend'
	mp -j1 --finalizer 'seq 100000' echo ::: a
	expect 0 a
	[ "$(tail -n 1 err)" = 100000 ]
	[ "$(wc -c <err)" -le 4096 ]
}

@test "finalizer: one that fails: an error that names the worker, status 1 at the end, and all results" {
	check() {
		local how said
		while IFS=: read -r how said; do
			mp -j1 --finalizer "echo the reason >&2; $how" echo ::: a b c
			expect 1 $'a\nb\nc' "the reason
mpmap: the finalizer failed in $(worker_name)-1: $said"
		done <<-'END'
			exit 7:exit status 7
			kill -KILL $$:killed by SIGKILL
			exec no-such-command 2>/dev/null:exit status 127
		END
	}
	under_methods check
	export MPMAP_START_METHOD=fork
	mp -j1 --max-tasks-per-worker 1 --finalizer '[ "$MPMAP_WORKER" = ForkWorker-1 ] || exit 3' echo ::: a b c
	expect 1 $'a\nb\nc' 'mpmap: the finalizer failed in ForkWorker-2: exit status 3
mpmap: 2 workers failed at their end'
	mp -j1 -q --finalizer 'exit 3' false ::: a
	expect 1 '' 'mpmap: the finalizer failed in ForkWorker-1: exit status 3'
}

@test "finalizer: neither a worker whose initializer failed nor one that was killed runs it" {
	mp -j1 --initializer 'exit 3' --finalizer 'touch ran' echo ::: a
	expect 1
	[ ! -e ran ]
	export MPMAP_START_METHOD=fork
	mp -q -j1 --finalizer 'echo "$MPMAP_WORKER" >>log' --shell '[ "$1" = b ] || kill -KILL $PPID' ::: a b
	expect 125
	same log ForkWorker-2
	mp_well --dry-run --finalizer 'touch ran' echo ::: a
	[ ! -e ran ]
}

@test "finalizer: it runs when the run is interrupted once, or stopped by --halt" {
	check() {
		trace_on
		start -j2 --finalizer 'echo end >>log' "$TOOL" hold never ::: 1 2 3 4
		wait_for_event task_start 2
		kill -INT "$pid"
		finish
		expect 130
		same log $'end\nend'
		rm log
		run_to_end -q -j1 --halt now,fail=1 --finalizer 'echo end >>log' false ::: 1 2 3
		expect 124
		same log end
	}
	under_methods check
}

@test "finalizer: one that hangs is waited for; a second interruption, or the grace time after SIGTERM, kills it" {
	twice() {
		trace_on
		rm -f pid1
		start -j1 --finalizer '"$TOOL" background child TERM INT; exec "$TOOL" ignore pid1 TERM INT' echo ::: a
		wait_until test -s pid1
		kill -INT "$pid"
		wait_for_event signal 1
		not is_gone "$(cat pid1)"
		kill -INT "$pid"
		finish
		expect 130 a
		no_processes_left
	}
	once() {
		rm -f pid1
		start -j1 --grace 0.2 --finalizer '"$TOOL" background child TERM INT; exec "$TOOL" ignore pid1 TERM INT' echo ::: a
		wait_until test -s pid1
		kill -TERM "$pid"
		finish
		expect 143 a
		no_processes_left
	}
	under_methods twice
	under_methods once
}

@test "finalizer: nothing of it outlives mpmap, or its worker" {
	check() {
		trace_on
		rm -f pid1 pid2
		start -j2 --finalizer '"$TOOL" background "child$MPMAP_SLOT" TERM; exec "$TOOL" ignore "pid$MPMAP_SLOT" TERM' \
			"$TOOL" hold gate ::: a b
		wait_for_event task_start 2
		touch gate
		wait_until test -s pid1
		wait_until test -s pid2
		kill -KILL "$(worker_pid "$(worker_name)-1")"
		wait_until is_gone "$(cat pid1)"
		wait_until is_gone "$(cat child1)"
		not is_gone "$(cat pid2)"
		kill -KILL "$pid"
		finish
		no_processes_left
	}
	under_methods check
}

@test "finalizer: a worker that is no longer needed runs it while the run goes on" {
	trace_on
	open_feed
	echo 2 >wanted
	start -j @wanted --chunksize 1 --finalizer 'echo "$MPMAP_SLOT" >>log' "$TOOL" hold 'gate{}' <feed
	printf 'a\nb\n' >&7
	wait_for_event task_start 2
	echo 1 >wanted
	touch gatea
	wait_until file_has log .
	same log 2 || same log 1
	touch gateb
	close_feed
	finish
	expect 0 '' ''
	[ "$(wc -l <log)" -eq 2 ]
}
