#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# 100,000 tasks leave mpmap as large as 1,000 did.

load helper
measures_memory

# One line per process of mpmap: role, open descriptors, resident KiB.
measure() {
	local process
	for process in $(mpmap_pids | sort -n); do
		echo "$process $(find "/proc/$process/fd" -mindepth 1 | wc -l) $(awk '/^VmRSS:/ { print $2 }' "/proc/$process/status")"
	done
}

# mpmap's processes have no ended child that nobody waited for.
no_zombies() {
	local process
	for process in $(mpmap_pids); do
		not grep -q . <(ps -o stat=,pid=,comm= --ppid "$process" | grep '^Z') || return 1
	done
}

@test "many: 100,000 tasks: descriptors and memory do not grow, no zombies" {
	open_feed
	start -j2 --chunksize auto "$TOOL" args <feed
	seq 1000 >&7
	wait_until file_holds out 1000
	measure >early
	seq 1001 100000 >&7
	LIMIT=150 wait_until file_holds out 100000
	measure >late
	no_zombies
	close_feed
	finish
	expect 0
	cat early late
	cut -d ' ' -f 1 early | cmp - <(cut -d ' ' -f 1 late)
	# A worker opens a descriptor once, at the first task that takes it longer: that may be early or late.
	paste -d ' ' early late | awk '$5 > $2 + 2 || $6 > $3 + 1024 { print "grown: " $0; bad = 1 } END { exit bad }'
	tr -d '"' <out | cmp - <(seq 100000)
}

@test "many: 2,000 workers, one after another: descriptors and memory of the parent do not grow, no zombies" {
	open_feed
	start -j2 --chunksize 1 --max-tasks-per-worker 1 "$TOOL" args <feed
	seq 100 >&7
	wait_until file_holds out 100
	parent_size >early
	seq 101 2000 >&7
	wait_until file_holds out 2000
	no_zombies
	parent_size >late
	close_feed
	finish
	expect 0
	cat early late
	paste -d ' ' early late | awk '$3 > $1 + 8 || $4 > $2 + 1024 { exit 1 }'
}

parent_size() {
	echo "$(find "/proc/$pid/fd" -mindepth 1 | wc -l) $(awk '/^VmRSS:/ { print $2 }' "/proc/$pid/status")"
}
