#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The benchmarks run through, and the limit does what it is measured for. Nothing here asserts a time.

load helper

bench="$BATS_TEST_DIRNAME/../bench/bench"

@test "bench: the limit runs the command once for each line, however it captures and starts" {
	[ -x "$BENCH_LIMIT" ]
	seq 100 >list
	for options in '' -s -c -f '-c -s' '-f -s'; do
		# shellcheck disable=SC2086
		"$BENCH_LIMIT" $options 2 /bin/echo a b <list >out
		sort -n -k 3 out | cmp - <(seq -f 'a b %g' 100)
	done
	code=0
	"$BENCH_LIMIT" -c 2 /bin/sh -c 'echo "$1" >&2; [ "$1" != 7 ]' sh <list 2>err || code=$?
	[ "$code" = 1 ]
	sort -n err | cmp - list
}

@test "bench: every workload runs through, and is in the table and in the samples" {
	command -v python3 >/dev/null || skip_or_fail 'there is no python3'
	# Not E6: GNU parallel and Python take seconds to begin with 1,000 processes.
	"$bench" --rounds 1 --scale 0.001 --output . E1 E2 E1C E2C E3 E4 E5 F1 F2 F3 F3I F4 F4P F5 F6 J1 M1 P1 >out
	cmp out results.md
	for workload in E1 E2 E1C E2C E3 E4 E5 F1 F2 F3 F3I F4 F4P F6 M1 P1; do grep "^| $workload | mpmap |" results.md >/dev/null; done
	python3 -c 'import json, sys; sys.exit(len(json.load(open("results.json"))["workloads"]) != 18)'
	"$bench" --readme results.json >out
	grep -E '^\| \.\.\. with `--zygote` \| [0-9.]+ \|  \|' out
}

@test "bench: two builds are compared in turns" {
	command -v python3 >/dev/null || skip_or_fail 'there is no python3'
	# The same program twice: what it says of the times is chance.
	"${bench%bench}compare" --rounds 3 "$MPMAP" "$MPMAP" E3 >out || [ $? -eq 1 ]
	grep -E '^E3 +[0-9.]+ +[0-9.]+ to [0-9.]+ ' out
}

@test "bench: lines that come one by one are answered and measured" {
	command -v python3 >/dev/null || skip_or_fail 'there is no python3'
	MPMAP=$MPMAP "$BATS_TEST_DIRNAME/../bench/trickle" 0.1 >out
	[ "$(grep -cE '^(sed|python) +1(0|00)? lines/s: median [0-9.]+ s, longest [0-9.]+ s, wanted [0-9.]+ s' out)" = 6 ]
}

@test "bench: the shared state is measured beside what else there is" {
	needs python3 flock cc
	MPMAP=$MPMAP "$BATS_TEST_DIRNAME/../bench/state" 1 >out
	[ "$(grep -cE '^(client|flock, sh|Manager|Python|C|bash)( +[0-9.]+){4}$' out)" = 18 ]
	[ "$(grep -cE '^.* beside .* wanted .* measured +[0-9.]+ (met|NOT MET)$' out)" = 24 ]
}

@test "bench: a run of which nearly everything is in the memo is measured, and ran what is new" {
	needs python3
	MPMAP=$MPMAP "$BATS_TEST_DIRNAME/../bench/memo" 1500 2 >out
	grep -E '^1500 records: fresh [0-9.]+ s, 1 in 1000 changed [0-9.]+ s, [0-9.]+ % of it, wanted 10 %$' out
}

@test "bench: what journals cost, and resuming, is measured beside what else there is" {
	needs python3 parallel
	MPMAP=$MPMAP "$BATS_TEST_DIRNAME/../bench/journal" --rounds 1 --scale 0.002 >out
	[ "$(grep -cE ' measured +[0-9.]+ times +wanted +[0-9.]+ at most: (met|NOT MET)$' out)" = 6 ]
	grep -E '^  memory of the largest process +measured +[0-9.]+ MiB +wanted +64.00 at most: (met|NOT MET)$' out
	grep -E '^2000 records: fresh .* 1 in 1000 changed' out
}
