#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --state: the state that the tasks of a run share, whose it is, and what the ends of tasks and of the server do.

load helper

setup_path() {
	PATH=${MPMAP%/*}:$PATH
}

counted_by() {
	seq 60 | mp_well -j4 --start-method "$METHOD" --state --shell 'mpmap-state add n'
	[ "$(sort -n out)" = "$(seq 60)" ] || complain "$METHOD: $(tr '\n' ' ' <out)"
	# In shell: no process for a request.
	seq 60 | mp_well -j4 --start-method "$METHOD" --state --shell \
		'echo "add n 2" >&$MPMAP_STATE_FD; read -r is number <&$MPMAP_STATE_FD; echo $number'
	[ "$(sort -n out)" = "$(seq 2 2 120)" ] || complain "$METHOD: $(tr '\n' ' ' <out)"
}

@test "state in runs: a counter of all tasks, by processes and by the inherited connection, under every start method" {
	setup_path
	under_methods counted_by
}

@test "state in runs: a lock is its task's, not the client's, until the task has ended" {
	setup_path
	seq 30 | mp_well -j4 --state --shell 'mpmap-state lock l; mkdir in || echo two; rmdir in'
	expect 0 ''
	# A task that fails, and one that is killed, release it, too.
	seq 4 | mp -j2 --state --shell 'mpmap-state lock l; echo $1; [ $1 != 1 ] || exit 3; [ $1 != 2 ] || kill -9 $$'
	[ "$(cat status)" -eq 125 ]
	same out $'1\n2\n3\n4'
	# Each attempt is an owner of its own.
	seq 2 | mp_again 2 -j2 --state --retries 1 --shell 'mpmap-state lock l; [ $MPMAP_ATTEMPT = 2 ] && echo $1'
	same out $'1\n2'
}

@test "state in runs: a request that was written counts, though nobody waited for its answer" {
	setup_path
	printf '%s\n' 1 2 3 4 5 6 7 8 | mp_well -j1 --state --shell \
		'[ $1 = 8 ] && exec mpmap-state get n; echo "add n 1" >&$MPMAP_STATE_FD'
	same out 7
}

@test "state in runs: what a task left running owns nothing" {
	setup_path
	cat >leaves <<-'END'
		if [ "$1" = 1 ]; then
			(read -r _ <go; mpmap-state lock l; echo "$? $(mpmap-state get x 2>&1)" >left.part; mv left.part left) >/dev/null 2>error &
			exit
		fi
		echo >go
		until [ -e left ]; do :; done
		mpmap-state lock l --timeout 0
	END
	mkfifo go
	seq 2 | mp_well -j1 --state --leftovers=leave sh leaves
	same left '4 mpmap-state: task 1 has ended: what it left running owns nothing any more'
	grep -q 'task 1 has ended' error
}

@test "state in runs: waits in a circle are found, and named" {
	setup_path
	cat >circle <<-'END'
		mpmap-state lock "$1"
		mpmap-state barrier met 2
		if [ "$1" = a ]; then mpmap-state lock b; else mpmap-state lock a; fi
		status=$?
		echo $status
		[ $status != 3 ] || exit 0
	END
	printf '%s\n' a b | mp -j2 --state sh circle
	expect 0
	[ "$(grep -c '^3$' out)" -eq 1 ] && [ "$(grep -c '^0$' out)" -eq 2 ] || complain "$(cat out)"
	says 'deadlock: task [12] waits for "[ab]", held by task [12], which waits for "[ab]", held by task [12]'
}

@test "state in runs: waits that nobody can end are found, and named" {
	setup_path
	seq 8 | mp -j4 --state --timeout 60 --shell 'mpmap-state barrier b 8'
	says 'barrier "b" needs 8 tasks at once, and no more than 4 run \(-j\)'
	seq 3 | mp -j4 --state --timeout 60 --shell 'mpmap-state pop q'
	[ "$(cat status)" -eq 123 ]
	says 'nobody can end this wait: all tasks that run wait \([123]\), and there is no input left'
}

@test "state in runs: functions share it, each record an owner" {
	setup_path
	seq 40 | mp_well -j4 --state --setup 'import mpmap_state; n = mpmap_state.Counter("n"); l = mpmap_state.Lock("l")' --python 'l.acquire() and n.add(1)'
	[ "$(sort -n out)" = "$(seq 40)" ] || complain "$(tr '\n' ' ' <out)"
	seq 20 | mp_well -j4 --state --bash 'mpmap-state lock l; mpmap-state add n'
	[ "$(sort -n out)" = "$(seq 20)" ] || complain "$(tr '\n' ' ' <out)"
}

functions_meet() {
	seq 40 | mp_well -j4 --start-method "$METHOD" --state --setup 'import mpmap_state as s' --python 's.Barrier("b", 4).wait() < 4'
	[ "$(wc -l <out)" -eq 40 ] || complain "$METHOD: $(tr '\n' ' ' <out)"
}

@test "state in runs: functions that do not wait for each other can have many records at a time" {
	setup_path
	seq 2000 | mp_well -j2 --state --chunksize 500 --setup 'import mpmap_state; n = mpmap_state.Counter("n")' --python 'n.add(1)'
	[ "$(sort -n out)" = "$(seq 2000)" ] || complain "$(sort -n out | tail -n 1)"
}

@test "state in runs: functions that wait for each other are not behind each other, under every start method" {
	setup_path
	under_methods functions_meet
}

@test "state in runs: a run in a task has its own, or the outer one's" {
	setup_path
	echo 1 | mp --state --shell 'mpmap-state set x outer; mpmap --state mpmap-state get ::: x; mpmap mpmap-state get ::: x'
	expect 0 outer
	says '.*nothing is called "x"'
}

@test "state in runs: with a zygote tasks connect by themselves" {
	setup_path
	seq 8 | mp_well -j2 --state --zygote --shell 'mpmap-state lock l; echo "${MPMAP_STATE_FD-none} $(mpmap-state add n)"'
	same out "$(seq 8 | sed 's/^/none /')" || [ "$(sort out)" = "$(seq 8 | sed 's/^/none /' | sort)" ] || complain "$(cat out)"
}

@test "state in runs: without --state there is none, and the message says how to start one" {
	setup_path
	echo 1 | mp mpmap-state add n
	[ "$(cat status)" -eq 123 ]
	says '.*mpmap --state'
}

@test "state in runs: the end of the server ends the run, which says so" {
	setup_path
	cat >task <<-'END'
		[ "$1" = 1 ] || exit 0
		mpmap-state add n
		echo here >here
		read -r _ <>go
		mpmap-state add n
		echo "$?" >after
	END
	mkfifo go
	seq 1000 | start -j1 --state sh task
	wait_until file_has here here
	server=$(pgrep -P "$pid" -f StateServer)
	kill -9 "$server"
	echo >go
	finish
	[ "$(cat status)" -eq 1 ] || complain "$(cat status err)"
	same after 7
	says 'the state server was killed by signal 9: what tasks shared is lost'
}

@test "state in runs: nothing is left of the server and its folder, however the run ends" {
	setup_path
	mkdir temporary
	export TMPDIR=$PWD/temporary
	seq 3 | mp_well --state true
	[ -z "$(ls -A temporary)" ]
	mkfifo go
	start --state --shell 'echo here >here; read -r _ <>go' ::: 1
	wait_until file_has here here
	[ -n "$(ls -A temporary)" ]
	[ "$(stat -c %a temporary/*)" = 700 ]
	kill -9 "$pid"
	finish
	wait_until is_empty temporary
}

is_empty() {
	[ -z "$(ls -A "$1")" ]
}

@test "state in runs: what cannot share it is refused" {
	echo 1 | mp --state --filter cat
	usage_error '--filter and --state: COMMAND has many records in work'
	echo 1 | mp --state --coproc cat
	usage_error '--coproc and --state: COMMAND has many records in work'
	echo 1 | mp --state=all true
	usage_error "--state='all': not atomic"
	echo 1 | mp --state-memory 1M true
	usage_error '--state-memory without --state'
	echo 1 | mp --state --state-memory much true
	usage_error "--state-memory 'much': not a size"
}

@test "state in runs: more than --state-memory is an error that says how to have more" {
	setup_path
	echo 1 | mp --state --state-memory 4K --shell 'head -c 8000 /dev/zero | mpmap-state push q || echo $?'
	expect 0 1
	says '.*--state-memory'
}

@test "state atomic: what a task adds counts once, when it has succeeded" {
	setup_path
	seq 20 | mp -j4 --state=atomic --retries 2 --shell 'mpmap-state add n >/dev/null; mpmap-state append l $1 >/dev/null; [ $MPMAP_ATTEMPT -gt $(($1 % 3)) ] || exit 1
		[ $1 != 7 ] || kill -9 $$'
	expect 125
	cat >last <<-'END'
		mpmap-state add n >/dev/null
		if [ "$1" = 9 ]; then mpmap-state wait n = 9; else exit $(($1 % 2)); fi
	END
	# Of 1 to 8 the even ones succeed; each adds 1, and 9 sees its own, too.
	seq 9 | mp -j1 --state=atomic sh last
	[ "$(cat status)" -eq 123 ]
	says '.*nobody can end this wait'
	sed -i 's/= 9; /= 5; /' last
	seq 9 | mp -j1 --state=atomic sh last
	same out 5
	echo 1 | mp --state=atomic mpmap-state set x
	says '.*--state=atomic: set'
}

@test "queue: tasks find work, and the run ends when there is none left" {
	setup_path
	cat >crawl <<-'END'
		echo "$1"
		[ "${#1}" -ge 4 ] || for next in a b c; do mpmap-state push found "$1$next"; done
	END
	mp_well -j4 --queue found sh crawl ::: x y
	[ "$(wc -l <out)" -eq 80 ]
	[ "$(sort -u out | wc -l)" -eq 80 ]
	head -2 out | same - $'x\ny' || [ "$(head -2 out)" = $'x\ny' ]
	# Without input there is nothing to begin with.
	mp_well --queue found sh crawl </dev/null
	expect 0 ''
}

@test "queue: records keep their order, and a failed one is tried again before others" {
	setup_path
	mp_again 1 -j1 --queue q --retries 1 --shell \
		'echo $1.$MPMAP_ATTEMPT >>log; [ $1 != first ] || { mpmap-state push q a; mpmap-state push q b; }; [ $1.$MPMAP_ATTEMPT != a.1 ]; ' ::: first
	same log $'first.1\na.1\na.2\nb.1'
}

@test "queue: functions take from it, too" {
	setup_path
	mp_well -j2 --queue q --setup 'import mpmap_state; q = mpmap_state.Queue("q")' --python 'x, [q.put(x + c) for c in "ab" if len(x) < 4]' ::: x
	[ "$(wc -l <out)" -eq 15 ] || complain "$(cat out err)"
}

@test "queue: what is not a queue, and what has no records as texts, is refused" {
	setup_path
	open_feed
	mkfifo go
	start --queue q --shell 'mpmap-state lock q; echo here >here; read -r _ <>go' <feed
	echo 1 >&7
	wait_until file_has here here
	close_feed
	wait_until file_has err '--queue q: "q" is a lock, not a queue'
	echo >go
	finish
	expect 1
	mp --queue q -n 2 true ::: 1
	usage_error '--queue and --max-args: an item of the queue is one record'
	mp --queue '' true ::: 1
	usage_error "--queue '': no name of a queue"
	mp --queue "$(printf %0256d 0)" true ::: 1
	usage_error '--queue: a name of 256 bytes is too long: at most 255'
	mp --queue q --memo memo true ::: 1
	usage_error '--queue and --memo: what a task has pushed is not in its memo'
}

@test "queue: an item with a NUL ends the run, which says how to push items that have none" {
	setup_path
	mp --queue q --timeout 60 --shell '[ "$1" = 1 ] && printf "a\0b" | mpmap-state push q' ::: 1
	expect 1
	says '--queue q: an item has a NUL, and a record is a text'
	mp --queue q --timeout 60 --shell 'echo "$1"; [ "$1" != 1 ] || printf "a\0b\0" | mpmap-state -0 push q -' ::: 1
	expect 0 $'1\na\nb'
}

@test "state at the prompt: it stays from run to run, and state shows it" {
	setup_path
	echo 'state list' | run_it "$MPMAP" --interactive
	says 'state: no run has had a state yet \(map --state COMMAND\.\.\.\)'
	printf '%s\n' 'map -j2 --state mpmap-state add n ::: 1 2 3' wait 'map --state --shell '\''mpmap-state lock l; mpmap-state add n'\'' ::: 4' wait \
		'state get n' 'state list' 'state put m "a b" 1' 'state get m "a b"' quit | run_it "$MPMAP" --interactive
	expect 0
	[ "$(tail -n 4 out)" = $'7\n7\nn\tvalue 7\n1' ] || complain "$(cat out)"
}

@test "state at the prompt: waits that nobody can end are found there, too" {
	setup_path
	printf '%s\n' 'map --state --shell "mpmap-state barrier b 3" ::: 1 2' wait quit | run_it "$MPMAP" --interactive -j4
	says 'barrier "b" needs 3 tasks at once, and no more than 2 are left'
}
