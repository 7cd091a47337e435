#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --resume after losses of power: what was not synced is not on the disk, or is torn. The disk: tests/power.c, power.py.

# MPMAP_TEST_SEED repeats a failure; MPMAP_TEST_LOSSES is how often the power is lost.

load helper
no_leak_check

setup_file() {
	"${CC:-cc}" -O1 -Wall -Wextra -Werror -D_GNU_SOURCE -shared -fPIC -o "$BATS_FILE_TMPDIR/power.so" \
		"$BATS_TEST_DIRNAME/power.c" -ldl
}

@test "power: 60 losses at random calls: the output is that of an undisturbed run, and nothing committed is run again" {
	needs python3
	LIMIT=200 run_it python3 "$BATS_TEST_DIRNAME/power.py" "$MPMAP" "$BATS_FILE_TMPDIR/power.so" \
		"${MPMAP_TEST_SEED:-$RANDOM$RANDOM}" "${MPMAP_TEST_LOSSES:-60}"
	cat out
	expect 0
}
