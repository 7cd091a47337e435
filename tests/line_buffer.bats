#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Lines as they come from all tasks, each whole: --line-buffer, also with --tag.

# Scripts are for the tasks' shell.
# shellcheck disable=SC2016

load helper

# Two tasks that pass on what the test writes to 7 and 8: two_tasks OPTION...
two_tasks() {
	trace_on
	mkfifo one two
	exec 7<>one 8<>two
	start -j2 --line-buffer "$@" "$TOOL" relay ::: one two
	wait_for_event task_start 2
}

two_end() {
	exec 7>&- 8>&-
	finish
}

out_is() {
	printf "%b" "$1" | cmp -s - out
}

# becomes TEXT: what is written comes to be exactly this
becomes() {
	wait_until out_is "$1" || complain "found $(cat -v out)"
}

@test "line buffer: lines of several running tasks alternate as they come" {
	check() {
		two_tasks
		echo b1 >&8
		becomes 'b1\n'
		echo a1 >&7
		becomes 'b1\na1\n'
		printf 'b2\nb3\n' >&8
		becomes 'b1\na1\nb2\nb3\n'
		two_end
		expect 0 $'b1\na1\nb2\nb3' ''
	}
	check
}

@test "line buffer: no part of a line is written, and none runs into another" {
	check() {
		two_tasks
		printf 'par' >&7
		printf 'an' >&8
		printf 'other\nhal' >&8
		becomes 'another\n'
		printf 'tial\nrest' >&7
		becomes 'another\npartial\n'
		printf 'f\n' >&8
		becomes 'another\npartial\nhalf\n'
		two_end
		expect 0 $'another\npartial\nhalf\nrest' ''
	}
	check
}

@test "line buffer: with --tag and --tagstring every line says whose it is" {
	check() {
		two_tasks --tag
		echo b1 >&8
		becomes 'two\tb1\n'
		printf 'a1\na2' >&7
		becomes 'two\tb1\none\ta1\n'
		printf '\n\n' >&8
		becomes 'two\tb1\none\ta1\ntwo\t\ntwo\t\n'
		two_end
		expect 0 $'two\tb1\none\ta1\ntwo\t\ntwo\t\none\ta2' ''
		rm one two
		two_tasks --tagstring '{#}'
		echo b >&8
		becomes '2\tb\n'
		echo a >&7
		becomes '2\tb\n1\ta\n'
		two_end
		expect 0
	}
	check
}

@test "line buffer: a last line without a newline gets one, of both outputs" {
	mp -j1 --line-buffer --shell 'printf "$1"; printf "$1" >&2' ::: 'a' 'b\nc' '' 'd\n' '\n'
	expect 0 $'a\nb\nc\nd\n' $'a\nb\nc\nd\n'
	mp -j1 --tag --line-buffer --shell 'printf "$1"; printf "$1" >&2' ::: a b
	expect 0 $'a\ta\nb\tb' $'a\ta\nb\tb'
}

@test "line buffer: one output of a task does not hold up the other" {
	check() {
		trace_on
		mkfifo one two
		exec 7<>one 8<>two
		start -j2 --line-buffer --shell '"$TOOL" relay one & "$TOOL" relay two 2; wait' ::: a
		wait_for_event task_start
		printf 'half of ' >&7
		echo problem >&8
		wait_until file_has err '^problem$'
		same out ''
		echo 'a line' >&7
		becomes 'half of a line\n'
		printf 'no end' >&8
		echo more >&7
		becomes 'half of a line\nmore\n'
		two_end
		expect 0 $'half of a line\nmore' $'problem\nno end'
	}
	check
}

@test "line buffer: a task that says nothing, or half a line, holds up nobody" {
	check() {
		trace_on
		start -j2 --line-buffer --buffer 64K --spill 0 --shell '
			[ "$1" -gt 1 ] || { printf "the end is "; exec "$TOOL" hold gate near; }
			"$TOOL" lines 100 1000 "$1"' ::: $(seq 9)
		wait_until file_holds out 800
		touch gate
		finish
		expect 0
		same err ''
		[ "$(tail -n 1 out)" = 'the end is near' ]
	}
	check
}

@test "line buffer: every line of many tasks is there once, whole, those of a task in order" {
	check() {
		mp -j4 --line-buffer --shell 'for i in 1 2 3 4 5 6 7 8 9; do echo "$1 $i"; echo "$1 $i" >&2; done' ::: $(seq 100)
		expect 0
		for task in $(seq 100); do
			printf "$task %s\n" 1 2 3 4 5 6 7 8 9
		done >expected
		sort -s -n -k 1,1 out | cmp expected -
		sort -s -n -k 1,1 err | cmp expected -
		mp -j4 --line-buffer --tag "$TOOL" stutter 30 ::: $(seq 8)
		expect 0
		for task in $(seq 8); do
			for i in $(seq 30); do
				printf '%s\t%s\n' "$task" "$task"
			done
		done >expected
		sort -s -n -k 1,1 out | cmp expected -
		sort -s -n -k 1,1 err | cmp expected -
	}
	check
}

@test "line buffer: lines longer than all that can be held are whole" {
	for room in '' '--buffer 64K --spill 1M' '--buffer 64K --spill 0'; do
		echo "room: $room"
		# shellcheck disable=SC2086
		mp_well -j3 $room --line-buffer "$TOOL" lines 3 1000000 ::: a b c
		awk '{ print substr($0, 1, 1), length($0), ($0 ~ "^(a+|b+|c+)$") }' out | sort | uniq -c | tr -s ' ' >found
		same found $' 3 a 1000000 1\n 3 b 1000000 1\n 3 c 1000000 1'
		# shellcheck disable=SC2086
		mp_well -j3 $room --line-buffer --tag --shell '"$TOOL" lines 1 3000000 "$1"; "$TOOL" lines 1000 20 "$1"' ::: a b c
		awk '{ print substr($0, 1, 3), length($0) }' out | sort | uniq -c | tr -s ' ' >found
		same found "$(for i in a b c; do printf ' 1000 %s\t%s 22\n 1 %s\t%s 3000002\n' $i $i $i $i; done)"
	done
}

@test "line buffer: bytes of every kind pass" {
	head -c 3000000 /dev/urandom >noise
	mp_well --line-buffer cat ::: noise
	{ cat noise && [ "$(tail -c 1 noise | wc -l)" -eq 1 ] || echo; } | cmp - out
	seq 300000 >numbers
	for i in 1 2 3 4; do
		sed "s/^/$i /" numbers >"file$i"
	done
	mp_well -j3 --line-buffer --buffer 64K cat ::: file?
	sort -s -n -k 1,1 out | cmp - <(cat file?)
}

@test "line buffer: a task that may be run again says nothing before its last attempt, and only that one counts" {
	check() {
		trace_on
		start -j2 --line-buffer --retries 1 --shell '
			echo "$1 $MPMAP_ATTEMPT"; echo "$1 $MPMAP_ATTEMPT" >&2
			[ "$1" -eq 1 ] || exit 0
			"$TOOL" hold "gate$MPMAP_ATTEMPT"
			printf end
			[ "$MPMAP_ATTEMPT" -eq 2 ]' ::: 1 2 3
		wait_until file_holds out 2
		same <(sort out) $'2 1\n3 1'
		touch gate1
		wait_for_event task_start 1 '.seq == 1 and .attempt == 2'
		touch gate2
		finish
		expect 0
		sed 1,2d out >last
		same last $'1 2\nend'
		sed 1,2d err >last
		same last "1 2"$'\n'"$(attempts_note 1)"
	}
	check
}

@test "line buffer: what is left of a killed or lost task's line is a line" {
	check() {
		trace_on
		start -j2 --line-buffer --shell 'printf "so far $1"; [ "$1" -ne 1 ] || { "$TOOL" hold gate; kill -KILL $$; }' ::: 1 2
		wait_until file_has out '^so far 2$'
		touch gate
		finish
		expect 125 $'so far 2\nso far 1'
		rm gate
		trace_on
		start -j2 --line-buffer --tag --shell 'printf "so far $1"; [ "$1" -ne 1 ] || { "$TOOL" hold gate; kill -KILL $PPID; exec "$TOOL" pause pid; }' ::: 1 2
		wait_until file_has out 'so far 2$'
		touch gate
		finish
		expect 125 $'2\tso far 2\n1\tso far 1'
	}
	check
}

@test "line buffer: the last of -k, --unordered and --line-buffer counts" {
	for options in '--line-buffer -k' '--line-buffer --keep-order' '--line-buffer --unordered' '--unordered -k --line-buffer' '-k --line-buffer'; do
		rm -f gate
		trace_on
		# shellcheck disable=SC2086
		start -j2 $options --shell 'echo "$1"; [ "$1" -ne 2 ] || "$TOOL" hold gate; [ "$1" -ne 1 ] || "$TOOL" hold other; echo "$1"' ::: 1 2 3 4
		case $options in
		*--line-buffer)
			wait_until grep -qx 2 out
			wait_until grep -qx 1 out
			touch gate
			wait_until file_holds out 7
			;;
		*--unordered)
			wait_for_event task_start 2
			touch gate
			wait_until file_holds out 6
			not grep -qx 1 out
			;;
		*)
			wait_for_event task_start 2
			touch gate
			wait_for_event task_end 3
			wait_until file_has out '^1$'
			wait_until at_rest 1
			same out 1
			;;
		esac
		touch other
		finish
		rm other
		expect 0
		[[ $options == *--line-buffer ]] || same <(uniq -c out | tr -s ' ' | sort) $' 2 1\n 2 2\n 2 3\n 2 4'
		same <(sort out) $'1\n1\n2\n2\n3\n3\n4\n4'
	done
}

@test "line buffer: mpmap ended by ^C: what was whole is written" {
	two_tasks
	echo whole >&7
	becomes 'whole\n'
	printf part >&8
	wait_until stays_asleep two
	kill -INT "$pid"
	two_end
	expect 130
	[ "$(head -n 1 out)" = whole ]
	no_processes_left
}

@test "line buffer: not with --ungroup or --tty" {
	for other in --ungroup --tty; do
		mp --line-buffer "$other" touch ran ::: a
		usage_error "^mpmap: .*$other" --line-buffer
	done
	[ ! -e ran ]
}

@test "line-buffer: where both streams go to one place, neither goes on within a line of the other's" {
	run_it bash -c 'exec "$@" 2>&1' sh "$MPMAP" --line-buffer sh -c 'printf a; printf b >&2' ::: 1
	expect 0 $'a\nb'
}
