#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --filter: commands that end too early, crash, hang, are killed, or do not answer one record with one.

# Scripts are for the commands' shell.
# shellcheck disable=SC2016

load helper
load object

# Prints what tool filter answers to the numbers from 1 to COUNT, but for those that follow.
answers() {
	local count=$1
	shift
	seq "$count" | grep -vxF "$(printf '%s\n' "${@:-none}")" | sed 's/$/!/'
}

# started MOST: fails if commands were started more often, as the file starts says.
started() {
	local count
	count=$(wc -l <starts)
	echo "$count starts"
	[ "$count" -le "$1" ] || complain "$count starts, at most $1 expected"
}

# The promised number of starts for COUNT records of which BAD end the command: 2 log2 + 2 for each, the first commands,
# and the three of the first records.
most_starts() {
	awk -v count="$1" -v bad="$2" 'BEGIN { print int(bad * (2 * log(count) / log(2) + 2)) + 2 + 3 }'
}

@test "filter deaths: the record that crashes its command stands alone, and all others are answered" {
	seq 100000 >numbers
	answers 100000 54321 >expected
	check() {
		mp -j2 --filter "$TOOL" filter starts=starts crash=54321 <../numbers
		expect 125
		cmp ../expected out
		says_lines 2
		says '^mpmap: 1 of 100000 tasks failed: 1 by signal$'
		says '^mpmap: #54321: killed by SIGSEGV: '
		started "$(most_starts 100000 1)"
		no_processes_left
	}
	under_methods check
}

@test "filter deaths: whatever the command has kept" {
	seq 10000 >numbers
	for bad in 1 2 3 4 777 9999 10000; do
		answers 10000 "$bad" >expected
		for rule in flush hold=10 hold=1M; do
			for size in auto 1000; do
				echo "$bad, $rule, chunk size $size"
				rm -f starts
				mp -j1 "--chunksize=$size" --filter "$TOOL" filter starts=starts "$rule" "crash=$bad" <numbers
				expect 125
				cmp expected out
				says "^mpmap: #$bad: .*SIGSEGV"
				started "$(most_starts 10000 1)"
			done
		done
	done
}

@test "filter deaths: ten records that crash" {
	seq 100000 >numbers
	bad=(5 6 7 300 302 4444 7777 9998 9999 10000)
	answers 100000 "${bad[@]}" >expected
	mp -j2 --filter "$TOOL" filter starts=starts "${bad[@]/#/crash=}" <numbers
	expect 125
	cmp expected out
	started "$(most_starts 100000 10)"
	rm starts
	head -n 10000 numbers | mp -j2 -o jsonl --filter "$TOOL" filter starts=starts "${bad[@]/#/crash=}"
	expect 125
	jq -r 'select(.outcome == "ok") | .stdout' out | cmp - <(answers 10000 "${bad[@]}")
	same <(jq -r 'select(.outcome != "ok") | "\(.seq) \(.outcome) \(.signal) \(.attempts)"' out) \
		"$(printf '%s signaled SIGSEGV 1\n' "${bad[@]}")"
	started "$(most_starts 10000 10)"
}

@test "filter deaths: a record that makes it fail has the status, and what that command said, as its own" {
	seq 1000 >numbers
	check() {
		mp -j2 -o jsonl --filter "$TOOL" filter fail=500 fail=3 <../numbers
		expect 123
		are_objects out 1000
		same <(jq -r 'select(.outcome != "ok") | "\(.seq) \(.outcome) \(.status) \(.attempts) \(.stderr)"' out) \
			$'3 failed 3 1 cannot do 3\n\n500 failed 3 1 cannot do 500\n'
		jq -r 'select(.outcome == "ok") | .stdout' out | cmp - <(answers 1000 3 500)
	}
	under_methods check
	cd ..
	mp -j1 --filter "$TOOL" filter fail=500 <numbers
	expect 123
	cmp <(answers 1000 500) out
	says '^cannot do 500$'
	says '^mpmap: #500: exit status 3'
}

@test "filter deaths: the job log and --tag" {
	seq 1000 >numbers
	mp -j2 --tag --joblog log --filter "$TOOL" filter fail=20 crash=900 <numbers
	expect 125
	answers 1000 20 900 | sed 's/\(.*\)!/\1\t&/' | cmp - out
	sed 1d log | sort -n | cut -f 1 | cmp - numbers
	same <(sed 1d log | awk -F '\t' '$7 || $8 { print $1, $7, $8 }' | sort -n) $'20 3 0\n900 0 11'
}

@test "filter deaths: what fails in company alone is answered" {
	seq 10000 >numbers
	# the command that failed had said so: that is passed on
	mp -j2 --filter "$TOOL" filter once=5000 <numbers
	expect 0
	cmp <(answers 10000) out
	not grep -q mpmap err
}

@test "filter deaths: --retries gives that record further tries" {
	seq 100 >numbers
	mp -j1 -o jsonl --retries 2 --filter "$TOOL" filter flush fail=50 <numbers
	expect 123
	the_result 50 '.outcome == "failed" and .attempts == 3'
	jq -r 'select(.outcome == "ok") | .stdout' out | cmp - <(answers 100 50)
	[ "$(jq -s 'map(select(.attempts != 1)) | length' out)" -eq 1 ]
	mp -j1 -o jsonl --retries 20 --filter "$TOOL" filter flush try=50 <numbers
	expect 0
	the_result 50 '.outcome == "ok" and .attempts > 1'
	rm tries
	mp -j1 --retries 20 --filter "$TOOL" filter flush try=50 <numbers
	expect 0
	cmp <(answers 100) out
}

@test "filter deaths: --halt" {
	seq 100000 >numbers
	run_to_end -j2 --halt now,fail=1 --filter "$TOOL" filter crash=500 <numbers
	expect 124
	says SIGSEGV
	# what was answered by then is written, in order
	sort -nc out
	answers 100000 500 | sort | comm -23 <(sort out) - | cmp - /dev/null
	no_processes_left
	run_to_end -j2 --halt soon,fail=2 --filter "$TOOL" filter fail=10 fail=20 <numbers
	expect 124
	open_feed
	start -j2 --halt now,success=10 --filter sed -u 's/$/!/' <feed
	seq 100 >&7
	finish
	close_feed
	expect 0
	[ "$(wc -l <out)" -ge 10 ]
}

@test "filter deaths: a record that takes too long is a timeout, and the others are answered" {
	seq 64 >numbers
	for rule in flush hold=64K; do
		rm -f starts
		mp -j1 -o jsonl --timeout 0.3 --grace 0.1 --filter "$TOOL" filter starts=starts "$rule" hang=40 <numbers
		expect 125
		are_objects out 64
		same <(jq -r 'select(.outcome != "ok") | "\(.seq) \(.outcome)"' out) '40 timeout'
		jq -r 'select(.outcome == "ok") | .stdout' out | cmp - <(answers 64 40)
		started "$(most_starts 64 1)"
	done
	mp -j2 --timeout 0.3 --grace 0.1 --filter "$TOOL" filter flush hang=40 <numbers
	expect 125
	cmp <(answers 64 40) out
	says '^mpmap: #40: timed out after 0.3 s'
	# a command that keeps its answers is not too slow
	seq 50000 | mp_well -j2 --timeout 5 --filter "$TOOL" filter hold=10M
	cmp <(answers 50000) out
}

# Kills commands by SIGKILL as they come, until mpmap has ended: those of this test alone.
kill_commands() {
	local process
	"$TOOL" marked "MPMAP_TEST_ID=$MPMAP_TEST_ID" | while read -r process _; do
		[ "/proc/$process/exe" -ef "$TOOL" ] || continue
		# not the tool that prints them
		grep -qz '^filter$' "/proc/$process/cmdline" 2>/dev/null && kill -KILL "$process" && echo "$process" >>killed
	done 2>/dev/null
	is_gone "$pid"
}

@test "filter deaths: SIGKILL from outside, again and again, costs no record anything" {
	seq 1000000 >numbers
	check() {
		start -j2 --filter "$TOOL" filter <../numbers
		wait_until kill_commands
		finish
		expect 0 || return 1
		same err '' || return 1
		cmp ../expected out || return 1
		echo "$(wc -l <killed) killed"
	}
	answers 1000000 >expected
	under_methods check
}

@test "filter deaths: commands that are killed after some records, whichever these are" {
	seq 3000 >numbers
	for rule in flush hold=64K; do
		for last in 200 1001; do
			echo "$rule, killed at record $last"
			mp_well -j2 --filter "$TOOL" filter "$rule" "last=$last" <numbers
			cmp <(answers 3000) out
		done
	done
	# the same for each command of its own, once for all methods
	check() {
		mp_well -j3 --filter "$TOOL" filter last=700 <../numbers
		cmp <(answers 3000) out
	}
	under_methods check
}

@test "filter deaths: a record that brings SIGKILL each time is signaled, after its third" {
	seq 1000 >numbers
	mp -j1 -o jsonl --filter "$TOOL" filter starts=starts kill=600 <numbers
	expect 125
	are_objects out 1000
	same <(jq -r 'select(.outcome != "ok") | "\(.seq) \(.outcome) \(.signal)"' out) '600 signaled SIGKILL'
	jq -r 'select(.outcome == "ok") | .stdout' out | cmp - <(answers 1000 600)
}

@test "filter deaths: a worker that is killed costs no record anything" {
	check() {
		open_feed
		trace_on
		start -j4 --filter "$TOOL" filter <feed
		for i in 0 1 2 3 4 5 6 7 8 9; do
			seq $((i * 10000 + 1)) $((i * 10000 + 10000)) >&7
			victim=$(mpmap_pids | grep -vxF "$pid" | shuf -n 1)
			[ -z "$victim" ] || kill -KILL "$victim"
		done
		close_feed
		finish
		expect 0
		same err ''
		cmp ../expected out
		no_processes_left
	}
	answers 100000 >expected
	under_methods check
}

@test "filter deaths: every worker dies at once, half-way through what its command has answered" {
	answers 20000 >expected
	check() {
		rm -f gate waits
		open_feed
		start -j3 --filter "$TOOL" filter flush wait=10000 <feed
		seq 20000 >&7
		wait_until test -e waits
		for victim in $(mpmap_pids | grep -vxF "$pid"); do
			kill -KILL "$victim"
		done
		touch gate
		close_feed
		finish
		expect 0
		same err ''
		cmp ../expected out
		no_processes_left
	}
	under_methods check
}

@test "filter deaths: a command that is broken from the start ends the run at once" {
	seq 100000 >numbers
	check() {
		mp -j1 --filter sh -c 'echo >>starts; exec sed "s/7/x"' <../numbers
		expect 1 ''
		says 'sed: -e expression #1, char 5: unterminated'
		says '^mpmap: '
		[ "$(wc -l <err)" -le 12 ] || complain "$(cat err)"
		started 4
		no_processes_left
	}
	under_methods check
	cd ..
	mp -j8 --filter sh -c 'echo >>starts; echo words >&2; exit 3' <numbers
	expect 1 ''
	says '^words$'
	started 32
	# crashes are no better
	mp -j2 --filter "$TOOL" crash <numbers
	expect 1 ''
	says SIGSEGV
	mp -j2 --filter "$TOOL" exit 3 <numbers
	expect 1 ''
	says 'exit status 3'
}

@test "filter deaths: no such command, or none that can be executed" {
	seq 1000 >numbers
	check() {
		mp -j2 --filter no-such-command <../numbers
		expect 127 ''
		says_lines 1
		says 'no-such-command'
		echo x >plain
		mp -j2 --filter ./plain <../numbers
		expect 126 ''
		says_lines 1
		says 'plain'
	}
	under_methods check
}

# The message about a command that does not answer one record with one.
not_one_to_one() {
	expect 1 || return 1
	says "$(worker_name)-[0-9]+" && says '[0-9]' && says '--stdin --block' || return 1
	no_processes_left
}

@test "filter deaths: too few answers: the first record that has none is named" {
	seq 1000 >numbers
	check() {
		mp -j2 --filter grep -v 444 <../numbers
		not_one_to_one
		says '#444([^0-9]|$)'
		mp -j1 --chunksize 100 --filter sed 150d <../numbers
		not_one_to_one
		mp -j2 --filter "$TOOL" filter none=17 none=800 <../numbers
		not_one_to_one
		says '#(17|800)([^0-9]|$)'
	}
	under_methods check
	mp -j1 --filter "$TOOL" filter none=17 none=800 <../numbers
	not_one_to_one
	says '#17([^0-9]|$)'
}

@test "filter deaths: too few answers, where no record is to blame alone" {
	yes x | head -n 1000 >same
	mp -j2 --filter uniq <same
	not_one_to_one
	says 'other records'
	mp -j2 --filter sort -u <same
	not_one_to_one
	mp -j2 --filter wc -l <same
	not_one_to_one
}

@test "filter deaths: an end without an error before all is answered" {
	seq 1000 >numbers
	check() {
		mp -j2 --filter head -n 5 <../numbers
		not_one_to_one
		mp -j2 --filter true <../numbers
		not_one_to_one
		mp -j2 --filter "$TOOL" filter flush end=300 <../numbers
		not_one_to_one
		says '#300([^0-9]|$)'
	}
	under_methods check
	yes | timeout 60 "$MPMAP" -j2 --filter head -n 5 >out 2>err || echo "$?" >status
	not_one_to_one
}

@test "filter deaths: too many answers" {
	seq 1000 >numbers
	check() {
		mp -j2 --filter sed p <../numbers
		not_one_to_one
		mp -j2 --filter "$TOOL" filter twice=500 <../numbers
		not_one_to_one
		mp -j2 --filter "$TOOL" filter twice=1000 <../numbers
		not_one_to_one
	}
	under_methods check
	yes | timeout 60 "$MPMAP" -j2 --filter sed p >out 2>err || echo "$?" >status
	not_one_to_one
	mp -j2 --filter yes <../numbers
	not_one_to_one
}

@test "filter deaths: answers before there was a question" {
	seq 1000 >numbers
	mp -j2 --filter "$TOOL" filter first <numbers
	not_one_to_one
	mp -j1 --filter "$TOOL" filter first none=1000 flush <numbers
	# As many answers as records: nobody can tell, unless the first comes before its record does.
	[ "$(cat status)" -le 1 ]
	open_feed
	start -j1 --filter "$TOOL" filter flush twice=1 <feed
	echo 1 >&7
	finish
	close_feed
	not_one_to_one
}

@test "filter deaths: a command that leaves a child with its output does not hold the run" {
	seq 100 >numbers
	mp -j1 --grace 0.2 --leftovers kill --filter sh -c '"$TOOL" background child; exec cat' <numbers
	expect 0
	cmp numbers out
	no_processes_left
}

@test "filter deaths: a command that closes its outputs, or does not read" {
	seq 100000 >numbers
	mp -j2 --timeout 0.3 --grace 0.1 --filter "$TOOL" silent never < <(seq 4)
	expect 125 ''
	no_processes_left
	mp -j2 --filter sh -c 'exec <&-; echo x; exit 0' <numbers
	not_one_to_one
}

@test "filter deaths: a command that kills its worker each time ends the run" {
	seq 100 >numbers
	check() {
		mp --start-method="$METHOD" -j2 --filter sh -c 'read -r x; kill -KILL $PPID; read -r x' <../numbers
		expect 1 ''
		says 'workers end as soon as they are started'
		no_processes_left
	}
	under_methods check
}
