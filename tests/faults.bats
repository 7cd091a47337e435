#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Every fault point at its 1st, 2nd and 10th call, with an error and with SIGKILL: no hang, crash, loss, double or leftover.

# Points that run for nothing but a kill (their result is ignored) are harmless with an error. MPMAP_TEST_SEED chooses the
# start method of each run; a run that fails names what repeats it.

load helper
load adapter
load faults
number=0
no_leak_check

# Runs 20 tasks with a fault: the first is slow, so that the results of others are spilled.
faulty_run() {
	local options=(--start-method "$2")
	[ "$2" != zygote ] || options=(--zygote)
	[ "$2" = zygote ] || options+=(--joblog log --force)
	seq 20 | MPMAP_FAULT=$1 run_it "$MPMAP" -j3 --chunksize 2 --buffer 64K --spill 1M "${options[@]}" -o jsonl \
		sh -c '[ "$1" -gt 1 ] || sleep 0.1; printf "%020000d" "$1"' sh {}
}

# Fails unless each record has one result at most, in input order, and the status and stderr fit what came out.
true_outcomes() {
	local status
	status=$(cat status)
	# Where standard output fails, its last line may be cut.
	sed -i '$ { /}$/! d }' out
	jq -s -e '[.[].seq] | . == (unique)' out >/dev/null || complain 'results are missing their order' || return 1
	jq -s -e 'all(.[] | select(.outcome == "ok"); (.stdout | length == 20000) or .output_lost)' out >/dev/null ||
		complain 'an output was cut' || return 1
	if [ "$status" -eq 0 ]; then
		jq -s -e 'length == 20 and all(.[]; .outcome == "ok")' out >/dev/null ||
			complain 'status 0 without all results'
	elif [ "$status" -lt 128 ]; then
		[ -s err ] || complain "status $status without a word"
	else
		[ "$status" -eq 137 ] || complain "ended by signal $((status - 128))"
	fi
}

# Runs a script of the prompt with a fault: two maps on one pool, then what it keeps of the second.
faulty_script() {
	local option=
	[ "$2" != zygote ] || option=--zygote
	seq 20 >numbers
	printf '%s\n' "map $option --buffer 64K -a numbers --shell 'printf %020000d \$1' -o jsonl" \
		"map $option -a numbers echo" 'out 2' quit >script
	MPMAP_JOBS=3 MPMAP_START_METHOD=${2/zygote/fork} MPMAP_FAULT=$1 run_it "$MPMAP" --interactive <script
}

# Fails unless the program did not crash, and the lines of both maps are each there at most once and in order.
true_script() {
	local status
	status=$(cat status)
	[ "$status" -lt 128 ] || [ "$status" -eq 137 ] || complain "ended by signal $((status - 128))" || return 1
	sed -i '$ { /^{.*[^}]$/ d }' out
	grep '^{' out | jq -s -e '[.[].seq] | . == (unique)' >/dev/null || complain 'results are not in order' || return 1
	grep '^{' out | jq -s -e 'all(.[] | select(.outcome == "ok"); (.stdout | length == 20000) or .output_lost)' >/dev/null ||
		complain 'an output was cut'
}

# Answers records with a fault, by a filter, a coprocess or an adapter; few by the last, which may be started for each.
faulty_persistent() {
	local command=(--filter cat) methods=(fork spawn forkserver)
	records=3000
	[ -e adapter.py ] || write_adapter
	case $((number % 5)) in
	1 | 2) command=(--coproc "$TOOL" coproc pipeline=20) ;;
	3 | 4) command=(--coproc=block python3 adapter.py) && records=60 ;;
	esac
	seq "$records" | MPMAP_FAULT=$1 run_it "$MPMAP" -j3 --start-method "${methods[number % 3]}" --chunksize 100 --buffer 64K \
		--spill 1M --joblog log "${command[@]}"
}

# Fails unless each record was answered once at most, in input order, and the status and stderr fit what came out.
true_answers() {
	local status
	status=$(cat status)
	tr -d '<!>' <out >answered
	sort -cnu answered || complain 'answers are doubled or out of order' || return 1
	if [ "$status" -eq 0 ]; then
		seq "$records" | cmp - answered
	elif [ "$status" -lt 128 ]; then
		[ -s err ] || complain "status $status without a word"
	else
		[ "$status" -eq 137 ] || complain "ended by signal $((status - 128))"
	fi
}

@test "an error at every fault point" {
	sweep EIO faulty_run true_outcomes 1 2 10
}

@test "no memory at every fault point, from the 2nd call on" {
	sweep ENOMEM faulty_run true_outcomes 2+
}

@test "SIGKILL at every fault point" {
	sweep KILL faulty_run true_outcomes 1 2 10
}

@test "at the prompt, an error at every fault point" {
	sweep EIO faulty_script true_script 1 10
}

@test "at the prompt, SIGKILL at every fault point" {
	sweep KILL faulty_script true_script 2
}

@test "with a command that stays, an error at every fault point" {
	sweep EIO faulty_persistent true_answers 1 2 10
}

@test "with a command that stays, SIGKILL at every fault point" {
	sweep KILL faulty_persistent true_answers 1 2 10
}

# Counts in the shared state with a fault, with retries.
faulty_sharing() {
	local methods=(fork spawn forkserver)
	seq 12 | PATH=${MPMAP%/*}:$PATH MPMAP_FAULT=$1 run_it "$MPMAP" -j3 --start-method "${methods[number % 3]}" --chunksize 2 \
		--state --retries 1 --shell 'mpmap-state add n'
}

# Fails unless no number came twice, and the status and stderr fit what came out.
true_sharing() {
	local status
	status=$(cat status)
	sort -n out >numbers
	sort -cnu numbers || complain 'a number came twice'
	if [ "$status" -eq 0 ]; then
		# An attempt that failed may have counted.
		[ "$(wc -l <numbers)" = 12 ] || complain 'status 0 without all results'
	elif [ "$status" -lt 128 ]; then
		[ -s err ] || complain "status $status without a word"
	else
		[ "$status" -eq 137 ] || complain "ended by signal $((status - 128))"
	fi
}

@test "with --state, an error at every fault point" {
	sweep EIO faulty_sharing true_sharing 1 3
}

@test "with --state, SIGKILL at every fault point" {
	sweep KILL faulty_sharing true_sharing 2
}
