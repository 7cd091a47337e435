# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What the tests of fault points have in common: finding them, and making each fail.

# Prints the names of all fault points, from the sources.
fault_points() {
	grep -rhoE 'fault_at\("[a-z_]+"\)' "$BATS_TEST_DIRNAME/../src" | grep -oE '[a-z_]+"' | tr -d '"' | sort -u
}

# The way in which run NUMBER starts its workers.
way() {
	local ways=(fork spawn forkserver zygote)
	printf %s "${ways[$1 % 4]}"
}

# sweep WHAT RUN CHECK CALL...: every point, at these of its calls.
sweep() {
	local what=$1 run=$2 check=$3 point call number=${MPMAP_TEST_SEED:-$RANDOM}
	shift 3
	needs_faults
	fault_points >points
	[ "$(wc -l <points)" -gt 15 ]
	while read -r point <&5; do
		for call; do
			# These are tried again until they succeed: a run in which they never do waits for ever.
			[[ $call != *+ || $point != @(ring|wake) ]] || continue
			number=$((number + 1))
			"$run" "$point:$call:$what" "$(way $number)" && "$check" && no_processes_left ||
				complain "MPMAP_FAULT=$point:$call:$what $(way $number)" || return 1
		done
	done 5<points
}
