#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The state that tasks share, while its users and its server are killed at random; `make soak` does the same for longer.

# tests/state_proof.py makes each run, checks it, and prints what repeats it. MPMAP_TEST_SEED is the first seed of each
# test, instead of a random one.

load helper
no_leak_check

# Takes the interpreter itself where python3 is a script that looks for it.
setup_file() {
	local program
	program=$(python3 -c 'import sys; print(sys.executable)') || return 0
	export PATH=${program%/*}:$PATH
}

# proves MODE RECORDS [SEEDS]: a run, or several, under each start method
proves() {
	local first=${MPMAP_TEST_SEED:-$RANDOM}
	needs python3
	check() {
		run_it python3 "$BATS_TEST_DIRNAME/state_proof.py" "$first+${3:-1}" "$METHOD" "$1" "$2"
		cat out
		expect 0
	}
	under_methods check "$@"
}

@test "state proof: tasks killed every 20 ms with --state=atomic and --retries: counters are exact, and each item is done once" {
	proves atomic 50
}

@test "state proof: tasks killed every 20 ms: no lock is held twice, nothing is lost, and nothing acknowledged comes again" {
	proves plain 50
}

@test "state proof: functions killed every 20 ms with --state=atomic: counters are exact, and each item is done once" {
	proves python 30
}

@test "state proof: a crawler killed every 20 ms, with --queue: each page is done once" {
	proves crawl 100
	proves crawl-once 100
}

@test "state proof: the state server killed: requests get status 7, the run status 1, and nothing is left" {
	proves server 100
}

@test "state proof: 500 clients of a run, and strangers that are silent, garbage, or without the key: each costs one connection" {
	needs python3
	run_it "$MPMAP" --state python3 "$BATS_TEST_DIRNAME/state_crowd.py" ::: 1
	expect 0 '' ''
}
