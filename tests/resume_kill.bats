#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --resume after ends at random instants, by kill -9 and by signals, with edits of the input in between.

# MPMAP_TEST_SEED repeats a failure; MPMAP_TEST_KILLS is how many runs are ended early.

load helper
no_leak_check

@test "resume: 120 runs that end at random instants: the output is that of one run, and nothing committed is run again" {
	needs python3
	LIMIT=200 run_it python3 "$BATS_TEST_DIRNAME/resume_kill.py" "$MPMAP" "${MPMAP_TEST_SEED:-$RANDOM$RANDOM}" \
		"${MPMAP_TEST_KILLS:-120}"
	cat out
	expect 0
}
