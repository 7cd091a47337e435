#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# A task sees exactly the descriptors that mpmap was started with, and 0, 1 and 2 may be closed at the start.

load helper

# The numbers of the descriptors that each of the tasks of a run saw: the same for all, on one line.
census() {
	awk '/^0 ->/ && NR > 1 { print "" } { printf "%s ", $1 } END { print "" }' out | sort -u
}

# census_is NUMBERS COUNT ARG...: mpmap, started with 0, 1, 2 and what else is listed
check_census() {
	local numbers=$1
	shift
	run_it "$TOOL" under "only=${numbers// /,}" -- "$MPMAP" "$@" || return 1
	expect 0 || return 1
	same err '' || return 1
	[ "$(census)" = "$numbers " ] || complain "tasks saw: $(census)"
}

@test "descriptors: a task sees 0, 1 and 2, and none of mpmap's own" {
	check() {
		seq 60 >records
		check_census '0 1 2' "$TOOL" fds '{#}' ::: a
		check_census '0 1 2' -j4 --chunksize 7 "$TOOL" fds '{#}' <records
		check_census '0 1 2' -j4 --max-tasks-per-worker 3 "$TOOL" fds '{#}' <records
		check_census '0 1 2' -j2 -a records "$TOOL" fds '{#}'
		check_census '0 1 2' -j2 "$TOOL" fds '{#}' :::: records
		check_census '0 1 2' -j2 --unordered "$TOOL" fds '{#}' <records
		check_census '0 1 2' -j1 --ungroup "$TOOL" fds '{#}' ::: a
		check_census '0 1 2' -j2 --workdir / --nice 1 -q "$TOOL" fds '{#}' ::: a b
		check_census '0 1 2' --shell 'exec "$1" fds' ::: "$TOOL"
		trace_on
		check_census '0 1 2' -j2 "$TOOL" fds '{#}' <records
		unset MPMAP_TRACE
	}
	under_methods check
}

@test "descriptors: a task sees what mpmap inherited: 7 and 63" {
	check() {
		echo seven >seven
		echo sixty-three >other
		seq 30 >records
		check_census '0 1 2 7 63' -j3 --chunksize 2 "$TOOL" fds '{#}' <records 7<seven 63<other
		[ "$(grep -c '^7 -> .*/seven$' out)" -eq 30 ]
		[ "$(grep -c '^63 -> .*/other$' out)" -eq 30 ]
	}
	under_methods check
}

@test "descriptors: many inherited ones, high ones, with gaps" {
	check() {
		# opened by the tool: bash puts its own in the way
		local inherited
		inherited=$(seq -s , 4 3 59),900
		seq 20 >records
		run_it "$TOOL" under "only=0,1,2" "open=$inherited" -- "$MPMAP" -j3 "$TOOL" fds '{#}' <records
		expect 0
		same err ''
		[ "$(census)" = "0 1 2 ${inherited//,/ } " ] || complain "tasks saw: $(census)"
	}
	under_methods check
}

@test "descriptors: an inherited one shares its position: tasks read on where the one before ended" {
	check() {
		seq 5 >lines
		mp -j1 --shell 'read -r line <&7; echo "$line"' ::: a b c 7<lines
		expect 0
		sort -n out >sorted
		[ -s sorted ]
		# sh reads a line byte by byte, so each task has one
		same out $'1\n2\n3'
	}
	under_methods check
}

@test "descriptors: process substitution works as with xargs" {
	check() {
		printf '%s\n' a b c >x
		printf '%s\n' b c d >y
		mp -j1 comm -12 '{}' <(sort x) ::: y
		expect 0 $'b\nc' ''
		echo y | mp comm -12 '{}' <(sort x)
		expect 0 $'b\nc' ''
	}
	under_methods check
}

@test "descriptors: with --ungroup a task writes to mpmap's own stdout and stderr" {
	check() {
		mp -j1 --ungroup readlink /proc/self/fd/1 '{}' ::: /proc/self/fd/2
		expect 0 "$PWD/out
$PWD/err" ''
	}
	under_methods check
}

@test "descriptors: without it, it does not" {
	mp -j1 readlink /proc/self/fd/1 '{}' ::: /proc/self/fd/2
	expect 0
	not grep "$PWD" out
}

@test "descriptors: a task that makes its outputs non-blocking harms nobody" {
	seq 20 | mp -j2 --chunksize 1 --shell '
		case $1 in *1) dd if=/dev/null oflag=nonblock status=none; echo "$1" ;; *) "$TOOL" lines 3000 99 x ;; esac'
	expect 0
	for ((i = 1; i <= 20; i++)); do
		case $i in *1) echo "$i" ;; *) "$TOOL" lines 3000 99 x ;; esac
	done | cmp - out
}

# closed_at_start FDS ARG...
closed_at_start() {
	local fds=$1
	shift
	run_it "$TOOL" under "close=$fds" -- "$MPMAP" "$@"
}

@test "descriptors: 0 closed at the start: a task finds /dev/null there" {
	check() {
		closed_at_start 0 -j2 "$TOOL" stdin '{#}' ::: a b
		expect 0 $'/dev/null 0 bytes\n/dev/null 0 bytes' ''
		closed_at_start 0 -j2 "$TOOL" fds '{#}' ::: a
		expect 0
		[ "$(head -n 1 out)" = '0 -> /dev/null' ]
	}
	under_methods check
}

@test "descriptors: 1 closed at the start: status 1 at the first byte to write, and none before" {
	check() {
		closed_at_start 1 -j2 true ::: a b
		expect 0 '' ''
		closed_at_start 1 -j2 echo ::: a b
		expect 1 ''
		says 'stdout|standard output|write'
		closed_at_start 0,1 -j2 echo ::: a b
		expect 1 ''
	}
	under_methods check
}

@test "descriptors: 2 closed at the start never ends the run" {
	check() {
		seq 100 | closed_at_start 2 -j2 --shell 'echo "$1"; echo "$1" >&2'
		expect 0 "$(seq 100)" ''
		closed_at_start 2 -j2 false ::: a b
		expect 123 '' ''
		closed_at_start 2 --bogus
		expect 2 '' ''
		closed_at_start 0,2 -j2 echo ::: a b
		expect 0 $'a\nb' ''
	}
	under_methods check
}

@test "descriptors: all three closed at the start: nothing of mpmap's own goes astray" {
	check() {
		seq 50 >records
		closed_at_start 0,1,2 -j2 -a records echo
		expect 1 '' ''
		closed_at_start 0,1,2 -j2 -a records --shell 'echo "$1" >&2; echo "$1" >>quiet'
		expect 0 '' ''
		sort -n quiet | cmp - records
		cmp records <(seq 50)
	}
	under_methods check
}

@test "descriptors: tasks have 0, 1 and 2 open, whatever was closed at the start" {
	check() {
		for closed in 0 2 0,2; do
			closed_at_start "$closed" -j1 --shell '"$1" fds | cut -d " " -f 1 | head -n 3' ::: "$TOOL"
			expect 0 $'0\n1\n2'
		done
	}
	under_methods check
}

@test "descriptors: mpmap may be started at its limit of descriptors, all of them in use up to 100" {
	check() {
		local command='exec' fd
		for ((fd = 3; fd < 100; fd++)); do
			[ "$fd" -eq 3 ] || [ "$fd" -eq 4 ] || command+=" $fd</dev/null"
		done
		run_it bash -c "ulimit -S -n 256; $command"'; exec "$@"' sh "$MPMAP" -j2 echo ::: a b
		expect 0 $'a\nb' ''
	}
	under_methods check
}
