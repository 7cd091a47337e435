#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Results that wait for their turn: --buffer, --spill, and the head of the line, which never waits.

load helper

# is_small BUFFER: true if mpmap has no more memory than 32 MiB, which are its processes and their rings, and --buffer.
is_small() {
	local buffer
	buffer=$(numfmt --from=iec "$1")
	memory=$(mpmap_memory)
	echo "memory $memory KiB"
	[ "$memory" -gt 0 ] && [ "$memory" -lt $((32 * 1024 + buffer / 1024)) ]
}

# The head of the line is held while the others pile up: head_held TASKS OPTION...
head_held() {
	local tasks=$1
	shift
	trace_on
	mkfifo fifo
	seq "$tasks" >records
	start -j4 "$@" --shell '[ "$1" != 1 ] || read -r line <fifo; exec "$TOOL" spew 10240 "$1"' <records
	wait_for_event gate_close
	wait_until all_asleep
}

head_released() {
	local tasks=$1
	exec 8<>fifo
	echo go >&8
	finish
	expect 0
	same err ''
	"$TOOL" unspew 10240 1 "$tasks" <out | cmp - records
}

# Between a closing of the gate and the next opening, only the workers that were just looking may start one more task.
starts_stopped() {
	jq -rs 'sort_by(.time) | .[] | .event' trace |
		awk '/gate_close/ { closed = 1; n = 0 } /gate_open/ { closed = 0 } /task_start/ && closed && ++n > 4 { exit 1 }'
}

@test "window: --buffer 1M --spill 4M: starts stop, memory stays, and the output is exact" {
	head_held 1000 --buffer 1M --spill 4M
	is_small 1M
	started=$(event_count task_start)
	echo "$started started"
	[ "$started" -ge 400 ]
	[ "$started" -le 600 ]
	has_events spill_open 1
	head_released 1000
	starts_stopped
}

@test "window: --buffer 64K --spill 0" {
	head_held 300 --buffer 64K --spill 0
	is_small 64K
	started=$(event_count task_start)
	echo "$started started"
	[ "$started" -le 30 ]
	not has_events spill_open 1
	head_released 300
	starts_stopped
}

@test "window: under every start method, with chunks that hold the head and others" {
	check() {
		head_held 120 --buffer 64K --spill 256K --chunksize 7
		is_small 64K
		head_released 120
	}
	under_methods check
}

@test "window: the spill file has no name, and TMPDIR is where it is" {
	head_held 300 --buffer 64K --spill 1M
	[ -z "$(ls -A "$TMPDIR")" ]
	find "/proc/$pid/fd" -lname "$TMPDIR/*(deleted)" | grep -q .
	head_released 300
}

@test "window: without TMPDIR the spill file is in /var/tmp" {
	unset TMPDIR
	head_held 300 --buffer 64K --spill 1M
	find "/proc/$pid/fd" -lname '/var/tmp/*(deleted)' | grep -q .
	head_released 300
}

@test "window: the head streams while the others have spent everything" {
	trace_on
	mkfifo fifo
	seq 200 >records
	start -j3 --buffer 64K --spill 0 --shell 'case $1 in 1) exec "$TOOL" relay fifo ;; esac; exec "$TOOL" spew 10240 "$1"' <records
	exec 8<>fifo
	wait_for_event gate_close
	for i in 1 2 3; do
		echo "step $i" >&8
		wait_until file_has out "^step $i\$"
	done
	"$TOOL" spew 5M 1 >&8
	exec 8>&-
	finish
	expect 0
	printf 'step 1\nstep 2\nstep 3\n' | cmp -n 21 - out
	tail -c +22 out >rest
	head -c 5M rest | "$TOOL" unspew 5M 1
	tail -c +$((5 * 1024 * 1024 + 1)) rest | "$TOOL" unspew 10240 2 200 | cmp - <(seq 2 200)
}

@test "window: one result larger than both passes through, wherever it stands" {
	mp -j3 --buffer 64K --spill 128K "$TOOL" spew 10M ::: 1 2 3 4 5 6
	expect 0
	"$TOOL" unspew 10M 1 6 <out | cmp - <(seq 6)
}

@test "window: stderr counts as well" {
	trace_on
	mkfifo fifo
	seq 300 >records
	start -j2 --buffer 64K --spill 0 --shell '[ "$1" != 1 ] || read -r line <fifo; exec "$TOOL" spew 10240 "$1" 2' <records
	wait_for_event gate_close
	[ "$(event_count task_start)" -le 30 ]
	exec 8<>fifo
	echo go >&8
	finish
	expect 0 ''
	"$TOOL" unspew 10240 1 300 <err | cmp - records
}

@test "window: many small results wait in as little memory" {
	trace_on
	mkfifo fifo
	seq 5000 >records
	start -j2 --buffer 1M --spill 1M --shell '[ "$1" != 1 ] || read -r line <fifo; echo "$1"' <records
	wait_for_event gate_close
	wait_until all_asleep
	is_small 1M
	exec 8<>fifo
	echo go >&8
	finish
	expect 0
	cmp records out
}

@test "window: input is read only as fast as tasks leave" {
	trace_on
	mkfifo fifo
	start -j2 --buffer 64K --spill 0 --shell '[ "$MPMAP_SEQ" != 1 ] || read -r line <fifo; "$TOOL" lines 100 99 x' < <(yes)
	wait_for_event gate_close
	is_small 64K
	kill -TERM "$pid"
	finish
	expect 143
}

@test "window: with next to nothing allowed to wait every run comes to its end" {
	for sizes in '0 0' '0 8K' '4K 0' '4K 4K' '3 5'; do
		for order in --keep-order --unordered; do
			for round in 1 2; do
				# shellcheck disable=SC2086
				seq 40 | mp -j4 $order --buffer="${sizes% *}" --spill="${sizes#* }" \
					--shell 'head -c 5000 /dev/zero | tr "\0" x; echo; echo "$1" >&2'
				expect 0
				[ "$(wc -c <out)" -eq 200040 ] || complain "$sizes $order, round $round: $(wc -c <out) bytes"
				sort -n err | cmp - <(seq 40)
			done
		done
	done
}
