#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Outputs larger than any memory that mpmap may take. MPMAP_TEST_BIG is the size of a large output, 256M unless set.

load helper
measures_memory

BIG=${MPMAP_TEST_BIG:-256M}
BUFFER=1M

# Watches the memory of mpmap's processes until it ends: 32 MiB for them and their rings, and what --buffer allows.
memory_is_bounded() {
	watch_memory
	[ "$memory" -lt $((32 * 1024 + $(numfmt --from=iec "$BUFFER") / 1024)) ]
}

@test "large: eight tasks of 256 MB, --unordered, --buffer 1M --spill 4M" {
	mkfifo fifo
	"$TOOL" unspew "$BIG" 1 8 <fifo >seeds &
	checker=$!
	exec 8>fifo
	# not by start, whose output is a file
	"$TOOL" under default -- "$MPMAP" -j8 --unordered --buffer "$BUFFER" --spill 4M "$TOOL" spew "$BIG" ::: 1 2 3 4 5 6 7 8 >&8 2>err 3>&- 8>&- &
	pid=$!
	STARTED+=("$pid")
	exec 8>&-
	memory_is_bounded
	wait "$pid"
	wait "$checker"
	sort seeds | cmp - <(seq 8)
	same err ''
}

@test "large: one task that writes 3 GB" {
	size=3G
	[ -z "${MPMAP_TEST_BIG:-}" ] || size=$BIG
	mkfifo fifo
	"$TOOL" unspew "$size" 1 1 <fifo >seeds &
	checker=$!
	exec 8>fifo
	"$TOOL" under default -- "$MPMAP" "$TOOL" spew "$size" ::: 1 >&8 2>err 3>&- 8>&- &
	pid=$!
	STARTED+=("$pid")
	exec 8>&-
	memory_is_bounded
	wait "$pid"
	wait "$checker"
	same seeds 1
	same err ''
}

@test "large: an endless input ends by itself when the reader goes" {
	check() {
		local ends
		yes | timeout 60 "$MPMAP" -j2 echo 2>err | head -n 1 >first
		ends=("${PIPESTATUS[@]}")
		[ "${ends[1]}" -eq 141 ]
		same first y
		same err ''
		no_processes_left
	}
	check
}

@test "large: an endless output ends by itself when the reader goes" {
	timeout 60 "$MPMAP" -j2 yes 2>err ::: a b c | head -n 3 >first
	ends=("${PIPESTATUS[@]}")
	[ "${ends[0]}" -eq 141 ]
	same first $'a\na\na'
	same err ''
	no_processes_left
}
