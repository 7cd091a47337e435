#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Each task's output whole, in input order, byte for byte, stderr together with the same task's stdout.

load helper

@test "order: no line is ever torn, however it was written" {
	seq 100 199 | mp -j8 "$TOOL" stutter 20
	expect 0
	for ((i = 100; i < 200; i++)); do
		yes "$i" | head -n 20
	done >expected
	cmp expected out
	cmp expected err
}

@test "order: stderr is written together with the same task's output" {
	seq 300 >records
	timeout 60 "$MPMAP" -j4 --chunksize 3 "$TOOL" both <records >mixed 2>&1
	cmp mixed <(sed p records)
}

@test "order: with --unordered too" {
	seq 300 | timeout 60 "$MPMAP" -j4 --unordered "$TOOL" both >mixed 2>&1
	uniq -c mixed | awk '$1 != 2 { exit 1 }'
	uniq mixed | sort -n | cmp - <(seq 300)
}

@test "order: bytes of every kind pass, and no newline is added" {
	head -c 3000000 /dev/urandom >noise
	split -b 100000 noise part.
	mp -j4 cat ::: part.*
	expect 0
	cmp noise out
	mp -j2 printf %s ::: a '' b
	expect 0
	exactly out ab
}

@test "order: outputs larger than any pipe, all at once" {
	seq 20 | mp -j4 "$TOOL" spew 3M
	expect 0
	same err ''
	"$TOOL" unspew 3M 1 20 <out >seeds
	cmp seeds <(seq 20)
}

@test "order: large outputs to stderr" {
	seq 12 | mp -j4 --shell 'exec "$TOOL" spew 1M "$1" 2'
	expect 0 ''
	"$TOOL" unspew 1M 1 12 <err >seeds
	cmp seeds <(seq 12)
}

@test "order: both outputs large, written in turns, need no reader's luck" {
	seq 4 | mp -j2 --shell 'for i in 1 2 3 4 5 6; do "$TOOL" lines 4000 99 "$1"; "$TOOL" lines 4000 99 "$1" 2; done'
	expect 0
	for i in 1 2 3 4; do
		"$TOOL" lines 24000 99 "$i"
	done >expected
	cmp expected out
	cmp expected err
}

@test "order: the slowest first, the last, and every other" {
	check() {
		start -j4 --shell 'case $1 in '"$1"') "$TOOL" hold gate ;; esac; echo "$1"' ::: $(seq 40)
		trace_count=$2
		wait_for_event task_end "$trace_count"
		touch gate
		finish
		expect 0 "$(seq 40)" ''
		rm gate
	}
	trace_on
	check 1 39
	trace_on
	check 40 39
	trace_on
	check '10 | 20' 38
}

@test "order: outputs go on after the task closed them and until it ends" {
	trace_on
	start -j2 --shell 'exec "$TOOL" silent gate' ::: 1
	wait_for_event task_start
	not is_gone "$pid"
	touch gate
	finish
	expect 0 '' ''
}

@test "order: an output that is empty, or only on stderr" {
	seq 60 | mp -j3 --chunksize 4 --shell 'case $(($1 % 3)) in 0) echo "$1" ;; 1) echo "$1" >&2 ;; esac'
	expect 0
	cmp out <(seq 3 3 60)
	cmp err <(seq 1 3 60)
}

@test "order: stdout may be a pipe, a file opened for appending, a terminal's stand-in" {
	seq 500 | timeout 60 "$MPMAP" -j2 echo | cmp - <(seq 500)
	echo before >log
	seq 500 | timeout 60 "$MPMAP" -j2 echo >>log
	cmp log <(echo before && seq 500)
	needs script
	timeout 60 script -qec "seq 500 | '$MPMAP' -j2 echo" /dev/null | tr -d '\r' | cmp - <(seq 500)
}

@test "order: a slow reader loses nothing" {
	mkfifo slow
	seq 30 | timeout 60 "$MPMAP" -j4 "$TOOL" spew 100K >slow &
	dd if=slow bs=777 2>/dev/null | "$TOOL" unspew 100K 1 30 >seeds
	cmp seeds <(seq 30)
}
