#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Results as JSON, the run seen as a whole: order, times, memory, large outputs, and an array that is closed whatever ends it.

# Scripts are for the tasks' shell.
# shellcheck disable=SC2016

load helper
load object

@test "json: the order is that of the input, however long tasks take" {
	check() {
		seq 300 >numbers
		mp_well -j4 -o jsonl --shell 'sleep 0.0$(($1 * 7919 % 9)); echo "$1"; echo "$1" >&2' <numbers
		are_objects out 300
		jq -j .stdout out | cmp - numbers
		jq -j .stderr out | cmp - numbers
		trace_on
		start -j4 -o json --shell '[ "$1" -gt 1 ] || "$TOOL" hold gate; echo "$1"' ::: $(seq 20)
		wait_for_event task_end 19
		not grep -q seq out
		touch gate
		finish
		expect 0
		is_array out 20
		same <(jq -j '.[].stdout' out) "$(seq 20)"
	}
	check
}

@test "json: with --unordered in the order of completion, and the same objects" {
	check() {
		trace_on
		start -j4 --unordered -o jsonl --shell '[ "$1" -gt 1 ] || "$TOOL" hold gate; echo "$1"' ::: $(seq 20)
		wait_until file_holds out 19
		not grep -q '"seq":1,' out
		touch gate
		finish
		expect 0
		are_objects out
		[ "$(values .seq | tail -n 1)" = 1 ]
		same <(jq -j .stdout out | sort -n) "$(seq 20)"
		values 'select(.stdout != "\(.seq)\n")' >found
		same found ''
	}
	check
}

@test "json: an object is there as soon as its task has ended" {
	for format in jsonl json; do
		open_feed
		start -j2 -o "$format" echo <feed
		for word in a b; do
			echo "$word" >&7
			wait_until file_has out "\"stdout\":\"$word.n\""
		done
		close_feed
		finish
		expect 0
		same err ''
		[ "$(jq -n '[inputs | if type == "array" then .[] else . end] | length' out)" -eq 2 ]
	done
}

@test "json: start is UTC with microseconds, duration is in seconds" {
	before=$EPOCHSECONDS
	TZ=Asia/Kolkata mp_well -j1 -o jsonl --shell 'sleep "$1"' ::: 0 0.5 0
	after=$((EPOCHSECONDS + 1))
	are_objects out 3
	jq -e -s --argjson before "$before" --argjson after "$after" '
		map((.start[:19] + "Z" | fromdate) + (.start[19:26] | tonumber)) as $start |
		$start[0] >= $before and $start == ($start | sort) and
		$start[0] + .[0].duration <= $start[1] and $start[1] + .[1].duration <= $start[2] and $start[2] + .[2].duration <= $after and
		.[1].duration >= 0.5 and .[1].duration < 30 and .[0].duration < 30' out >/dev/null || complain "$(values '[.start, .duration]')"
	# not all end in zeros
	for i in 1 2 3 4 5 6 7 8 9; do mp_well -o jsonl true ::: a b c && cat out; done >many
	[ "$(jq -r '.start[23:26]' many | sort -u | wc -l)" -gt 1 ] || complain "$(jq .start many)"
}

@test "json: user, sys and max_rss are the task's and its children's" {
	check() {
		mp_well -j1 -o jsonl --shell '
			case $1 in
			spin) i=0; while [ "$i" -lt 600000 ]; do i=$((i + 1)); done ;;
			calls) dd if=/dev/zero of=/dev/null bs=1 count=400000 2>/dev/null; : ;;
			memory) dd if=/dev/zero of=/dev/null bs=100M count=1 2>/dev/null; : ;;
			esac' ::: idle spin calls memory idle
		are_objects out 5
		jq -e -s '.[1].user > 0.05 and .[1].user > .[0].user + .[0].sys and .[2].sys > 0.01 and .[2].sys > .[0].user + .[0].sys' out >/dev/null ||
			complain "$(values '[.user, .sys, .duration]')"
		values 'select(.user + .sys > .duration + 0.1)' >found
		same found ''
		jq -e -s '.[3].max_rss >= 100 * 1024 * 1024 and .[3].max_rss < 130 * 1024 * 1024' out >/dev/null || complain "$(values .max_rss)"
		# what came before is not counted again
		jq -e -s 'all(.[0, 1, 4]; .max_rss == null or .max_rss < 50 * 1024 * 1024)' out >/dev/null || complain "$(values .max_rss)"
	}
	check
}

@test "json: two tasks at a time have two slots, two workers, two processes" {
	trace_on
	start -j2 -o jsonl "$TOOL" hold ::: gate gate
	wait_for_event task_start 2
	touch gate
	finish
	expect 0
	for key in slot worker pid; do
		[ "$(values ".$key" | sort -u | wc -l)" -eq 2 ] || complain "$(values "[.slot, .worker, .pid]")"
	done
	jq -e -s 'map(.slot) | sort == [1, 2]' out >/dev/null
}

@test "json: nothing of the tasks' stderr on stderr; the summary is still there" {
	for format in jsonl json none; do
		mp -j2 -o "$format" --shell 'echo "$1"; echo "noise $1" >&2; exit "$1"' ::: 0 3 0
		expect 123
		same err "mpmap: 1 of 3 tasks failed: 1 by exit status
$(grep '^mpmap: #2: exit status 3: ' err)"
		[ "$format" != none ] || same out ''
	done
	mp -q -o none --shell 'echo "$1"; echo "noise $1" >&2; exit 3' ::: 1 2
	expect 123 '' ''
	# what is not written needs no room
	status=0
	timeout 60 "$MPMAP" -j2 -o none "$TOOL" spew 5M ::: 1 2 3 >/dev/full 2>err || status=$?
	[ "$status" -eq 0 ] || complain "exit status $status"
	mp_well -o text --shell 'echo "$1"' ::: 1 2
	same out $'1\n2'
}

@test "json: large outputs are whole, with ample room, with a spill file, and with neither" {
	"$TOOL" spew 3M 1 >noise
	"$TOOL" lines 30000 104 x >text
	for room in '' '--buffer 64K' '--buffer 64K --spill 0' '--buffer 1M --spill 4M'; do
		echo "room: $room"
		# shellcheck disable=SC2086
		mp_well -j3 $room -o jsonl --shell 'cat "$1"; head -c 100000 "$1" >&2' ::: noise text noise
		are_objects out 3
		[ "$(keys_of 1), $(keys_of 2)" = 'stdout_base64 stderr_base64, stdout stderr' ]
		held 1 stdout | cmp - noise
		held 2 stdout | cmp - text
		held 3 stderr | cmp - <(head -c 100000 noise)
	done
}

@test "json: many results that wait behind a held one, with little room" {
	for room in '--buffer 64K --spill 0' '--buffer 64K --spill 10M'; do
		rm -f gate
		trace_on
		# shellcheck disable=SC2086
		start -j3 $room -o json --shell '[ "$1" -gt 1 ] || "$TOOL" hold gate; exec "$TOOL" spew 30K "$1"' ::: $(seq 40)
		wait_for_event task_end 2
		wait_until all_asleep
		touch gate
		finish
		expect 0
		same err ''
		is_array out 40
		# 30K are a whole number of base64's groups
		jq -r '.[].stdout_base64' out | base64 -d | "$TOOL" unspew 30K 1 40 | cmp - <(seq 40)
	done
}

@test "json: without tasks: an empty array, and nothing" {
	mp_well -o json true
	same out '[]'
	mp_well -o json true :::
	same out '[]'
	mp_well -o jsonl true
	exactly out ''
	mp_well -o none true
	exactly out ''
}

@test "json: the array is closed after a failure, a task that cannot be, COMMAND not found and --halt" {
	check() {
		mp -j2 -o json --shell 'exit "$1"' ::: 0 1 2
		expect 123
		is_array out 3
		printf 'a\0b\nc\n' | mp -o json echo
		expect 125
		is_array out 2
		mp -o json no-such-command ::: a b c
		expect 127
		is_array out
		says_lines 1
		[ -z "$(jq -r '.[].outcome' out | grep -vxE 'not-started|skipped')" ] || complain "$(cat out)"
		for halt in now soon; do
			run_to_end -j2 -o json --halt "$halt,fail=1" --shell 'exit 3' ::: $(seq 20)
			expect 124
			is_array out
			run_to_end -j1 -o json --halt "$halt,success=1" true ::: $(seq 20)
			expect 0
			is_array out
		done
	}
	check
}

@test "json: the array is closed after ^C, also while all waits, after a second one, SIGTERM and SIGQUIT" {
	check() {
		for signals in INT 'INT INT' TERM 'HUP HUP' QUIT; do
			trace_on
			rm -f pid*
			start -j2 --grace 0.2 -o json --shell '[ "$1" -gt 2 ] || exec "$TOOL" ignore "pid$1" INT HUP; echo "$1"' ::: $(seq 20)
			wait_until test -s pid1 -a -s pid2
			count=0
			for signal in $signals; do
				kill "-$signal" "$pid"
				wait_for_event signal $((++count))
			done
			[ "$signals" != INT ] || kill -KILL "$(cat pid1)" "$(cat pid2)"
			finish
			expect $((128 + $(kill -l "${signals%% *}")))
			is_array out
			jq -e '(.[:2] | all(.outcome == "signaled")) and (.[2:] | all(.outcome == "skipped"))' out >/dev/null ||
				complain "$signals: $(jq -c 'map(.outcome)' out)"
			no_processes_left
		done
		trace_on
		open_feed
		start -o json echo <feed
		wait_for_event run_start
		kill -INT "$pid"
		finish
		close_feed
		expect 130 '[]' ''
	}
	check
}

@test "json: ^C while a task waits to be run again: its last outcome stands" {
	check() {
		trace_on
		start -j1 -o jsonl --retries 3 --retry-delay 1h --joblog log --results results --shell 'echo "$1"; [ "$1" -ne 1 ]' ::: 1 2
		wait_for_event task_end 2
		wait_for_event worker_park
		kill -INT "$pid"
		finish
		expect 130
		are_objects out 2
		values_are '[.outcome, .attempts, .stdout]' $'["failed",1,"1\\n"]\n["ok",1,"2\\n"]'
		same <(sed 1d log | cut -f 1,7 | sort) $'1\t1\n2\t0'
		holds_tasks 1 2
	}
	check
}

@test "json: whatever workers die, each task is in the output, the log and the folder once, and the same in all" {
	check() {
		mp -j4 --chunksize 5 -o jsonl --joblog log --results results --shell '
			echo "$1"
			[ $(($1 % 20)) -ne 17 ] || { kill -KILL $PPID; exec "$TOOL" pause pid; }' ::: $(seq 120)
		expect 125
		are_objects out 120
		values_are 'select(.outcome == "lost") | .seq' "$(seq 17 20 120)"
		values_are 'select(.outcome == "ok" and .stdout == "\(.seq)\n") | .seq' "$(seq 120 | awk '$1 % 20 != 17')"
		holds_tasks $(seq 120)
		metas_are_objects
		values 'del(.stdout, .stderr)' | cmp - <(jq -c . metas)
		sed 1d log | sort -n | cut -f 1,8 | cmp - <(seq 120 | awk '{ print $1 "\t" ($1 % 20 == 17 ? 9 : 0) }')
		rm -r results
		mp_again 6 -j4 --chunksize 5 -o jsonl --retries 1 --joblog log --results results --shell '
			echo "$1"
			[ $(($1 % 20)) -ne 17 ] || [ "$MPMAP_ATTEMPT" -eq 2 ] || { kill -KILL $PPID; exec "$TOOL" pause pid; }' ::: $(seq 120)
		are_objects out 120
		values_are 'select(.outcome == "ok" and .stdout == "\(.seq)\n" and .attempts == (if .seq % 20 == 17 then 2 else 1 end)) | .seq' "$(seq 120)"
		holds_tasks $(seq 120)
		sed 1d log | sort -n | cut -f 1,8 | cmp - <(seq 120 | sed 's/$/\t0/')
	}
	under_methods check
}

@test "json: the array is closed after a failure of our own" {
	check() {
		mp -o json --initializer 'exit 3' echo ::: a b
		expect 1
		is_array out
		printf '{"argv":["true"]} {"argv":["true"]} nonsense {"argv":["true"]}' >tasks
		mp -j2 --json -o json <tasks
		expect 1
		is_array out 2
		says '^mpmap: standard input: element 3 '
	}
	check
	needs_faults
	MPMAP_FAULT=worker_start:1+:EAGAIN mp -o json echo ::: a b
	expect 1
	is_array out
	MPMAP_FAULT=input_read:1:EIO mp -o json echo <<<a
	expect 1
	is_array out
	rm -f gate
	MPMAP_FAULT=spill_open:1:ENOSPC start -j2 -o json --buffer 64K --spill 100M --shell '[ "$1" -gt 1 ] || "$TOOL" hold gate; exec "$TOOL" spew 100K "$1"' ::: $(seq 9)
	wait_until test -s err
	touch gate
	finish
	expect 0
	is_array out 9
}

@test "json: a full disk, and a reader that goes away" {
	check() {
		for format in json jsonl; do
			status=0
			seq 100 | timeout 60 "$MPMAP" -j2 -o "$format" echo >/dev/full 2>err || status=$?
			[ "$status" -eq 1 ] || complain "exit status $status"
			says '^mpmap: .*No space left on device'
			says_lines 1
			rm -f pipe
			mkfifo pipe
			head -n 2 <pipe >first &
			reader=$!
			start_it "$TOOL" ending how "$TOOL" under default -- bash -c 'exec "$@" >pipe' sh "$MPMAP" -j2 -o "$format" echo ::: $(seq 3000)
			finish
			wait "$reader"
			head -n 1 how | grep -qx 'signal PIPE' || complain "$(cat how)"
			same err ''
			sed '/^\[$/d; s/,$//' first | head -n 1 >line
			are_objects line 1
			no_processes_left
		done
	}
	check
}

@test "json: what does not go together: status 2, one line" {
	for format in xml '' JSON json,text; do
		mp -o "$format" touch ran ::: a
		usage_error "^mpmap: --output '$format': not .*text.*jsonl.*json.*none"
	done
	for format in jsonl json none; do
		for other in --ungroup --tty --tag --tagstring=x --line-buffer; do
			mp "$other" -o "$format" touch ran ::: a
			usage_error "^mpmap: .*${other%%=*}"
		done
	done
	[ ! -e ran ]
	mp_well -o text --tag echo ::: a
	same out $'a\ta'
}
