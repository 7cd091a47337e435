#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The same as xargs would say, whatever the number of jobs, the chunk size and the start method.

load helper

# Lines of random length and bytes, from a seed that is printed: MPMAP_TEST_SEED, or the clock.
generate() {
	local seed=${MPMAP_TEST_SEED:-$EPOCHSECONDS}
	echo "seed $seed"
	awk -v seed="$seed" -v count="$1" 'BEGIN {
		srand(seed)
		for (i = 0; i < count; i++) {
			n = rand() < 0.1 ? 0 : int(exp(rand() * 6))
			for (s = ""; n > 0; n--) {
				c = rand() < 0.5 ? 32 + int(rand() * 95) : 1 + int(rand() * 255)
				s = s sprintf("%c", c == 10 ? 32 : c)
			}
			print s
		}
	}' >records
}

@test "differential: the arguments of every task, against xargs" {
	generate 120
	xargs -d '\n' -n 1 "$TOOL" args first <records >expected
	check() {
		for jobs in 1 2 7; do
			for size in 1 3 auto; do
				echo "$METHOD, $jobs jobs, chunk size $size"
				mp -j "$jobs" --chunksize "$size" "$TOOL" args first <../records
				expect 0
				same err ''
				cmp ../expected out
			done
		done
	}
	under_methods check
}

@test "differential: unordered, the same lines" {
	generate 300
	xargs -d '\n' -n 1 "$TOOL" args <records | sort >expected
	mp -j3 --unordered "$TOOL" args <records
	expect 0
	sort out | cmp - expected
}

@test "differential: inside an argument, against xargs -I" {
	generate 100
	grep -a '^[^[:space:]]' records | head -c 8000 | sed '$d' >plain
	xargs -d '\n' -I '{}' "$TOOL" args 'a{}b' '{}' <plain >expected
	mp -j3 "$TOOL" args 'a{}b' '{}' <plain
	expect 0
	cmp expected out
}

@test "differential: -0, against xargs -0" {
	generate 100
	tr '\n\001' '\0\n' <records >nul
	xargs -0 -n 1 "$TOOL" args <nul >expected
	mp -j2 -0 "$TOOL" args <nul
	expect 0
	cmp expected out
}

@test "differential: in order, against parallel -k" {
	needs parallel
	seq 60 | sed 's/$/ words here/' >records
	parallel -k -j2 "$TOOL" args <records >expected 2>/dev/null
	mp -j2 "$TOOL" args <records
	expect 0
	cmp expected out
}

@test "differential: output and summary do not depend on jobs, chunk size and start method" {
	seq 150 >records
	script='echo "out $1"; echo "err $1" >&2; case $(($1 % 11)) in 3) exit 4 ;; 7) kill -TERM $$ ;; esac'
	mp -j1 --chunksize 1 --shell "$script" <records
	expect 125
	cp out expected.out
	cp err expected.err
	check() {
		for words in '-j2 --chunksize auto' '-j5 --chunksize 4' '-j3 --chunksize 1000' '-j2 --max-tasks-per-worker 9' \
			'-j4 --buffer 64K --spill 0'; do
			echo "$METHOD $words"
			# shellcheck disable=SC2086
			mp $words --shell "$script" <../records
			expect 125
			cmp ../expected.out out
			cmp ../expected.err err
		done
	}
	under_methods check
}
