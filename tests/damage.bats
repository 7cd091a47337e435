#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --resume with files that were damaged: the undisturbed output, or a refusal, never a wrong output.

# MPMAP_TEST_SEED repeats a failure. What is damaged, and how: tests/damage.py.

load helper
no_leak_check

# damages WHAT
damages() {
	needs python3
	LIMIT=250 run_it python3 "$BATS_TEST_DIRNAME/damage.py" "$MPMAP" "$1" "${MPMAP_TEST_SEED:-$RANDOM$RANDOM}"
	cat out
	expect 0
}

@test "damage: each byte of a journal changed, and it is cut at each length" {
	damages journal
}

@test "damage: each byte of the outputs changed, and they are cut at each length; --force runs again what is lost" {
	damages outputs
}

@test "damage: each byte of the output changed, and it is cut at each length" {
	damages output
}

# keep_run OPTION...: a run whose output is a pipe, and so kept; each task notes that it was begun.
keep_run() {
	run_it bash -c '"$MPMAP" -j1 --sync=each --journal=run.mpj "$@" sh -c "echo \$1 >>begun; echo \$1" sh <in | cat
		exit "${PIPESTATUS[0]}"' keep_run "$@"
}

@test "damage: --resume --force runs the tasks again whose output is damaged, and no others" {
	local end
	seq 8 >in
	keep_run
	expect 0 "$(seq 8)" ''
	[ "$(grep -c '"added":' run.mpj)" -ge 2 ]
	printf X | dd of=run.mpj.outputs bs=1 conv=notrunc status=none
	rm begun
	keep_run --resume
	expect 1 '' "$(cat err)"
	says '^mpmap: --resume: run.mpj.outputs is damaged: bytes 0 to [0-9]+ are not those that were kept \(--resume --force '
	[ ! -e begun ]
	end=$(sed -n 's/.* bytes 0 to \([0-9]*\) .*/\1/p' err)
	keep_run --resume --force
	expect 0 "$(seq 8)" ''
	same begun "$(seq $((end / 2)))"
	keep_run --resume
	expect 0 "$(seq 8)" ''
	same begun "$(seq $((end / 2)))"
}

@test "damage: the outputs are not there: refused, and --resume --force runs all tasks again that it has of them" {
	seq 8 >in
	keep_run
	rm run.mpj.outputs begun
	keep_run --resume
	expect 1 ''
	says '^mpmap: --resume: cannot open run.mpj.outputs, the outputs of the journal \(--resume --force .*: No such file'
	[ ! -e begun ]
	keep_run --resume --force
	expect 0 "$(seq 8)" ''
	same begun "$(seq 8)"
}
