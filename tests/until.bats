#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --until: no task begins that may not end by a time. How times are read: tests/unit_until.c.

load helper

PAST=2026-01-01T00:00

# What the summary says of a run that was stopped: stopped TIME COUNT
stopped() {
	says "^mpmap: stopped by --until $1: $2 not begun \(--grace is [0-9.]+ s, the longest task took [0-9.]+ s\)\$"
}

@test "until: what is no time: status 2, one line, the right form" {
	for value in soon 0 -1 '' 7:30 24:00 07:60 2026-11-27 2026-11-31T07:30 2026-11-27T07:30+1 1h5; do
		mp --until "$value" touch ran ::: a
		usage_error "^mpmap: --until '${value//+/[+]}': not a time of day \(07:30\), a date and a time \(2026-11-27T07:30, .*Z or \+01:00\), nor a time from now in seconds above 0 \(90, 1h30m\)"
	done
	[ ! -e ran ]
}

@test "until: every form of a time; who ends before it has no need of it" {
	for value in 3600 1h 23:59:59 2199-12-31T07:30 '2199-12-31 07:30:00.5Z' 2199-12-31T07:30+01:00; do
		TZ=UTC-$(((36 - $(date -u +%-H)) % 24)) mp_well --until "$value" echo ::: a b
		same out $'a\nb'
	done
	seq 300 | mp_well -j4 --until 1h --halt soon,fail=1 echo
	seq 300 | cmp - out
	mp_well --until "$PAST" --dry-run echo ::: a
	same out 'echo a'
}

@test "until: a time that has passed begins nothing: status 124, and how many tasks that were" {
	check() {
		run_to_end --until "$PAST" touch ::: a b c
		expect 124 ''
		says_lines 1
		stopped '2026-01-01 00:00:00' '3 of 3 tasks'
		[ ! -e a ] && [ ! -e b ] && [ ! -e c ]
	}
	under_methods check
	seq 3 | run_to_end --until "$PAST" -q touch
	expect 124 '' ''
	# all that is known of a pipe is what has been read
	open_feed
	start --until "$PAST" touch <feed
	finish
	expect 124 ''
	stopped '2026-01-01 00:00:00' 'at least 0 tasks'
}

@test "until: with --grace for a task to end, and the moment in the time zone" {
	for zone in UTC0 EAST-12:34 'CET-1CEST,M3.5.0,M10.5.0/3'; do
		for clock in 00:00 07:30 23:59; do
			# between one and two days: no task would end by then
			day=$(TZ=$zone date +%F)
			TZ=$zone run_to_end --until "$clock" --grace 30h echo ::: a b
			expect 124 ''
			[ "$(TZ=$zone date +%F)" = "$day" ] || continue
			[[ $(TZ=$zone date +%H:%M) < $clock ]] || day=$(TZ=$zone date -d 'tomorrow 12:00' +%F)
			stopped "$day $clock:00" '2 of 2 tasks'
		done
	done
	mp --until 1h --grace 59m59s --retries 3 echo ::: a
	expect 0 a ''
	run_to_end --until 1h --grace 1h echo ::: a
	expect 124 ''
	stopped '[0-9-]{10} [0-9:]{8}' 'the only task was'
}

@test "until: no task begins that may take as long as the longest before it" {
	trace_on
	mkfifo never
	run_to_end -j1 --until 4 --grace 0 bash -c 'echo "$1"; read -rt 2.1 _ <>never; :' - ::: 1 2 3
	expect 124 1
	stopped '[0-9-]{10} [0-9:]{8}' '2 of 3 tasks'
	[ "$(event_count task_start)" -eq 1 ]
}

@test "until: what runs is waited for, and what failed is not run again" {
	mkfifo never
	mp -j1 --until 3 --grace 0 --retries 9 bash -c 'echo "$1 $MPMAP_ATTEMPT"; read -rt 3.1 _ <>never; exit 3' - ::: 1
	expect 123 '1 1'
	says '^mpmap: #1: exit status 3: '
	mp --until 2 --grace 0 --retries 9 --retry-delay 1h false ::: 1
	expect 123 ''
	says '^mpmap: #1: exit status 1'
}

@test "until: an input that has not ended by then is not waited for" {
	open_feed
	start -j2 --until 3 --grace 0 echo <feed
	seq 10 >&7
	finish
	expect 124 "$(seq 10)"
	stopped '[0-9-]{10} [0-9:]{8}' 'at least 0 tasks'
}

# until_of_stayer WAY WORD...: ten records, and the end by --until while more could come, in a folder of its own.
until_of_stayer() {
	local way=$1
	shift
	mkdir "$way" && cd "$way" || return 1
	open_feed
	start -j2 --until 15 --grace 0 "$@" <feed
	seq 10 >&7
	wait_until file_holds out 10 || return 1
	finish && expect 124 && stopped '[0-9-]{10} [0-9:]{8}' 'at least 0 tasks' || return 1
	[ "$(wc -l <out)" -eq 10 ] || complain "$way: $(<out)" || return 1
	run_to_end --until "$PAST" "$@" ::: 1 2 3
	expect 124 '' && stopped '2026-01-01 00:00:00' '3 of 3 tasks'
}

@test "until: commands that stay are not fed any more" {
	# The three wait at the same time, so that the limit can be far beyond what starting them takes on a busy machine.
	until_of_stayer filter --filter sed -u 's/$/!/' &
	ways=($!)
	until_of_stayer coproc --coproc "$TOOL" coproc &
	ways+=($!)
	until_of_stayer python --python 'x + "!"' &
	ways+=($!)
	for way in "${ways[@]}"; do
		wait "$way" || complain "$(tail -n +1 ./*/err)"
	done
	no_processes_left
}

@test "until: with -o jsonl what was not begun is skipped" {
	run_to_end --until "$PAST" -o jsonl echo ::: a b
	expect 124
	[ "$(jq -r .outcome out)" = $'skipped\nskipped' ]
}

@test "until: at the prompt each map has its own" {
	cat >script <<-END
		map --until $PAST echo ::: 1 2
		show 1
		map --until 1h echo ::: 3
		set until $PAST
		map echo ::: 4
	END
	start --interactive <script
	finish
	expect 124
	grep -qx 3 out || complain "$(<out)"
	grep -Eq '^options +.*--until=2026-01-01T00:00' out || complain "$(<out)"
	grep -Eq 'stopped by --until 2026-01-01 00:00:00: the only task was not begun' out err || complain "$(<out)$(<err)"
}
