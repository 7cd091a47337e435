#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Each example of COMING FROM POOL.MAP in mpmap(1): what mpmap prints is what the Python program beside it prints.

load examples

setup() {
	export PATH="${MPMAP%/*}:$PATH" LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
	mkdir "$examples"
	extract_examples mpmap.1 'COMING FROM POOL.MAP'
	cd "$BATS_TEST_TMPDIR" || return 1
	# The first example makes the module that the others import.
	bash -e "$examples/mpmap.1-01.sh"
	rm "$examples"/mpmap.1-01.*
}

# Takes out of what a program printed that which differs each time: the numbers of processes, the order of imap_unordered.
comparable() {
	if grep -q imap_unordered "$1"; then sort; else sed 's/^process [0-9]*$/process N/'; fi
}

@test "the examples are there, each with a program and commands" {
	[ "$(ls "$examples"/*.sh | wc -l)" -ge 10 ]
	for script in "$examples"/*.sh; do
		grep -q 'pool\.' "${script%.sh}.program"
		grep -q '^mpmap\|| mpmap' "$script"
	done
	for call in map imap imap_unordered starmap apply apply_async map_async; do
		grep -q "pool\\.$call(" "$examples"/*.program
	done
}

@test "mpmap prints what the program in Python prints, and what the manual shows" {
	for script in "$examples"/*.sh; do
		program=${script%.sh}.program
		PYTHONPATH=. timeout 60 python3 "$program" </dev/null | comparable "$program" >python
		timeout 60 bash "$script" </dev/null | comparable "$program" >mpmap
		[ -s python ]
		diff -u --label "$program" --label "$script" python mpmap
		if [ -s "${script%.sh}.expected" ]; then
			diff -u --label 'the man page' --label "$script" "${script%.sh}.expected" mpmap
		fi
	done
}
