#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# mpmap-state: whose a lock or an item is, and what the death of its owner does.

load helper

setup_path() {
	PATH=${MPMAP%/*}:$PATH
}

# served SCRIPT: runs it in bash under a server, with mpmap-state as s
served() {
	run_it "${MPMAP%/*}/mpmap-state" serve -- bash -c 's() { mpmap-state "$@"; }; '"$1"
}

@test "state owners: a lock is the calling script's, and free when that is killed" {
	setup_path
	mkfifo wait
	cat >holder <<-'END'
		mpmap-state lock a b
		mpmap-state acquire s --of 1
		mpmap-state pop q --ack
		echo held >held
		read -r _ <>wait
		true
	END
	served 's push q first; s push q second; bash holder & holder=$!
		until [ -e held ]; do :; done; s lock b --timeout 0; echo $?; s acquire s --timeout 0; echo $?; s len q
		{ s lock a; echo locked; s acquire s; s pop q; s pop q; } >>after & kill -9 $holder; wait; cat after'
	expect 0
	[ "$(grep -v '^first$' out)" = $'1\n1\n1\nlocked\nsecond' ] && [ "$(grep -c '^first$' out)" -eq 2 ] || complain "$(cat out)"
	says 'lock "b" is held by process [0-9]* \(bash\)'
}

@test "state owners: what the caller has locked does not keep what it runs waiting" {
	setup_path
	served 's lock a; s lock a -- echo inner; bash -c "mpmap-state lock a --timeout 0; echo \$?; mpmap-state unlock a"; s unlock a; s list
		s lock b -- bash -c "mpmap-state lock b --timeout 0; echo \$?; mpmap-state lock b -- echo again"; s list'
	expect 0 $'inner\n0\n0\nagain' ''
}

@test "state owners: another's lock is not released, and the error names the owner" {
	setup_path
	served 's lock a; bash -c "mpmap-state unlock a; echo \$?"; s unlock a'
	expect 0 2
	says 'lock "a" is held by process [0-9]* \(bash\), not by process [0-9]* \(bash\)'
}

@test "state owners: MPMAP_STATE_OWNER names the owner" {
	setup_path
	served 'x=$(export MPMAP_STATE_OWNER=$$; s lock a; s lock a; echo); s unlock a; s unlock a; echo $?; MPMAP_STATE_OWNER=1 s lock a; echo $?'
	expect 0 $'0\n2'
	says '"1" is no process of this user that could own anything'
}

@test "state owners: a circle is found and named" {
	setup_path
	served 'bash -c "mpmap-state lock a; echo >here; until [ -e there ]; do :; done; mpmap-state lock b; echo first \$?; true" &
		bash -c "until [ -e here ]; do :; done; mpmap-state lock b; echo >there; until mpmap-state stat | grep -q ^waiting.1; do :; done
			mpmap-state lock a; echo second \$?; true"; wait'
	expect 0 $'second 3\nfirst 0'
	says 'deadlock: process [0-9]* \(bash\) waits for "a", held by process [0-9]* \(bash\), which waits for "b", held by process'
}

@test "state owners: a barrier breaks when one that stands in it is killed" {
	setup_path
	served 'bash -c "mpmap-state barrier b 3; true" & first=$!; s barrier b 3 & second=$!
		until s stat | grep -q "^waiting.2"; do :; done; kill -9 $first; wait $second; echo $?; s barrier b 3; echo $?; s del b; s barrier b 1'
	expect 0 $'4\n4\n0'
	says 'barrier "b" is broken: process [0-9]* \(bash\) has left it'
}

@test "state owners: a waiter that is killed is passed over" {
	setup_path
	mkfifo go
	served 'bash -c "mpmap-state lock a; echo >held; read -r _ <go; true" & until [ -e held ]; do :; done
		mpmap-state lock a -- true & waiters=$!; mpmap-state pop q & waiters="$waiters $!"; s pop q & popper=$!
		until s stat | grep -q "^waiting.3"; do :; done; kill -9 $waiters; until s stat | grep -q "^waiting.1"; do :; done
		echo >go; s lock a -- echo got; s push q x; wait $popper; s len q'
	expect 0 $'got\nx\n0'
}

@test "state owners: COMMAND of lock and once is killed with the client, whose lock is then free" {
	setup_path
	mkfifo wait
	served 'mpmap-state lock a -- sh -c "echo \$\$ >pid; read _ <wait; echo >bad" & until [ -s pid ]; do :; done
		kill -9 $!; s lock a; until ! kill -0 "$(cat pid)" 2>/dev/null; do :; done; [ ! -e bad ] && echo good'
	expect 0 good
}

@test "state owners: clients that wait get status 7 when the server is killed" {
	setup_path
	start_it mpmap-state serve --socket "$PWD/socket"
	wait_until file_has out socket
	export MPMAP_STATE=$PWD/socket
	mpmap-state pop q 2>popped &
	local popper=$!
	waits() { mpmap-state stat | grep -q '^waiting.1'; }
	wait_until waits
	kill -9 "$pid"
	finish
	local status=0
	wait "$popper" || status=$?
	[ "$status" -eq 7 ]
	grep -q 'the state server has gone' popped
}

# Workers take items, each with a lock held, and are killed at random; each item is done, and once it is, never again.
@test "state owners: killed at random, no item is lost, and no lock is held twice" {
	setup_path
	local seed=${MPMAP_TEST_SEED:-$RANDOM}
	echo "MPMAP_TEST_SEED=$seed"
	cat >worker <<-'END'
		while item=$(mpmap-state pop q --ack --timeout 20); do
			echo "pop $item" >>log
			[ "$item" != end ] || break
			mpmap-state lock a b || exit 1
			echo "enter $$" >>log
			mpmap-state put result "$item" done
			mpmap-state add count >>counts
			echo "leave $$" >>log
			mpmap-state unlock b a || exit 1
			mpmap-state done q || exit 1
			echo "done $item" >>log
		done
		mpmap-state back q
	END
	cat >main <<-'END'
		seq "$ITEMS" | mpmap-state push q -
		RANDOM=$1
		start() { bash worker & workers[$1]=$!; }
		for i in {0..5}; do start $i; done
		mpmap-state join q && : >joined & joiner=$!
		until [ -e joined ]; do
			read -rt 0.02 _ <>pause || :
			i=$((RANDOM % 6)) && kill -9 "${workers[i]}" 2>/dev/null && echo "killed ${workers[i]}" >>log
			[ -e joined ] || start $i
		done
		wait $joiner
		mpmap-state push q end
		wait
		mpmap-state len result
		mpmap-state list | grep -c 'lock held' || :
	END
	mkfifo pause
	ITEMS=150 run_it mpmap-state serve -- bash main "$seed" 2>/dev/null
	expect 0 $'150\n0'
	awk '
	$1 == "done" { done[$2] }
	$1 == "pop" && $2 in done { print "again: " $2; bad = 1 }
	$1 == "killed" { dead[$2] }
	{ line[NR] = $1; who[NR] = $2 }
	END {
		for (i = 1; i <= NR; i++) {
			if (line[i] == "enter") {
				if (inside && !(inside in dead)) { print "two: " inside " " who[i]; bad = 1 }
				inside = who[i]
			}
			if (line[i] == "leave" && inside == who[i]) inside = ""
		}
		exit bad
	}' log
	grep -q '^killed' log
}
