#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Workers, the forkserver, tasks and mpmap itself killed and stopped at random instants; `make soak` does the same for longer.

# CHAOS is the absolute path of tests/chaos, which makes each run, checks it, and prints what repeats it; without arguments
# it tells what it can do. MPMAP_TEST_SEED is the first seed of each test, instead of a random one.

load helper
no_leak_check

# survives MODE RECORDS SEEDS [OPTION]...: SEEDS runs under each start method, with consecutive seeds
survives() {
	local mode=$1 records=$2 seeds=$3 first=${MPMAP_TEST_SEED:-$RANDOM}
	shift 3
	check() {
		run_it "$CHAOS" "$first+$seeds" "$METHOD" "$mode" "$records" "$@"
		cat out
		expect 0
		[ "$(wc -l <out)" -eq "$seeds" ]
		[[ " $* " != *' --retries '* ]] || not grep -v ', 0 failed, ' out
		cat out >>"$BATS_TEST_TMPDIR/runs"
	}
	LIMIT=200 under_methods check "$@"
	tell_longest
}

# The longest times of a test's runs, for the log.
tell_longest() {
	awk -F ', ' '
	function longer(text, i) { gsub(/[^0-9.]/, "", text); if (text + 0 > longest[i]) longest[i] = text + 0 }
	{ longer($(NF - 2), 1); longer($(NF - 1), 2); longer($NF, 3); split($1, word, " ") }
	NR == 1 { seed = word[2] }
	END { printf "# seed %d, %d runs: longest run %.2f s, longest pause %.2f s, all gone within %.3f s\n",
		seed, NR, longest[1], longest[2], longest[3] }' "$BATS_TEST_TMPDIR/runs" >&3
}

@test "chaos: workers killed every 40 ms: every number once in the output, or counted lost" {
	survives workers,shell 600 1 -j4 --chunksize 5
}

@test "chaos: workers killed every 40 ms, with retries: the output is whole" {
	survives workers,shell 600 1 -j4 --chunksize 5 --retries 5
}

@test "chaos: workers killed, with long chunks and short lives" {
	survives workers 300 2 -j4 --chunksize 50 --max-tasks-per-worker 20
}

@test "chaos: the only worker killed, again and again" {
	survives workers 150 1 -j1
}

@test "chaos: workers that die by SIGSEGV" {
	survives crashes 300 2 -j4
}

@test "chaos: any process stopped and continued: nothing fails" {
	survives stops 200 1 -j4
}

@test "chaos: the forkserver killed and stopped: nothing fails" {
	local first=${MPMAP_TEST_SEED:-$RANDOM}
	run_it "$CHAOS" "$first+2" forkserver forkserver 500 -j4 --max-tasks-per-worker 5
	cat out
	expect 0
	cp out "$BATS_TEST_TMPDIR/runs"
	tell_longest
}

@test "chaos: tasks killed, crashed, and stopped" {
	survives tasks 300 1 -j4
}

@test "chaos: everything at once, with little memory and a slow reader" {
	survives all,large,slow 200 1 -j4 --buffer 64K --spill 64K
}

@test "chaos: everything at once, with little memory, a slow reader, and retries" {
	survives all,large,slow 200 1 -j4 --buffer 64K --spill 4M --retries 99
}

@test "chaos: everything at once, unordered" {
	survives all,large 200 1 -j4 --unordered --buffer 64K --spill 0
}

@test "chaos: everything at once, unordered, with retries" {
	survives all,large 200 1 -j4 --unordered --retries 99
}

@test "chaos: the commands of a filter killed, again and again: nothing fails" {
	survives commands,quick,filter 200000 1 -j4
	survives commands,quick,filter,large,slow 500 1 -j4 --buffer 64K --spill 1M
}

@test "chaos: the workers of a filter killed: nothing fails" {
	survives workers,filter 600 1 -j4
	survives workers,quick,filter 200000 1 -j3 --unordered
}

@test "chaos: adapters killed, again and again: nothing fails" {
	survives commands,quick,function 100000 1 -j4
	survives commands,quick,function,large,slow 500 1 -j4 --buffer 64K --spill 1M
}

@test "chaos: the workers of adapters killed: nothing fails" {
	survives workers,function 600 1 -j4
	survives workers,quick,function 100000 1 -j3 --unordered
}

@test "chaos: everything at once around adapters" {
	survives all,function 300 1 -j4
}

@test "chaos: everything at once around a filter" {
	survives all,filter 300 1 -j4
}

@test "chaos: mpmap killed at random instants: nothing is left, not even children in a task's group" {
	survives parent 2000 3 -j4
}

@test "chaos: mpmap killed while results wait in a file, and its reader is slow" {
	survives parent,large,slow 2000 1 -j4 --buffer 64K --spill 1M
}

@test "chaos: mpmap and all its workers killed at once: nothing is left of tasks" {
	survives together 2000 2 -j4
}
