#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Every fault point of a run with a journal, with an error and with SIGKILL: what --resume makes of it is the undisturbed output.

# MPMAP_TEST_SEED chooses the start method and the place of the output of each run; a failure names what repeats it.

# Scripts are for the tasks' shell.
# shellcheck disable=SC2016

load helper
load faults
no_leak_check
number=0

# on_place OPTION...: runs 12 tasks with a journal, of which the first is slow, so that the output of others is kept.
on_place() {
	local place=()
	[ "$place_of_output" != out ] || place=("--out=file")
	run_it bash -c 'if [ "$1" = stream ]; then "${@:2}" <numbers | cat; exit "${PIPESTATUS[0]}"; fi
		[ "$1" != append ] || exec >>file; exec "${@:2}" <numbers' on_place "$place_of_output" \
		"$MPMAP" -j3 --chunksize 2 --journal=run.mpj "${place[@]}" "$@" \
		sh -c '[ "$1" -gt 1 ] || sleep 0.05; echo "$1" >>begun; printf "%02000d\n" "$1"' sh
}

faulty_durable() {
	local places=(out append stream) syncs=(each 0.02 1)
	place_of_output=${places[number % 3]}
	way_of_start=(--start-method "$2" "--sync=${syncs[number / 3 % 3]}")
	[ "$2" != zygote ] || way_of_start=(--zygote "--sync=${syncs[number / 3 % 3]}")
	rm -rf run.mpj* file begun
	MPMAP_FAULT=$1 on_place "${way_of_start[@]}"
	cp status first_status
	cp err first_err
}

# Fails unless the run said what was wrong, and --resume makes a whole of it, in which nothing is begun again that was done.
true_durable() {
	local status resumes=()
	status=$(cat first_status)
	if [ "$status" -ge 128 ]; then
		[ "$status" -eq 137 ] || complain "ended by signal $((status - 128))" || return 1
	elif [ "$status" -ne 0 ]; then
		[ -s first_err ] || complain "status $status without a word" || return 1
	else
		whole_output || complain 'status 0, and the output is not whole' || return 1
	fi
	done_before >done_tasks
	rm -f begun
	[ ! -e run.mpj ] || resumes=(--resume --retry-failed)
	# What was made before the journal was is not its own.
	[ -e run.mpj ] || rm -f file
	on_place "${way_of_start[@]}" "${resumes[@]}"
	[ "$(cat status)" = 0 ] || complain "after status $status: --resume has status $(cat status)" || return 1
	whole_output || complain "after status $status: the output of --resume is not whole" || return 1
	touch begun
	sort begun | comm -12 - <(sort done_tasks) >again
	[ ! -s again ] || complain "done, and begun again: $(tr '\n' ' ' <again)"
}

whole_output() {
	local file=file
	[ "$place_of_output" != stream ] || file=out
	cmp -s "$file" expected
}

# Prints the records that the journal says have succeeded.
done_before() {
	[ ! -s run.mpj ] || cut -c10- run.mpj | jq -rs '
		(map(has("commit")) | rindex(true)) as $end | .[:($end // -1) + 1][] | select(.outcome == "ok") | .task + 1' 2>/dev/null || :
}

prepare() {
	seq 12 >numbers
	while read -r number; do printf '%02000d\n' "$number"; done <numbers >expected
}

@test "with a journal, an error at every fault point, at its 1st call: --resume goes on well" {
	prepare
	sweep EIO faulty_durable true_durable 1
}

@test "with a journal, an error at every fault point, at its 3rd call: --resume goes on well" {
	prepare
	sweep ENOSPC faulty_durable true_durable 3
}

@test "with a journal, SIGKILL at every fault point: --resume goes on well" {
	prepare
	sweep KILL faulty_durable true_durable 1 3
}
