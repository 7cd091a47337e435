#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --resume of a journal that is mostly history: it is written anew, and whole at every instant.

# Scripts are for the tasks' shell.
# shellcheck disable=SC2016

load helper

# Runs the records of the file in, which a command that stays notes in begun.
session() {
	LIMIT=100 mp -j2 --journal=run.mpj --out=file "$@" --filter sh -c 'tee -a begun' <in
}

# Makes a journal of which most is history: all records have moved since.
old_journal() {
	rm -rf run.mpj* file begun
	seq 40000 >in
	session
	expect 0 '' ''
	sed -i '1i first' in
	session --resume
	expect 0 '' ''
	: >begun
}

# Fails unless another session finds all that was done, and leaves nothing but a small journal.
goes_on() {
	session --resume
	expect 0 '' ''
	cmp in file
	[ ! -s begun ] || complain "run again: $(head -n 3 begun)"
	[ ! -e run.mpj.rewriting ] || complain 'the file beside it is left'
}

size() {
	stat -c %s "$1"
}

@test "resume: a journal that is mostly history is written anew, and its outputs file, too" {
	old_journal
	chmod 640 run.mpj
	local before
	before=$(size run.mpj)
	goes_on
	goes_on
	[ "$(size run.mpj)" -lt $((before / 2)) ] || complain "$before, then $(size run.mpj)"
	[ "$(stat -c %a run.mpj)" = 640 ]
	[ "$(cut -c10- run.mpj | jq -s '[.[] | select(.begin)] | last.begin')" = 4 ]
	mp --journal=run.mpj --status
	grep -q '^done         40001$' out
	grep -q 'for the 4. time' out
	[ "$(cut -c10- run.mpj | jq -r 'select(.tasks).pieces | split(" ")[] | .[:22]' | sort -u | wc -l)" = 40001 ]
}

@test "resume: it does not grow by many sessions" {
	local i
	seq 7000 >in
	session
	for i in 1 2 3 4 5 6 7 8 9 10; do
		if ((i % 2)); then
			sed -i '1i first' in
		else
			sed -i 1d in
		fi
		session --resume
		expect 0 '' ''
		cmp in file
		[ "$(size run.mpj)" -lt 5000000 ] || complain "session $i: $(size run.mpj) bytes"
		[ ! -e run.mpj.outputs ] || [ "$(size run.mpj.outputs)" -lt 2000000 ]
	done
	[ "$(wc -l <begun)" = 7001 ]
}

@test "resume: --retry-failed many times; what has gone and comes back is not run again" {
	local i script='echo "$1" >>begun; echo "out $1"; [ -e gate ]'
	seq 1000 >in
	mp -q -j2 --journal=run.mpj --sync=none --out=file --shell "$script" <in
	expect 123
	for i in 1 2 3 4 5 6 7 8; do
		mp -q -j2 --journal=run.mpj --resume --retry-failed --sync=none --out=file --shell "$script" <in
		expect 123
		sed 's/^/out /' in | cmp - file
	done
	touch gate
	sed '2d; 500d' in >fewer
	mp -q -j2 --journal=run.mpj --resume --retry-failed --sync=none --out=file --shell "$script" <fewer
	expect 0 ''
	sed 's/^/out /' fewer | cmp - file
	[ "$(size run.mpj)" -lt 1000000 ]
	: >begun
	mp -q -j2 --journal=run.mpj --resume --out=file --shell "$script" <in
	expect 123 ''
	sed 's/^/out /' in | cmp - file
	[ ! -s begun ]
}

@test "resume: --unordered: the outputs that are needed are kept" {
	local i
	seq 30000 | sed 's/^/a long line, so that the outputs are more than the journal is, or nearly, of record /' >in
	session --unordered
	expect 0 '' ''
	: >begun
	for i in 1 2 3 4; do
		session --unordered --resume --sync=none
		expect 0 '' ''
		sort file | cmp - <(sort in)
		[ ! -s begun ]
	done
	[ "$(find . -name 'run.mpj.outputs*' | wc -l)" = 1 ]
	[ "$(cat run.mpj.outputs* | wc -c)" -lt $((4 * $(size file))) ]
	[ "$(size run.mpj)" -lt 20000000 ]
}

@test "resume: killed at any instant while the journal is written anew" {
	needs_faults
	local point call
	old_journal
	mkdir saved
	cp -p run.mpj* file saved
	for point in rewrite_write rewrite_sync rewrite_rename rewrite_done; do
		for call in 1 2 10; do
			cp saved/run.mpj* .
			cat saved/file >file
			MPMAP_FAULT=$point:$call:KILL session --resume
			[ "$point" != rewrite_write ] && [ "$call" -gt 1 ] || expect 137
			goes_on
		done
	done
}

@test "resume: where it cannot be written anew, the run goes on with the old one" {
	needs_faults
	local point
	old_journal
	mkdir saved
	cp -p run.mpj* file saved
	for point in rewrite_write:1 rewrite_write:4 rewrite_sync:1 rewrite_rename:1; do
		cp saved/run.mpj* .
		cat saved/file >file
		MPMAP_FAULT=$point:ENOSPC session --resume
		expect 0 '' ''
		cmp in file
		[ ! -s begun ]
		[ ! -e run.mpj.rewriting ]
		[ "$(size run.mpj)" -gt "$(size saved/run.mpj)" ] || complain "$point"
		goes_on
	done
}

@test "resume: a run that had opened the old one before waits for nothing, and goes on with the new one" {
	needs_faults
	old_journal
	MPMAP_FAULT=journal_lock:1:STOP start -j2 --journal=run.mpj --resume --out=file --filter sh -c 'tee -a begun' <in
	wait_until is_stopped "$pid"
	local old=$pid
	ls -i run.mpj >before
	session --resume
	expect 0 '' ''
	ls -i run.mpj | not cmp - before
	pid=$old
	kill -CONT "$pid"
	finish
	[ "$(cat status)" = 0 ]
	goes_on
	[ "$(cut -c10- run.mpj | jq -s '[.[] | select(.begin)] | last.begin')" = 5 ]
}

is_stopped() {
	grep -q '^State:.T' "/proc/$1/status"
}
