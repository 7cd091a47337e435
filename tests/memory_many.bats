#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Many tasks leave mpmap as large as few did.

load helper
measures_memory

# Prints a line for each process of mpmap: pid, open descriptors, KiB of its own, resident KiB with what is shared.
measure() {
	local process
	for process in $(mpmap_pids | sort -n); do
		echo "$process $(find "/proc/$process/fd" -mindepth 1 | wc -l) $(awk '/^(RssAnon|VmRSS):/ { size[$1] = $2 }
			END { print size["RssAnon:"], size["VmRSS:"] }' "/proc/$process/status")"
	done
}

# mpmap's processes have no ended child that nobody waited for.
no_zombies() {
	local process
	for process in $(mpmap_pids); do
		not grep -q . <(ps -o stat=,pid=,comm= --ppid "$process" | grep '^Z') || return 1
	done
}

# grows_little OPTION_OR_COMMAND...: checks that mpmap is as large after LATE (20,000) tasks as it was after EARLY (2,000).
# Each may have grown by 2 descriptors, and by GROWTH (256) KiB of its own, 14 bytes for each of 18,000 tasks. Shared
# are the rings, whose pages come to be resident as they are used.
grows_little() {
	local early=${EARLY:-2000} late=${LATE:-20000}
	open_feed
	start -j2 --chunksize auto "$@" <feed
	seq "$early" >&7
	wait_until file_holds out "$early"
	measure >early
	seq $((early + 1)) "$late" >&7
	LIMIT=150 wait_until file_holds out "$late"
	measure >late
	no_zombies
	close_feed
	finish
	expect 0
	paste early late
	cut -d ' ' -f 1 early | cmp - <(cut -d ' ' -f 1 late)
	# A worker opens a descriptor once, at the first task that takes it longer: that may be early or late.
	paste -d ' ' early late | awk -v most="${GROWTH:-256}" '$6 > $2 + 2 || $7 > $3 + most || $8 > $4 + 3072 { print "grown: " $0; bad = 1 } END { exit bad }'
}

@test "many: 20,000 tasks: descriptors and memory do not grow, no zombies" {
	grows_little "$TOOL" args
	tr -d '"' <out | cmp - <(seq 20000)
}

@test "many: 100,000 tasks, none of them a process: descriptors and memory do not grow" {
	EARLY=20000 LATE=100000 GROWTH=1024 grows_little --buffer 64K --spill 0 --dry-run echo
	cut -d ' ' -f 2 out | cmp - <(seq 100000)
}

@test "many: 500 workers, one after another: descriptors and memory of the parent do not grow, no zombies" {
	open_feed
	start -j2 --chunksize 1 --max-tasks-per-worker 1 "$TOOL" args <feed
	seq 100 >&7
	wait_until file_holds out 100
	parent_size >early
	seq 101 500 >&7
	wait_until file_holds out 500
	no_zombies
	parent_size >late
	close_feed
	finish
	expect 0
	cat early late
	paste -d ' ' early late | awk '$3 > $1 + 8 || $4 > $2 + 256 { exit 1 }'
}

parent_size() {
	echo "$(find "/proc/$pid/fd" -mindepth 1 | wc -l) $(awk '/^VmRSS:/ { print $2 }' "/proc/$pid/status")"
}
