#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The corpus of the fuzzers, as ordinary tests; `make fuzz` searches for more.

# FUZZ is the absolute path of the targets' programs, without their names. What an input is, its target's first comment says.

load helper

corpus=$BATS_TEST_DIRNAME/corpus

# The names of the targets.
targets() {
	local source
	for source in "$BATS_TEST_DIRNAME"/fuzz_*.c; do
		source=${source##*/fuzz_}
		[ "$source" = main.c ] || echo "${source%.c}"
	done
}

@test "fuzz: every target has inputs, and all inputs have a target" {
	local name
	for name in $(targets); do
		[ -n "$(find "$corpus/$name" -type f)" ] || complain "nothing for $name"
	done
	[ "$(cd "$corpus" && echo *)" = "$(targets | sort | paste -sd ' ')" ]
}

@test "fuzz: no input does harm to its target" {
	local name
	for name in $(targets); do
		run_it "$FUZZ$name" "$corpus/$name"
		tail -n 1 out
		expect 0
		says_lines 0
		[ "$(tail -n 1 out)" = "$(find "$corpus/$name" -type f | wc -l) inputs" ]
	done
}
