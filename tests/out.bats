#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --out: the output in a file, written by mpmap itself.

# Scripts are for the tasks' shell.
# shellcheck disable=SC2016

load helper

@test "out: what standard output would hold, in every format and order" {
	local options
	for options in '' --unordered --line-buffer --tag '-o json' '-o jsonl' '--retries 1'; do
		rm -f file
		# shellcheck disable=SC2086 # words
		mp -j1 $options --out=file --shell 'echo "$1"; echo e >&2; [ "$1" != 3 ]' ::: 1 2 3
		expect 123 ''
		mv err expected_err
		# shellcheck disable=SC2086
		mp -j1 $options --shell 'echo "$1"; echo e >&2; [ "$1" != 3 ]' ::: 1 2 3
		without_times out >expected
		without_times file | cmp - expected || complain "$options: $(<file)"
		cmp err expected_err
	done
}

# Prints a file without what differs from one run to the next.
without_times() {
	sed -E 's/"(pid|duration|user|sys|max_rss|start)":("[^"]*"|[0-9.e-]*|null)/"\1":x/g' "$1"
}

@test "out: it grows in order while tasks run, from the start on" {
	start -j2 --out=file --shell '[ "$1" -lt 3 ] || "$TOOL" hold gate; echo "$1"' ::: 1 2 3 4
	wait_until file_holds file 2
	same file $'1\n2'
	not is_gone "$pid"
	touch gate
	finish
	expect 0 '' ''
	same file $'1\n2\n3\n4'
	open_feed
	start --out=empty echo <feed
	wait_until test -e empty
	close_feed
	finish
	expect 0
	exactly empty ''
}

@test "out: a file that exists is refused, and is as it was; --force replaces it, and what it held" {
	mp --out=file echo ::: a
	expect 0 '' ''
	mp --out=file touch ::: ran
	usage_error '^mpmap: --out: file exists \(--force replaces it\)$'
	same file a
	ln -s nothing link
	mp --out=link touch ::: ran
	usage_error '^mpmap: --out: link exists'
	[ ! -e ran ]
	[ ! -e nothing ]
	seq 1000 >file
	ln file other
	mp_well --force --out=file echo ::: b
	same other b
	mp_well --force --out=link echo ::: c
	same nothing c
	mp_well --force --out=new echo ::: d
	same new d
	# whatever else prevents the run comes first
	mp --force --out=file --joblog=missing/log echo ::: e
	expect 1 ''
	same file b
	mp --out=fresh --joblog=missing/log echo ::: e
	expect 1 ''
	[ ! -e fresh ]
}

@test "out: a device or a pipe may be there" {
	mp_well --out=/dev/null echo ::: a
	mkfifo pipe
	cat pipe >read &
	STARTED+=($!)
	mp_well --out=pipe "$TOOL" spew 200K ::: 1
	wait "$!"
	"$TOOL" spew 200K 1 | cmp - read
	# it is a file as any other: its reader that goes away is an error
	head -n 1 pipe >first &
	STARTED+=($!)
	mp -j2 --out=pipe echo ::: $(seq 9999)
	expect 1 ''
	says '^mpmap: --out: cannot write pipe: Broken pipe \([0-9]+ bytes were written\)$'
	says_lines 1
}

@test "out: a pipe that nobody reads is waited for, but not by the console, which a signal could not end" {
	mkfifo pipe
	trace_on
	start --out=pipe echo ::: a
	same <(cat pipe) a
	finish
	expect 0 '' ''
	echo 'map --out=pipe echo ::: a' >script
	run_it "$MPMAP" --interactive <script
	expect 2 ''
	says 'pipe is a pipe that nobody reads'
}

@test "out: names of formats, and no name, are usage errors that say what to write" {
	local format
	for format in text json jsonl none; do
		mp --out="$format" touch ::: ran
		usage_error "^mpmap: --out=$format: .*-o $format .*--out=\\./$format\$"
	done
	mp --out= touch ::: ran
	usage_error '--out'
	mp --out=- touch ::: ran
	usage_error 'standard output' '\./-'
	mp -o file.txt touch ::: ran
	usage_error "^mpmap: --output 'file\.txt': not one of .* --out=file\.txt\$"
	mp_well --out=./json echo ::: a
	same json a
	mp_well -o json --out=./jsonl echo ::: a
	[ ! -e ran ]
	jq -e 'length == 1' jsonl
}

@test "out: what does not go with it" {
	local options
	for options in -u --tty '-o none'; do
		# shellcheck disable=SC2086
		mp --out=file $options touch ::: ran
		usage_error '^mpmap: --out and '
	done
	mp --out=file --joblog=+file touch ::: ran
	usage_error 'both name file'
	echo a >file
	mp --force --out=file touch <file
	usage_error '^mpmap: --out: file is read as input$'
	ln file link
	mp --force --out=link -a file touch
	usage_error '^mpmap: --out: link is read as input$'
	same file a
	[ ! -e a ]
	[ ! -e ran ]
	mp --out=missing/file touch ::: ran
	expect 1 '' 'mpmap: --out: cannot write missing/file: No such file or directory'
	mp --force --out=. touch ::: ran
	expect 1 '' 'mpmap: --out: cannot write .: Is a directory'
	[ ! -e ran ]
	# only shown, nothing is written
	mp_well --dry-run --out=new echo ::: a
	same out 'echo a'
	[ ! -e new ]
}

@test "out: a full disk is named with the bytes that were written, and running tasks finish" {
	local written
	trace_on
	start -j2 --out=/dev/full --shell '[ "$1" != 1 ] || exec echo x; "$TOOL" hold gate; touch "done$1"' ::: 1 2 3 4
	wait_for_event output_gone
	touch gate
	finish
	expect 1 '' 'mpmap: --out: cannot write /dev/full: No space left on device (0 bytes were written)'
	[ -e done2 ]
	[ ! -e done4 ]
	# a disk that holds a part
	unshare -rm true 2>/dev/null || skip_or_fail 'no mount namespaces here'
	mkdir disk
	run_it unshare -rm bash -c 'mount -t tmpfs -o size=64k none disk &&
		{ "$@" || status=$?; cat disk/file; exit $status; }' sh "$MPMAP" -j2 --out=disk/file "$TOOL" spew 5000 ::: $(seq 99)
	expect 1
	says '^mpmap: --out: cannot write disk/file: No space left on device \([0-9]+ bytes were written\)$'
	says_lines 1
	written=$(sed 's/.*(\(.*\) bytes.*/\1/' err)
	[ "$written" -eq "$(wc -c <out)" ]
	[ "$written" -ge 60000 ]
	cmp out <(for i in $(seq 20); do "$TOOL" spew 5000 "$i"; done | head -c "$written")
}

@test "out: a disk that fills in the middle" {
	needs_faults
	MPMAP_FAULT=stdout_write:3+:ENOSPC mp -j2 --chunksize 1 --out=file -o jsonl echo ::: $(seq 2000)
	expect 1 ''
	says "No space left on device \\($(wc -c <file) bytes were written\\)"
	says_lines 1
}

@test "out: a file that cannot be emptied, or is not stored in the end" {
	needs_faults
	MPMAP_FAULT=out_check:1:EDQUOT mp --out=file echo ::: a
	expect 1 '' 'mpmap: --out: cannot write file: Disk quota exceeded (2 bytes were written)'
	same file a
	MPMAP_FAULT=out_empty:1:EIO mp --force --out=file touch ::: ran
	expect 1 '' 'mpmap: --out: cannot empty file: Input/output error'
	same file a
	[ ! -e ran ]
}

@test "out: the reader of standard output does not matter, nor that it is closed" {
	mp bash -c '"$MPMAP" --out=file --shell "echo x; touch done" ::: 1 | true; exit "${PIPESTATUS[0]}"' ::: x
	expect 0 '' ''
	same file x
	run_it bash -c '"$MPMAP" --out=closed echo ::: 1 >&-'
	expect 0 '' ''
	same closed 1
}

@test "out: an array is closed when a signal ends the run" {
	start -j1 -o json --out=file --shell '[ "$1" != 2 ] || exec "$TOOL" hold gate' ::: 1 2 3
	wait_until grep -q '"seq":1' file
	kill -TERM "$pid"
	finish
	expect 143
	jq -e 'map(.outcome) == ["ok", "signaled", "skipped"]' file
}

@test "out: at the prompt's language a map has its own file, and a retry writes to the output" {
	printf '%s\n' 'map --out=one -o json --shell "echo x; false" ::: 1' 'map echo ::: 2' 'retry failed' \
		'map --out=one echo ::: 3' >script
	run_it "$MPMAP" --interactive <script
	expect 2
	jq -e 'map(.stdout) == ["x\n"]' one
	says 'one exists'
	[ "$(head -n 1 out)" = 2 ]
	jq -e 'map(.stdout) == ["x\n"]' <(tail -n +2 out)
}
