#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Batch jobs with a wall time, which end before their work is done: each next one types the line that the last has printed.

load helper

# The job's work: 200 parameters, and a program that takes a tenth of a second for each.
prepare() {
	seq 200 >params
	cat >simulate <<-'END'
		#!/bin/sh
		echo "$1" >>begun
		sleep 0.1
		echo "$1 $(($1 * $1))"
	END
	chmod +x simulate
	"$MPMAP" -j8 ./simulate <params >expected
	rm begun
}

# batch_job COMMAND...: runs one until it ends by itself or is ended.
batch_job() {
	start_it "$@"
	finish
	"$MPMAP" --journal=run.mpj --status >status_text
	sessions=$((${sessions:-0} + 1))
}

# Takes the line that the summary says, to run it next.
take_line() {
	line=$(sed -n 's/^mpmap: to go on: //p' err)
	[ -n "$line" ] || complain 'no line to type'
}

# Prints how many tasks there are of one state.
status_of() {
	sed -n "s/^$1  *\(at least \)*//p" status_text
}

# Prints how many tasks each session has committed, by the journal.
committed_by_session() {
	cut -c10- run.mpj | jq -s -r '
		[foreach .[] as $note (0; if $note.begin then $note.begin else . end; select($note.task != null))] | group_by(.)[] | length'
}

# Fails unless the work is done: the output is that of one undisturbed run, and the job log has each task as often as it
# has ended, also in a session that was killed before it had committed it.
is_done() {
	expect 0 ''
	cmp expected result
	[ "$(status_of 'done') $(status_of failed) $(status_of interrupted) $(status_of 'not begun')" = '200 0 0 0' ]
	[ "$(grep -c Seq log)" = 1 ]
	sed 1d log | awk -F '\t' '$7 == 0 && $8 == 0 { print $1 }' | sort -n >logged
	sort -nu logged | cmp - params
	[ "$sessions" -ge 3 ] || complain "only $sessions sessions"
	# Each session's tasks began after it had begun.
	cut -c10- run.mpj | jq -r 'select(.begin) | .at' >begins
	[ "$(wc -l <begins)" = "$sessions" ]
	[ "$(committed_by_session | awk '{ sum += $1 } END { print sum }')" = 200 ]
	grep -q "^begun .* for the $sessions\. time " status_text
	grep -q '^ended ' status_text
}

@test "story: jobs of a wall time of 3 s, with --until: no task is begun twice, none is ended" {
	local before
	prepare
	batch_job "$MPMAP" -j3 --until 3 --grace 0.5 --journal=run.mpj --out=result --joblog=log -a params ./simulate
	while [ "$(cat status)" = 124 ]; do
		says '^mpmap: stopped by --until '
		take_line
		[ "$(status_of interrupted)" = 0 ]
		[ "$(status_of 'done')" -gt "${before:-0}" ]
		before=$(status_of 'done')
		grep -q '^ended ' status_text
		head -n "$before" expected | cmp - result
		batch_job bash -c "exec $line"
	done
	is_done
	sort -n begun | cmp - params
	cmp logged params
}

@test "story: jobs that timeout ends after 2 s, by SIGTERM and by SIGKILL in turn: what was done is not begun again" {
	local signal=TERM before
	prepare
	line="$(printf '%q' "$MPMAP") -j3 --sync=0.2 --journal=run.mpj --out=result --joblog=log -a params ./simulate"
	before=0
	batch_job timeout -s "$signal" 2 bash -c "exec $line"
	while [ "$(cat status)" != 0 ]; do
		[ "$(status_of interrupted)" -le 3 ]
		[ "$(status_of 'done')" -gt "$before" ]
		before=$(status_of 'done')
		if [ "$signal" = TERM ]; then
			take_line
			grep -q '^ended ' status_text
		else
			same err ''
			grep -q '^killed after ' status_text
		fi
		# What is in the output is its beginning.
		head -c "$(wc -c <result)" expected | cmp - result
		# Which tasks are done, to find those that the next one begins again.
		cut -c10- run.mpj | jq -r 'select(.task != null) | .task + 1' >done_before
		mv begun begun_before
		signal=$([ "$signal" = TERM ] && echo KILL || echo TERM)
		batch_job timeout -s "$signal" 2 bash -c "exec $line"
		sort begun | comm -12 - <(sort done_before) >again
		same again ''
	done
	is_done
}
