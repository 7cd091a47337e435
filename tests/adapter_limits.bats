#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --coproc=block: adapters that take too long, print too much, are killed, or are given options of the run.

# Scripts are for the adapter's Python.
# shellcheck disable=SC2016

load helper
load object
load adapter

setup_file() {
	command -v python3 >/dev/null || skip_or_fail 'python3 is not installed'
}

@test "adapter: a record that takes too long: the outcome of that record alone, wherever it is in its block" {
	for seq in 1 50 100; do
		number_with $seq 'pause()' | adapt -j1 -o jsonl --timeout 0.5 --grace 5 -- late
		failed_one $seq '^timeout' 125
		the_result $seq '.signal == "SIGTERM"'
	done
	for hello in "${OFFERS[@]}"; do
		number_with 50 'pause()' | adapt -j2 -o jsonl --timeout 0.5 --grace 5 -- "hello=$hello"
		failed_one 50 '^timeout' 125
	done
	# each is within its time, though all of a block are not
	seq 12 | sed 's/.*/!time.sleep(0.15)/' | adapt_well -j1 --timeout 0.7 -- late
	[ "$(wc -l <out)" -eq 12 ]
}

@test "adapter: one that ignores SIGTERM, or is stopped, is killed after --grace" {
	number_with 50 'signal.signal(signal.SIGTERM, signal.SIG_IGN); pause()' | adapt -j1 -o jsonl --timeout 0.3 --grace 0.2 -- late
	failed_one 50 '^timeout' 125
	the_result 50 '.signal == "SIGKILL"'
	number_with 50 'os.kill(os.getpid(), signal.SIGSTOP)' | adapt -j1 -o jsonl --timeout 0.3 --grace 0.2 -- late
	failed_one 50 '^timeout' 125
	# SIGTERM ends it with status 0
	number_with 50 'signal.signal(signal.SIGTERM, lambda *a: os._exit(0)); pause()' | adapt -j1 -o jsonl --timeout 0.3 --grace 9 -- late
	failed_one 50 '^timeout' 125
	# the record is answered after all: nothing is lost
	number_with 50 'signal.signal(signal.SIGTERM, lambda *a: None); signal.pause()' | adapt_well -j1 --timeout 0.3 --grace 9
	[ "$(grep -c '^<[0-9]*>$' out)" -eq 99 ]
}

@test "adapter: it closes its answers and goes on: the record in work has failed, and the others are called" {
	number_with 50 'os.close(4); pause()' | adapt -j1 -o jsonl --grace 0.2
	failed_one 50 'failed .*closed its output'
}

@test "adapter: one that never begins is interrupted with the run, whatever ends that" {
	for signal in INT TERM HUP; do
		seq 100 >numbers
		with_adapter start -j2 -- starts=starts setup='pause()' <numbers
		wait_until file_holds starts 2
		kill "-$signal" "$pid"
		LIMIT=20 finish
		expect $((128 + $(kill -l "$signal"))) ''
		rm starts
		no_processes_left
	done
	number_with 3 'sys.exit(1)' | with_adapter run_to_end -j2 --halt now,fail=1 -- setup='once("first") or pause()'
	expect 124
	no_processes_left
}

@test "adapter: what is printed before it is ready, and after its last answer, is passed on" {
	adapt -- 'setup=spend(200000); spend(200000, 2)' ::: a b
	expect 0 $'<a>\n<b>'
	[ "$(tr -cd x <err | wc -c)" -ge 400000 ]
	adapt -j1 -- 'teardown=os.write(1, b"down\n"); os.write(2, b"low\n")' ::: a b
	expect 0 $'<a>\n<b>'
	sort err >words
	same words $'down\nlow'
}

@test "adapter: single: what is printed is exactly that record's" {
	printf '%s\n' a '!os.write(1, b"o\n"); os.write(2, b"e\n")' '!os.system("echo child")' '!spend(300000); spend(300000, 2)' b |
		adapt -j1 -o jsonl -- 'hello=hello 1 mark single\n'
	expect 0
	the_result 1 '.stdout == "<a>\n" and .stderr == ""'
	the_result 2 '(.stdout | startswith("o\n<")) and .stderr == "e\n"'
	the_result 3 '.stdout | startswith("child\n<")'
	the_result 4 '(.stdout | startswith("xxx")) and (.stdout | length > 300000) and (.stderr | length == 300000)'
	the_result 5 '.stdout == "<b>\n" and .stderr == ""'
}

@test "adapter: 100 MB of one record, in parts or printed, are not kept" {
	measures_memory
	for code in 'any(part(1, "x" * 65536) for _ in range(1600)); result()' 'spend(104857600); result()'; do
		number_with 5 "$code" 10 >in
		with_adapter start -j1 <in
		watch_memory
		finish
		expect 0
		[ "$(wc -c <out)" -ge 104857600 ]
		tr -d x <out | grep . | cmp - <(answers 10 5)
		[ "$memory" -lt 90000 ]
	done
}

@test "adapter: parts of an output come before the rest, and once if the record is called again" {
	number_with 50 'part(1, "one\n"); part(2, "two\n"); result(0, "three\n")' | adapt -j2
	expect 0
	answers 100 | sed 's/^<50>$/one\nthree/' | cmp - out
	same err two
	number_with 50 'part(1, "part\n"); once("first") and os.kill(os.getpid(), signal.SIGKILL); result(0, "good\n")' | adapt_well -j2
	answers 100 | sed 's/^<50>$/part\ngood/' | cmp - out
}

@test "adapter: killed again and again: nothing is lost, and the order stays" {
	seq 3000 >numbers
	check() {
		local kills=0
		seq 3000 | sed 's/.*/!time.sleep(0.0005); result(0, "<&>\\n")/' >codes
		with_adapter start -j3 -- starts=starts <codes
		while [ "$kills" -lt 10 ] && ! is_gone "$pid"; do
			wait_until eval '[ -e starts ] && [ "$(wc -l <starts)" -gt '"$kills"' ] || is_gone $pid'
			kill -KILL "$(tail -n 1 starts)" 2>/dev/null || :
			kills=$((kills + 1))
		done
		finish
		expect 0
		same err ''
		cmp out <(answers 3000)
	}
	under_methods check
}

@test "adapter: workers killed cost no record anything" {
	answers 10000 >expected
	check() {
		open_feed
		with_adapter start -j3 <feed
		for i in 0 1 2 3 4; do
			seq $((i * 2000 + 1)) $((i * 2000 + 2000)) >&7
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
	under_methods check
}

@test "adapter: --retries, --halt, --joblog, --tag, -o none and json" {
	number_with 50 'result(4)' | adapt -j2 -o jsonl --retries 2
	failed_one 50 'failed 4'
	the_result 50 '.attempts == 3'
	for hello in "${OFFERS[@]}"; do
		rm -f tries
		number_with 50 'open("tries", "a").write("x"); os.path.getsize("tries") < 3 and os._exit(3)' |
			adapt -j2 -o jsonl --retries 5 -- "hello=$hello" late
		expect 0
		the_result 50 '.outcome == "ok"'
	done
	number_with 50 'result(4)' | with_adapter run_to_end -j2 --halt now,fail=1
	expect 124
	no_processes_left
	seq 100 | with_adapter run_to_end -j1 --halt now,success=5
	expect 0
	cmp out <(answers 5)
	number_with 50 'os._exit(3)' | adapt -j2 --joblog log
	expect 123
	sed 1d log | cut -f 1 | sort -n | cmp - <(seq 100)
	same <(sed 1d log | awk -F '\t' '$7 || $8 { print $1, $7, $8 }') '50 3 0'
	seq 100 | adapt_well -j2 --tag
	seq 100 | sed 's/.*/&\t<&>/' | cmp - out
	seq 100 | adapt_well -j2 -o none
	exactly out ''
	seq 100 | adapt_well -j2 -o json
	is_array out 100
}

@test "adapter: at the prompt it stays for the next run of the same command" {
	write_adapter
	for record in '!result(out="%d a\n" % os.getpid())' '!result(out="%d b\n" % os.getpid())' '!os.kill(os.getpid(), 11)' '!result(out="%d c\n" % os.getpid())'; do
		printf '%s\n' "$record" >"record$((++count))"
		printf 'map --coproc=block -a record%d python3 adapter.py\nwait\n' "$count"
	done >script
	mp --interactive -j1 <script
	awk 'NF == 2 && $2 ~ /^[abc]$/ { print $2 }' out | tr '\n' ' ' >order
	exactly order 'a b c '
	[ "$(awk '$2 ~ /^[ab]$/ { print $1 }' out | sort -u | wc -l)" -eq 1 ]
	[ "$(awk '$2 ~ /^[abc]$/ { print $1 }' out | sort -u | wc -l)" -eq 2 ]
}

@test "adapter: a worker whose adapter takes long to begin keeps few records from the others" {
	seq 2000 >numbers
	with_adapter start -j2 -- starts=starts 'setup=once("first") or pause()' <numbers
	wait_until file_holds starts 2
	# all that waits for the second are the records of one chunk
	wait_until state_is '1[0-9]{3} of 2000 tasks done'
	kill -TERM "$pid"
	finish
}
