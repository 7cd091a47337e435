#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Tasks that fail, hang, or end the run early: --retries, --retry-delay, --timeout, --grace, --halt.

load helper

# The time from one event to another, in ms: the Nth of each kind, from 1.
between() {
	local from to
	from=$(event_field time "$1" "$2" | sed -n "$3p")
	to=$(event_field time "$4" "$5" | sed -n "$6p")
	echo $(((to - from) / 1000000))
}

at_least() {
	[ "$1" -ge "$2" ] || complain "$1 ms, at least $2 asked for"
}

@test "policy: what is no number, no time and no condition: status 2, one line, the right form" {
	for value in many -1 1.5 '' 1000001; do
		mp --retries "$value" touch ran ::: a
		usage_error "^mpmap: --retries '$value': not a number of times to run a failed task again"
	done
	for option in retry-delay grace; do
		for value in soon -1 1x '' 1s1m 5h3; do
			mp "--$option=$value" touch ran ::: a
			usage_error "^mpmap: --$option '$value': not a time in seconds .*1h30m"
		done
	done
	for value in -1 0 0% % 5%5 '' 1h5 .; do
		mp --timeout "$value" touch ran ::: a
		usage_error "^mpmap: --timeout '$value': not a time in seconds above 0 .*1h30m.* percentage of the median .200%."
	done
	for value in now now,fail now,fail= now,fail=0 now,fail=x now,fail=101% soon,failed=1 later,fail=1 \
		'now, fail=1' now,fail=1,2 fail=1 always '' now,done=-1 now,success=%; do
		mp --halt "$value" touch ran ::: a
		usage_error "^mpmap: --halt '$value': write never, or when .now or soon. and why .fail, success or done. with a number or a share: now,fail=1 or soon,done=50%"
	done
	[ ! -e ran ]
}

@test "policy: every form of a time" {
	for value in 90 0.5 .5 5. 1h 1h30m10s 2m 90s; do
		mp_well --timeout "$value" --grace "$value" --retry-delay "$value" echo ::: a
		same out a
	done
	mp_well --grace 0 --retry-delay 0 --retries 0 echo ::: a
}

@test "policy: only the last attempt's output counts, and the order stays" {
	check() {
		mp_again 3 -j2 --retries 3 --shell 'echo "$1 $MPMAP_ATTEMPT"; [ "$MPMAP_ATTEMPT" -eq "$1" ]' ::: 3 1 4 2
		same out $'3 3\n1 1\n4 4\n2 2'
		mp -j2 --retries 1 "$TOOL" under default -- sh -c 'echo "$1 $MPMAP_ATTEMPT" | tee /dev/stderr; exit 4' sh ::: a b c
		expect 123 $'a 2\nb 2\nc 2'
		head -n 3 err | cmp - out
	}
	check
}

@test "policy: many tasks, every third fails at first: all in order, none run too often" {
	seq 300 >numbers
	for size in 1 7 auto; do
		rm -f ran
		mp -j4 --retries 2 --chunksize "$size" --shell 'echo "$1" >>ran; echo "$1"; [ $(($1 % 3)) -gt 0 ] || [ "$MPMAP_ATTEMPT" -eq 3 ]' <numbers
		expect 0
		same err "$(attempts_note 100)"
		cmp numbers out
		awk '{ print; if ($1 % 3 == 0) { print; print } }' numbers | cmp - <(sort -n ran)
	done
	mp -j4 --unordered --retries 1 --shell 'echo "$1 $MPMAP_ATTEMPT"; [ "$MPMAP_ATTEMPT" -eq 2 ]' <numbers
	expect 0
	sort -n out | cmp - <(sed 's/$/ 2/' numbers)
}

@test "policy: the summary tells which attempt was the last, --stats how many were needed" {
	mp --retries 2 --stats --shell 'exit "$1"' ::: 0 7
	expect 123 ''
	says '^mpmap: 1 of 2 tasks failed: 1 by exit status$'
	says '^mpmap: #2: exit status 7 \(attempt 3\): '
	says '^mpmap: run more than once: 1$'
	mp --retries 2 "$TOOL" signal ::: TERM
	expect 125 ''
	says '^mpmap: #1: killed by SIGTERM \(attempt 3\): '
	mp --shell 'exit "$1"' ::: 7
	says_not attempt
}

@test "policy: a task that was killed, took too long or was lost is run again" {
	check() {
		mp_again 2 --retries 1 --shell '[ "$MPMAP_ATTEMPT" -eq 2 ] || kill -KILL $$; echo "$1"' ::: a b
		same out $'a\nb'
		mp_again 2 --retries 1 --timeout 2 --shell '[ "$MPMAP_ATTEMPT" -eq 2 ] || exec "$TOOL" pause "pid$1"; echo "$1"' ::: a b
		same out $'a\nb'
		mp_again 2 --retries 1 --shell '[ "$MPMAP_ATTEMPT" -eq 2 ] || { kill -KILL $PPID; exec "$TOOL" pause pid; }; echo "$1"' ::: a b
		same out $'a\nb'
		mp --retries 1 --shell 'kill -KILL $PPID; exec "$TOOL" pause pid' ::: a
		expect 125 ''
		says "^mpmap: #1: lost: $(worker_name)-2 \(pid [0-9]+\) was killed by SIGKILL \(attempt 2\): "
	}
	under_methods check
}

@test "policy: COMMAND not found and a record that no argument can hold are not tried again" {
	trace_on
	mp --retries 5 no-such-command ::: a b
	expect 127 ''
	says_lines 1
	printf 'a\0b\nc\n' | mp --retries 5 echo
	expect 125 c
	[ "$(event_count task_again)" -eq 0 ]
}

@test "policy: what is run again goes first" {
	trace_on
	start -j1 --chunksize 1 --retries 1 --shell '[ "$1" -ne 2 ] || "$TOOL" hold gate; echo "$1"; [ "$1$MPMAP_ATTEMPT" != 11 ]' ::: 1 2 3 4 5 6
	wait_for_event task_again
	touch gate
	finish
	expect 0 $'1\n2\n3\n4\n5\n6'
	event_field seq task_start | head -n 3 | grep -c 1 | grep -qx 2 || complain "$(event_field seq task_start)"
}

@test "policy: --retry-on: only those failures are tried again" {
	check() {
		script='echo "$1 $MPMAP_ATTEMPT" >>tries
			case $1 in
			signal) kill -SEGV $$ ;;
			timeout) exec "$TOOL" pause pid ;;
			lost) kill -KILL $PPID; exec "$TOOL" pause pid ;;
			*) exit "$1" ;;
			esac'
		# tried LIST RECORD: how often the record is tried
		tried() {
			rm -f tries
			mp --timeout 1 --retries 2 --retry-on "$1" --shell "$script" ::: "$2" || :
			wc -l <tries
		}
		for pair in 7:7 1-99:7 7-7:7 8,7:7 1-255:255 200,192-194:193 signal:signal 1,lost,signal:lost; do
			[ "$(tried "${pair%:*}" "${pair#*:}")" -eq 3 ] || complain "$pair"
		done
		for pair in 8:7 1-6,8-255:7 signal,timeout,lost:7 1-255:signal 1-255,signal,timeout:lost; do
			[ "$(tried "${pair%:*}" "${pair#*:}")" -eq 1 ] || complain "$pair"
		done
	}
	check
	rm tries
	mp --timeout 0.1 --retries 1 --retry-on timeout --shell "$script" ::: timeout
	[ "$(wc -l <tries)" -eq 2 ]
	rm tries
	printf '%s\n' '{"shell":"echo x >>tries; exit 3","retries":2}' | mp --jsonl --retry-on 3
	[ "$(wc -l <tries)" -eq 3 ]
}

@test "policy: result objects have the attempts before the last: tries" {
	check() {
		rm -rf results
		script='printf "out $MPMAP_ATTEMPT"; printf "err $MPMAP_ATTEMPT" >&2; [ "$1" != c ] || kill -SEGV $$; [ "$MPMAP_ATTEMPT" -gt "$1" ]'
		mp -j3 -o jsonl --retries 2 --results results --shell "$script" ::: 0 2 9 c
		expect 125
		jq -c '[.seq, .outcome, .attempts, .stderr, [.tries // [] | .[] | [.outcome, .status, .signal, .stderr]]]' out >seen
		same seen '[1,"ok",1,"err 1",[]]
[2,"ok",3,"err 3",[["failed",1,null,"err 1"],["failed",1,null,"err 2"]]]
[3,"failed",3,"err 3",[["failed",1,null,"err 1"],["failed",1,null,"err 2"]]]
[4,"signaled",3,"err 3",[["signaled",null,"SIGSEGV","err 1"],["signaled",null,"SIGSEGV","err 2"]]]'
		jq -es '.[0] | has("tries") | not' out
		jq -es '[.[].tries // [] | .[].duration] | length == 6 and all(. >= 0)' out
		for task in 1 2 3 4; do
			jq -c .tries results/00000000$task/meta.json
		done | cmp - <(jq -c .tries out)
	}
	under_methods check
	mp -o jsonl --retries 1 --shell 'head -c 5000 /dev/zero | tr "\0" x >&2; printf "\377" >&2; exit 1' ::: 1
	[ "$(jq -r '.tries[0].stderr' out)" = "$(head -c 1024 /dev/zero | tr '\0' x)" ]
	printf '%s\n' '{"shell":"printf \\\\377 >&2; exit 3","retries":1}' | mp --jsonl -o jsonl
	jq -e '.tries[0] | .status == 3 and .stderr == "\ufffd"' out
}

@test "policy: an attempt that counts, since no other follows, is not among the tries" {
	trace_on
	start -j1 -o jsonl --results results --retries 3 --retry-delay 1h --shell 'echo e >&2; exit 3' ::: 1
	wait_for_event task_again
	kill -INT "$pid"
	finish
	jq -e '.attempts == 1 and .status == 3 and (has("tries") | not)' out
	jq -e '.attempts == 1 and (has("tries") | not)' results/000000001/meta.json
}

@test "policy: --retry-on that is no list, or without --retries" {
	for value in '' 0 256 x 7, ,7 9-8 1- -1 timeouts 7,,8 1-99999999999999999999; do
		mp --retries 1 --retry-on="$value" touch ran ::: a
		usage_error "^mpmap: --retry-on '$value': not a list of exit statuses .*75,100-120,timeout"
	done
	mp --retry-on 7 touch ran ::: a
	usage_error '^mpmap: --retry-on without --retries=N'
	[ ! -e ran ]
}

@test "policy: the retry delay doubles, and nothing is run again too early" {
	trace_on
	mp --retries 3 --retry-delay 0.1 false ::: a
	expect 123 ''
	# a worker may tell of an end only after its result was taken
	at_least "$(between task_start true 1 task_start true 2)" 100
	at_least "$(between task_start true 2 task_start true 3)" 200
	at_least "$(between task_start true 3 task_start true 4)" 400
}

@test "policy: what waits to be run again occupies no worker; ^C lets its last outcome stand" {
	check() {
		trace_on
		start -j1 --retries 3 --retry-delay 1h --shell 'echo "$1 $MPMAP_ATTEMPT"; [ "$1" -ne 1 ]' ::: 1 2 3 4
		wait_for_event task_end 4
		wait_for_event worker_park
		kill -INT "$pid"
		finish
		expect 130 $'1 1\n2 1\n3 1\n4 1'
		same err 'mpmap: ended by SIGINT: 4 done (1 failed), 0 stopped, 0 not begun'
	}
	check
}

@test "policy: a stream too large to be held goes out, and its task is not run again" {
	"$TOOL" spew 3000000 1 >large
	for order in '' --unordered; do
		rm -f ran
		mp -j2 --buffer 64K --spill 0 --retries 5 $order --shell 'echo "$1" >>ran; "$TOOL" spew 3000000 1; exit 3' ::: 1 2 3
		expect 123
		cat large large large | cmp - out
		[ "$(sort ran)" = $'1\n2\n3' ] || complain "$(cat ran)"
		says '^mpmap: #3: exit status 3 \(not run again: its output was more than could be held\): '
	done
	# with room for it, it is
	mp_again 1 --retries 5 --shell '"$TOOL" spew 3000000 "$MPMAP_ATTEMPT"; [ "$MPMAP_ATTEMPT" -eq 2 ]' ::: 1
	"$TOOL" spew 3000000 2 | cmp - out
	mp_again 1 --buffer 64K --retries 5 --shell '"$TOOL" spew 3000000 "$MPMAP_ATTEMPT"; [ "$MPMAP_ATTEMPT" -eq 2 ]' ::: 1
	"$TOOL" spew 3000000 2 | cmp - out
	mp --buffer 64K --spill 0 --retries 5 --shell '"$TOOL" spew 3000000 1; kill -KILL $$' ::: 1
	expect 125
	cmp large out
	says '^mpmap: #1: killed by SIGKILL.*\(what it had written is in the output\)$'
}

@test "policy: the first in line is run again while the results of others fill all there is" {
	check() {
		trace_on
		start -j3 --buffer 64K --spill 0 --retries 1 --shell 'if [ "$1" -gt 1 ]; then "$TOOL" spew 40000 "$1"; else echo "$MPMAP_ATTEMPT"; [ "$MPMAP_ATTEMPT" -eq 2 ] || { "$TOOL" hold gate; kill -KILL $$; }; fi' ::: $(seq 20)
		wait_for_event gate_close
		touch gate
		finish
		expect 0
		{ echo 2 && for seed in $(seq 2 20); do "$TOOL" spew 40000 "$seed"; done; } | cmp - out
	}
	check
}

@test "policy: with --ungroup the output of every attempt is there" {
	mp --ungroup --retries 2 --shell 'echo "$MPMAP_ATTEMPT"; false' ::: a
	expect 123 $'1\n2\n3'
}

@test "policy: --timeout ends who takes longer; the others go on, and the order stays" {
	check() {
		mp -j2 --timeout 2 --shell 'echo "$1"; [ "$1" -ne 2 ] || exec "$TOOL" pause pid' ::: 1 2 3 4 5
		expect 125 $'1\n2\n3\n4\n5'
		says '^mpmap: 1 of 5 tasks failed: 1 by time limit$'
		says '^mpmap: #2: timed out after 2 s: '
	}
	check
	trace_on
	mp --timeout 0.3 "$TOOL" pause ::: pid
	at_least "$(between chunk_claim true 1 task_timeout true 1)" 300
}

@test "policy: the time stands still while everything is stopped by SIGSTOP, and counts again after that" {
	trace_on
	start -j2 --timeout 1.8 "$TOOL" hold ::: gate1 gate2
	wait_for_event task_start 2
	mapfile -t all < <("$TOOL" marked "MPMAP_TEST_ID=$MPMAP_TEST_ID" | cut -d ' ' -f 1)
	[ "${#all[@]}" -ge 5 ]
	kill -STOP "${all[@]}"
	let_pass 2.5
	kill -CONT "${all[@]}"
	let_pass 0.1
	touch gate1
	finish
	expect 125
	says '^mpmap: 1 of 2 tasks failed: 1 by time limit$'
	says '^mpmap: #2: timed out after 1.8 s'
}

@test "policy: a task whose time is over is asked to end first, and what it says then counts" {
	mp --timeout 2 --shell 'trap "echo bye; exit 0" TERM; "$TOOL" pause pid & wait' ::: a
	expect 125 bye
	says '^mpmap: #1: timed out after 2 s: '
}

@test "policy: neither a task that ignores SIGTERM nor its children outlive their time" {
	check() {
		trace_on
		mp -j2 --timeout 2 --grace 0.4 --shell '"$TOOL" background "child$1" TERM; exec "$TOOL" ignore "task$1" TERM' ::: 1 2
		expect 125 ''
		says '2 of 2 tasks failed: 2 by time limit'
		at_least "$(between task_timeout '.seq == 1' 1 task_end '.seq == 1' 1)" 400
		no_processes_left
	}
	check
	mp --timeout 0.2 --grace 0 "$TOOL" ignore {} TERM HUP INT ::: pid
	expect 125 ''
}

@test "policy: a percentage of the median counts once ten tasks have ended, for those that run too" {
	trace_on
	mp -j2 --timeout 20000% --shell '[ "$1" -gt 1 ] || exec "$TOOL" pause pid; echo "$1"' ::: $(seq 16)
	expect 125 "$(seq 2 16)"
	says '^mpmap: #1: timed out after [0-9.]+ s: '
	[ "$(events task_timeout | wc -l)" -eq 1 ]
	at_least "$(between task_end '.outcome == "ok"' 10 task_timeout true 1)" 0
	trace_on
	start -j2 --timeout 100% "$TOOL" hold 'gate{}' ::: $(seq 10)
	wait_for_event task_start 2
	for number in $(seq 2 10); do
		touch "gate$number"
	done
	wait_for_event task_end 9
	wait_until at_rest 1
	touch gate1
	finish
	expect 0 '' ''
}

@test "policy: --grace is also what the tasks have when mpmap is told to end" {
	trace_on
	start --grace 0 "$TOOL" ignore {} TERM ::: pid
	wait_until test -s pid
	kill -TERM "$pid"
	finish
	expect 143
	trace_on
	rm pid
	start --grace 0.4 "$TOOL" ignore {} TERM ::: pid
	wait_until test -s pid
	kill -TERM "$pid"
	finish
	expect 143
	at_least "$(between signal true 1 run_end true 1)" 400
}

@test "policy: --halt now,fail=1: what runs is ended, the rest never begun, status 124 and the name of the task" {
	check() {
		trace_on
		start -j8 --halt now,fail=1 --shell 'echo "$1"; [ "$1" -ne 5 ] || { "$TOOL" hold gate; exit 3; }; exec "$TOOL" pause "task$1"' ::: $(seq 20)
		wait_for_event task_start 8
		touch gate
		finish
		expect 124
		head -n 8 out | cmp - <(seq 8)
		says '^mpmap: stopped by --halt after #5: exit status 3: '
		# the worker may begin one more task before the parent stops it
		says '^mpmap: [89] of 20 tasks failed: 1 by exit status, [78] by signal; others were skipped$'
		says_not '#1[0-9]|#20'
	}
	check
}

@test "policy: --halt soon: what runs is waited for" {
	check() {
		trace_on
		start -j2 --halt soon,fail=1 --shell '[ "$1" -ne 2 ] || exit 3; "$TOOL" hold gate; echo "$1"' ::: 1 2 3 4 5
		wait_for_event gate_close
		touch gate
		finish
		expect 124
		grep -qx 1 out
		says '^mpmap: stopped by --halt after #2: exit status 3: '
		says '^mpmap: 1 of 5 tasks failed: 1 by exit status; others were skipped$'
		not grep -qx '[45]' out
	}
	check
}

@test "policy: --halt counts failures of every kind, successes, or both" {
	run_to_end -j1 --timeout 2 --halt now,fail=3 --shell 'case $1 in 2) kill -KILL $$ ;; 4) exit 1 ;; 6) exec "$TOOL" pause pid ;; esac' ::: 1 2 3 4 5 6 7
	expect 124
	says '^mpmap: stopped by --halt after #6: timed out after 2 s'
	run_to_end -j1 --halt now,success=2 --shell '[ "$1" -ne 5 ] || exec "$TOOL" hold never; exit $(($1 % 2))' ::: 1 2 3 4 5
	expect 0
	says '^mpmap: stopped by --halt after #4'
	run_to_end -j1 --halt now,done=3 --shell '[ "$1" -ne 4 ] || exec "$TOOL" hold never; exit $(($1 % 2))' ::: 1 2 3 4
	expect 124
	says '^mpmap: stopped by --halt after #3'
	mp -j1 --halt never --shell 'exit "$1"' ::: 1 1 1
	expect 123
	mp -j1 --halt soon,fail=4 --shell 'exit "$1"' ::: 1 1 1
	expect 123
	says_not 'stopped'
}

@test "policy: --halt with a percentage of items, whose number is known at once" {
	run_to_end -j1 --halt now,fail=50% --shell '[ "$1" -ne 5 ] || exec "$TOOL" hold never; exit $(($1 % 2))' ::: 1 2 3 5
	expect 124
	says '^mpmap: stopped by --halt after #3'
	mp -j1 --halt soon,fail=51% --shell 'exit $(($1 % 2))' ::: 1 2 3 4
	expect 123
	mp -j1 --halt soon,success=100% --shell 'exit $(($1 % 2))' ::: 1 2 3 4
	expect 123
}

@test "policy: --halt with a percentage waits for the end of the input" {
	trace_on
	open_feed
	start -j2 --chunksize 1 --halt now,fail=50% --shell '[ "$1" -lt 5 ] || "$TOOL" hold gate; exit 1' <feed
	seq 4 >&7
	wait_for_event task_end 4
	wait_until at_rest 0
	[ "$(event_count gate_close)" -eq 0 ]
	seq 5 7 >&7
	close_feed
	wait_for_event input_end
	touch gate
	finish
	expect 124
	says '^mpmap: stopped by --halt after #[56]: exit status 1'
}

@test "policy: --halt now kills after --grace what ignores SIGTERM, and its children" {
	check() {
		trace_on
		start -j2 --grace 0.4 --halt now,fail=1 --shell '[ "$1" -eq 1 ] || { "$TOOL" background child TERM; exec "$TOOL" ignore pid TERM; }; "$TOOL" hold gate; exit 1' ::: 1 2
		wait_until test -s pid
		touch gate
		finish
		expect 124
		says '^mpmap: #2: killed by SIGKILL'
		at_least "$(between gate_close true 1 task_end '.seq == 2' 1)" 400
		no_processes_left
	}
	check
}

@test "policy: --halt and --retries: only what a task ends with counts" {
	mp -j1 --halt now,fail=1 --retries 1 --shell 'echo "$1"; [ "$MPMAP_ATTEMPT" -eq 2 ]' ::: 1 2 3
	expect 0 $'1\n2\n3' "$(attempts_note 3)"
	run_to_end -j1 --halt now,fail=1 --retries 1 --shell '[ "$1" -eq 1 ] || exec "$TOOL" hold never; exit 3' ::: 1 2
	expect 124
	says '^mpmap: stopped by --halt after #1: exit status 3 \(attempt 2\)'
	run_to_end -q -j1 --halt now,fail=1 --shell 'exit 3' ::: 1
	expect 124 '' ''
}
