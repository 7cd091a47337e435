#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The state of tasks from Python: python/mpmap_state.py, and multiprocessing.connection. The tests are in state_python.py.
#
# They are named after the entries of CPython's suite that they stand for. These of its entries have no test here:
# Q8 (a producer's end with what nobody took): put() returns once the server has the item, so there is no feeder to wait for.
# K2 to K8, K10 to K12, K14 to K20: offsets, simplex pipes, poll, wait and descriptors are not offered; frames and keys are
#   tested by tests/pyauth.bats and the unit tests of pyauth.
# Y9 (a step of the clock): all waits are the server's, whose clock is monotonic.
# Y3's semaphore that grows beyond its value: a place belongs to a thread, and only what was acquired can be released.
# H1 to H3, H5: memory is created by mpmap alone, sealed and without a name (tests/shared.bats); there is no heap.
# G3's hidden methods, G4, G5, G7's restart: there is no manager to start; its locks are Y7, its items Q11, its death G6.
# T1 to T8: there is no tracker: nothing has a name that could be left.

load helper

export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$BATS_TEST_DIRNAME/../python

# Takes the interpreter itself where python3 is a script that looks for it, which takes longer than all else.
setup_file() {
	local program
	program=$(python3 -c 'import sys; print(sys.executable)') || return 0
	export PATH=${program%/*}:$PATH
}

# passes TEST...: each passes with a server of its own
passes() {
	local name
	needs python3
	export STATE_CLIENT=${MPMAP%/*}/mpmap-state
	for name; do
		# shellcheck disable=SC2016
		run_it "$STATE_CLIENT" serve -- sh -c 'SERVER_PID=$PPID exec python3 "$@"' sh "$BATS_TEST_DIRNAME/state_python.py" "$name"
		[ "$(cat status)" -eq 0 ] || complain "$name: exit status $(cat status)" || return 1
	done
}

@test "state_python: the module is clean, and needs nothing newer than Python 3.8" {
	needs python3 pyflakes3
	local program
	pyflakes3 "$BATS_TEST_DIRNAME/../python/mpmap_state.py" "$BATS_TEST_DIRNAME/state_python.py"
	for program in python3.{8..20} /usr/bin/python3 python3; do
		"$program" -c 'import sys; sys.version_info >= (3, 8) or sys.exit(1)' 2>/dev/null || continue
		"$program" -c 'import mpmap_state; assert set(mpmap_state.__all__) <= set(dir(mpmap_state))'
	done
}

@test "state_python: queues (Q)" {
	passes Q1 Q2 Q3 Q4 Q5 Q6 Q7 Q9 Q10 Q11 Q12
}

@test "state_python: what a connection carries (K)" {
	passes K1 K9 K13 K21
}

@test "state_python: locks, semaphores, conditions, events and barriers (Y)" {
	passes Y1 Y2 Y3 Y4 Y5 Y6 Y6_action Y6_broken Y7 Y7_thread Y8 Y10 Y11_deadlock Y12_interrupt
}

@test "state_python: dictionaries, lists, namespaces, and the server (G)" {
	passes G1 G1_dict G1_list G2 G3 G8 G9 G10 S1
}

@test "state_python: a server that is killed fails the requests, and hangs none (G6)" {
	needs python3
	"${MPMAP%/*}/mpmap-state" serve --socket "$PWD/socket" >out 2>err 3>&- &
	STARTED+=("$!")
	wait_until file_has out socket
	MPMAP_STATE=$PWD/socket SERVER_PID=$! run_it python3 "$BATS_TEST_DIRNAME/state_python.py" G6
	expect 0
}

@test "state_python: multiprocessing.connection, its key, and strangers (K15 to K20)" {
	passes C1_requests C2_strangers C3_silent
}

@test "state_python: arrays and values in shared memory (H)" {
	needs python3
	# shellcheck disable=SC2016
	run_it "${MPMAP%/*}/mpmap-state" serve -- "$MPMAP" -j1 --shared array=d*10 --shared text=c*20 --shared h4i=i --shared h4d=d \
		--shared h4h=h --shared h4q=q --shared h4c=c --shared h4B=B --shared h4f=f \
		python3 "$BATS_TEST_DIRNAME/state_python.py" ::: H4 H4_lock
	expect 0
}

functions_share() {
	run_it "${MPMAP%/*}/mpmap-state" serve -- sh -c '"$0" -j2 --python "s.Counter(\"n\").add(int(x))" --setup "import mpmap_state as s
s.Counter(\"setups\").add()" ::: 1 2 3 4 5 >numbers; "$0" -j2 --isolate --python "s.Counter(\"n\").add(int(x))" --setup "import mpmap_state as s
s.Counter(\"before the fork\").add()" ::: 6 7 >numbers; mpmap-state get n' "$MPMAP"
	expect 0 28 ''
}
@test "state_python: functions find the module, and each process has a connection of its own" {
	needs python3
	unset PYTHONPATH
	PATH=${MPMAP%/*}:$PATH
	under_methods functions_share
}

@test "state_python: every test is run" {
	needs python3
	MPMAP_STATE=none python3 "$BATS_TEST_DIRNAME/state_python.py" --list | sort >listed
	grep -oE '(passes|:::|state_python\.py"?) .*' "$BATS_TEST_FILENAME" | grep -oE '\b[A-Z][0-9]+(_[a-z]+)?\b' | sort -u >run
	comm -23 listed run >missing
	same missing ''
}
