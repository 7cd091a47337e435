#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --resume: what is done is not run again, and the output is that of an undisturbed run, whatever was edited between.

# Scripts are for the tasks' shell.
# shellcheck disable=SC2016

load helper

# Each task notes that it was begun, and prints its record; those that end with 9 fail.
script='echo "$1" >>begun; echo "out $1"; case $1 in *9) exit 3;; esac'

# first_run OPTION...: a run of the records of the file in, whose 5th task is killed together with mpmap.
first_run() {
	rm -rf run.mpj* file begun
	start -j1 --journal=run.mpj "$@" --shell "[ \"\$1\" != 5 ] || [ -e gate ] || \"\$TOOL\" hold gate; $script" <in
	wait_until tasks_noted 4
	kill -KILL "$pid"
	finish
	[ "$(cat status)" = 137 ]
	touch gate
}

tasks_noted() {
	[ -e run.mpj ] && [ "$(grep -c '"task":' run.mpj)" -ge "$1" ]
}

resume() {
	mp -j2 --journal=run.mpj --resume "$@" --shell "[ \"\$1\" != 5 ] || [ -e gate ] || \"\$TOOL\" hold gate; $script" <in
}

# Prints what tasks of the records of the file in print.
expected() {
	sed 's/^/out /' in
}

@test "resume: after kill -9, what was committed is not run again" {
	seq 8 >in
	first_run --out=file
	resume --out=file
	expect 0 ''
	expected | cmp - file
	[ "$(sort begun | tr '\n' ' ')" = '1 2 3 4 5 5 6 7 8 ' ] || [ "$(sort begun | tr '\n' ' ')" = '1 2 3 4 5 6 7 8 ' ]
	resume --out=file
	expect 0 ''
	expected | cmp - file
}

@test "resume: the input may be edited" {
	local edit
	for edit in '1d' '3d' '1i new' '3a new' '2s/.*/new/' '$d' '1{h;d};3G' '2p' 's/$/x/' '1,4d' '8,$d'; do
		seq 8 >in
		rm -f gate
		first_run --out=file
		sed -i "$edit" in
		resume --out=file
		expect 0 ''
		expected | cmp - file || complain "edit: $edit"
		rm -f begun
		seq 8 >in
		resume --out=file
		expect 0 ''
		expected | cmp - file || complain "back from: $edit"
	done
}

@test "resume: exactly the records that are new are run" {
	seq 1000 >in
	mp_well -j2 --journal=run.mpj --out=file --shell "$script" <in || :
	expect 123
	rm begun
	sed -i -e '10s/.*/a/' -e '500d' -e '700i b' -e '900p' in
	mp -j2 --journal=run.mpj --resume --out=file --shell "$script" <in
	expect 123 ''
	expected | cmp - file
	[ "$(sort begun | tr '\n' ' ')" = '900 a b ' ]
}

@test "resume: an input that became empty leaves an empty output" {
	seq 3 >in
	first_run_whole
	: >in
	resume --out=file
	expect 0 ''
	exactly file ''
	mp_well --journal=run.mpj --status
	grep -qx 'done         0' out
	rm -f run.mpj* file
	mp_well --journal=run.mpj --out=file -o json echo ::: a b
	mp_well --journal=run.mpj --out=file -o json --resume echo </dev/null
	exactly file $'[]\n'
	mp_well --journal=run.mpj --out=file -o json --resume echo ::: b
	[ "$(jq -c '[.[] | .stdout]' file)" = '["b\n"]' ]
}

first_run_whole() {
	touch gate
	rm -rf run.mpj* file begun
	mp -j2 --journal=run.mpj --out=file --shell "[ \"\$1\" != 5 ] || [ -e gate ] || \"\$TOOL\" hold gate; $script" <in
}

@test "resume: what failed stays so, until --retry-failed" {
	printf '%s\n' 1 9 3 19 5 >in
	first_run_whole
	expect 123
	rm begun
	resume --out=file
	expect 123 ''
	says '2 of 5 tasks failed: 2 by exit status'
	says '#2: exit status 3'
	says 'to run what failed again: .*mpmap --retry-failed -j2 .* --resume .* < .*/in$'
	[ ! -e begun ]
	expected | cmp - file
	resume --retry-failed --out=file
	expect 123 ''
	[ "$(sort begun | tr '\n' ' ')" = '19 9 ' ]
	expected | cmp - file
}

@test "resume: tasks that a signal ended with mpmap are run again, and the line to type is printed" {
	start -j2 --journal=run.mpj --out=file --shell 'echo "$1"; [ "$1" -lt 3 ] || [ -e gate ] || "$TOOL" hold gate' ::: 1 2 3 4 5
	wait_until tasks_noted 2
	kill -INT "$pid"
	finish
	same file $'1\n2'
	says "^mpmap: to go on: .*mpmap --resume -j2 '--journal=run.mpj' '--out=file' --shell '"
	touch gate
	mp -j2 --journal=run.mpj --resume --out=file --shell 'echo "$1"; [ "$1" -lt 3 ] || [ -e gate ] || "$TOOL" hold gate' ::: 1 2 3 4 5
	expect 0 '' ''
	same file $'1\n2\n3\n4\n5'
}

# The line that the last run has printed.
line_to_type() {
	sed -n 's/^mpmap: to [^:]*: //p' err
}

@test "resume: the line to type can be typed, whatever was in it" {
	local record=$'b c\n#\x27 --resume'
	start -j1 --journal='run.mpj x' --out=$'file\n' --halt=now,fail=1 --shell 'echo "$1"; [ -e ok ] || [ "$1" = a ]' \
		::: a "$record" --retry-failed
	finish
	expect 124 ''
	touch ok
	run_it bash -c "$(line_to_type)"
	expect 123 ''
	says '1 of 3 tasks failed'
	run_it bash -c "$(line_to_type)"
	expect 0 '' ''
	printf '%s\n' a "$record" --retry-failed | cmp - $'file\n'
	rm ok
	printf '%s\n' a b >in
	run_it sh -c 'exec "$@" >>file' sh "$MPMAP" -j1 --journal=run.mpj --shell 'echo "$1"; [ -e ok ] || [ "$1" = a ]' <in
	expect 123 ''
	says 'to run what failed again: .* >> .*/file < .*/in$'
	touch ok
	run_it bash -c "$(line_to_type)"
	expect 0 '' ''
	cmp in file
	# A pipe, and a file of which something was read before, is not known.
	rm -f run.mpj* ok
	mp --journal=run.mpj --out=file2 --shell 'exit 1' < <(cat in)
	says ' --shell .exit 1. # \(with the same input\)$'
	rm -f run.mpj* file2
	{
		read -r
		mp --journal=run.mpj --out=file2 --shell 'exit 1'
	} <in
	says ' # \(with the same input\)$'
}

@test "resume: --at-most-once leaves what may have begun to --retry-interrupted" {
	local form
	seq 8 >in
	for form in text json; do
		rm -f gate
		start_once -o "$form"
		resume_once -o "$form"
		expect 125 ''
		says '#5: lost: interrupted: it may have begun'
		says 'to run what was interrupted again: .*mpmap --retry-interrupted -j2 '
		outputs "$form" | cmp - <(sed 5d in)
		[ "$(sort begun | tr '\n' ' ')" = '1 2 3 4 5 6 7 8 ' ]
		resume_once -o "$form"
		expect 125 ''
		sed -i 1d in
		resume_once -o "$form"
		expect 125 ''
		outputs "$form" | cmp - <(sed 4d in)
		resume_once -o "$form" --retry-interrupted
		expect 0 '' ''
		outputs "$form" | cmp - in
		[ "$(sort begun | tr '\n' ' ')" = '1 2 3 4 5 5 6 7 8 ' ]
		seq 8 >in
	done
}

once='echo "$1" >>begun; [ "$1" != 5 ] || [ -e gate ] || "$TOOL" hold gate; echo "$1"'

# A run in which the 5th task was begun, and all others are done, when it is killed.
start_once() {
	rm -rf run.mpj* file begun
	start -j2 --at-most-once --journal=run.mpj --out=file "$@" --shell "$once" <in
	wait_until tasks_noted 7
	kill -KILL "$pid"
	finish
	touch gate
}

resume_once() {
	mp -j2 --at-most-once --journal=run.mpj --resume --out=file "$@" --shell "$once" <in
}

# Prints what the tasks have printed, whatever the format of the file.
outputs() {
	if [ "$1" = text ]; then cat file; else jq -js 'flatten | .[].stdout | values' file; fi
}

@test "resume: what --at-most-once has not begun at a signal is run" {
	start -j1 --at-most-once --journal=run.mpj --out=file --shell 'echo "$1" >>begun; [ "$1" != 2 ] || [ -e gate ] || "$TOOL" hold gate; echo "$1"' ::: 1 2 3 4 5
	wait_until file_holds begun 2
	kill -INT "$pid"
	finish
	touch gate
	mp --at-most-once --journal=run.mpj --out=file --resume --shell 'echo "$1" >>begun; [ "$1" != 2 ] || [ -e gate ] || "$TOOL" hold gate; echo "$1"' ::: 1 2 3 4 5
	expect 125 ''
	same file $'1\n3\n4\n5'
	[ "$(sort begun | tr '\n' ' ')" = '1 2 3 4 5 ' ]
}

@test "resume: --halt and --until leave the rest to it" {
	seq 20 >in
	run_to_end -j1 --halt now,fail=1 --journal=run.mpj --out=file --shell "$script" <in
	expect 124 ''
	says '^mpmap: to go on: '
	run_to_end -j1 --halt now,fail=2 --journal=run.mpj --resume --out=file --shell "$script" <in
	expect 123 ''
	expected | cmp - file
	[ "$(wc -l <begun)" = 20 ]
}

@test "resume: >> goes on, and > is explained" {
	seq 8 >in
	rm -f run.mpj* file
	echo before >file
	start_it bash -c 'exec "$MPMAP" -j1 --journal=run.mpj --shell "[ \$1 != 5 ] || [ -e gate ] || \"\$TOOL\" hold gate; echo \$1" <in >>file'
	wait_until tasks_noted 4
	kill -KILL "$pid"
	finish
	touch gate
	cp file saved
	run_it bash -c '"$MPMAP" --journal=run.mpj --resume --shell "[ \$1 != 5 ] || [ -e gate ] || \"\$TOOL\" hold gate; echo \$1" <in >file'
	[ "$(cat status)" = 2 ]
	says 'file is empty: the shell emptied it for .>., .* lost; --force instead of --resume .* --out=.* or .>> .*file.'
	cat saved >file
	run_it bash -c '"$MPMAP" --journal=run.mpj --resume --shell "[ \$1 != 5 ] || [ -e gate ] || \"\$TOOL\" hold gate; echo \$1" <in >>file'
	expect 0
	{ echo before && cat in; } | cmp - file
}

@test "resume: a pipe gets everything once more, and nothing is run again" {
	seq 8 >in
	run_it bash -c '"$MPMAP" -j2 --journal=run.mpj --shell "$0" <in | cat' "$script"
	expected | cmp - out
	rm begun
	run_it bash -c '"$MPMAP" -j2 --journal=run.mpj --resume --shell "$0" <in | cat' "$script"
	expected | cmp - out
	[ ! -e begun ]
	mp -j2 --journal=run.mpj --resume --out=file --shell "$script" <in
	expected | cmp - file
	[ ! -e begun ]
	run_it bash -c '"$MPMAP" -j2 --journal=run.mpj --resume --shell "$0" <in | cat' "$script"
	[ "$(cat status)" = 0 ] && [ ! -s out ]
	says 'the output of the run is in file: --out=file goes on there'
	mp -j2 --journal=run.mpj --resume --out=other --shell "$script" <in
	usage_error '^mpmap: --resume: other is not there; the output of the run is in file$'
}

@test "resume: what has ended by the time a reader goes away is not run again" {
	seq 1000 >in
	run_it bash -c '"$MPMAP" -j1 --journal=run.mpj --sync=100 --shell "$0" <in | head -n 1' "$script"
	same out 'out 1'
	mp_well --journal=run.mpj --status
	grep -qx "done         [1-9][0-9]*" out
	grep -q '^ended ' out
	run_it bash -c '"$MPMAP" -j2 --journal=run.mpj --resume --shell "$0" <in | cat' "$script"
	[ "$(cat status)" = 0 ]
	expected | cmp - out
	# Those that ended after that may be.
	[ "$(grep -cx 1 begun)" = 1 ]
}

@test "resume: what something else has appended to the output after the run's end is not cut off" {
	local form
	for form in text json jsonl; do
		rm -f run.mpj* file
		# Also after a session that only cut off what is gone.
		mp_well -j2 --journal=run.mpj --out=file -o "$form" echo ::: a b c d
		mp_well -j2 --journal=run.mpj --out=file -o "$form" --resume echo ::: a b c
		mp_well -j2 --journal=run.mpj --out=file -o "$form" --resume echo ::: a b c
		cp file whole
		echo mine >>file
		cp file saved
		mp -j2 --journal=run.mpj --out=file -o "$form" --resume echo ::: a b c d
		usage_error "file was changed by something else: 5 bytes follow .* \(truncate -s $(stat -c %s whole) removes them\)"
		cmp file saved
		truncate -s "$(stat -c %s whole)" file
		mp_well -j2 --journal=run.mpj --out=file -o "$form" --resume echo ::: a b c d
		outputs "$form" | cmp - <(printf '%s\n' a b c d)
	done
}

@test "resume: an output that is not what was written is refused, and nothing is changed" {
	seq 8 >in
	first_run --out=file
	cp file whole
	for change in 'truncate -s 3 file' 'printf X | dd of=file conv=notrunc status=none' 'rm file' 'mv file f2; cp f2 file'; do
		cp whole kept && cat whole >file
		bash -c "$change"
		cp run.mpj before
		cp file after 2>/dev/null || rm -f after
		resume --out=file
		usage_error '^mpmap: --resume: file[ ,].*\(--force instead of --resume begins anew\)$'
		cmp run.mpj before
		[ ! -e after ] || cmp file after
		[ ! -e f2 ] || mv f2 file
		[ -e file ] || break
	done
}

@test "resume: another command, or an option that changes the output, is refused and named" {
	seq 3 >in
	mp_well --journal=run.mpj --out=file echo a <in
	local words
	for words in 'echo b' '-o jsonl echo a' '--tag echo a' '--unordered echo a' '--workdir / echo a' "-C , echo a" '--stdin echo a'; do
		# shellcheck disable=SC2086
		mp --journal=run.mpj --resume --out=file $words <in
		usage_error '^mpmap: --resume: run.mpj is of another run: its .* was '
	done
	mp --journal=run.mpj --resume --out=file echo b <in
	says "its command was 'echo a', and is 'echo b' now"
	same file $'a 1\na 2\na 3'
	mp --journal=none --resume --out=file echo a <in
	usage_error '^mpmap: --resume: there is no journal none \(without --resume a new run begins\)$'
	[ ! -e none ]
}

# Makes the files of a run that was killed within its journal's first bytes: nothing can have been kept by then.
torn_at() {
	head -c "$1" run.mpj >torn
	rm -f torn.outputs
	: >empty
}

@test "resume: a run that was killed before it had begun anything begins anew" {
	seq 3 >in
	mp_well --journal=run.mpj --out=file echo <in
	local size
	for size in 0 1 50; do
		torn_at "$size"
		mp_well --journal=torn --resume --out=empty echo <in
		cmp in empty
		torn_at "$size"
		mp_well --journal=torn --out=empty echo <in
		cmp in empty
		head -c "$size" run.mpj >torn
		rm -f torn.outputs
		mp --journal=torn --resume --out=empty echo <in
		usage_error 'empty exists'
	done
}

@test "resume: --unordered, json and jsonl" {
	local options
	seq 8 >in
	for options in --unordered '-o jsonl' '-o json' '--unordered -o json'; do
		rm -f gate
		# shellcheck disable=SC2086
		first_run --out=file $options
		sed -i '2d;4i new' in
		# shellcheck disable=SC2086
		resume --out=file $options
		expect 0 ''
		case $options in
		--unordered) sort file | cmp - <(expected | sort) ;;
		*)
			jq -s 'flatten | sort_by(.seq) | map(.seq)' file | jq -e '. == [range(1; length + 1)]'
			jq -rs 'flatten | sort_by(.seq)[].stdout' file | grep . | cmp - <(expected)
			;;
		esac || complain "$options"
		rm begun
		# shellcheck disable=SC2086
		resume --out=file $options
		[ ! -e begun ] || complain "$options: done, and begun again: $(cat begun)"
		seq 8 >in
	done
}

@test "resume: tasks in JSON, several sources, groups" {
	printf '["echo","%s"]\n' a b a c >in
	mp_well -j1 --journal=run.mpj --out=file --jsonl <in
	sed -i '1d' in
	mp_well --journal=run.mpj --resume --out=file --jsonl <in
	same file $'b\na\nc'
	rm run.mpj* file
	mp_well --journal=run.mpj --out=file echo ::: a b ::: 1 2
	mp_well --journal=run.mpj --resume --out=file echo ::: b c ::: 1 2
	same file $'b 1\nb 2\nc 1\nc 2'
	rm run.mpj* file
	mp_well --journal=run.mpj --out=file -n2 echo ::: a b c
	mp_well --journal=run.mpj --resume --out=file -n2 echo ::: a b c d
	same file $'a b\nc d'
}

@test "resume: commands that stay, and functions" {
	seq 1 2 20000 >in
	mp_well --journal=run.mpj --out=file --filter cat <in
	seq 20000 >in
	mp_well --journal=run.mpj --resume --out=file --filter cat <in
	cmp in file
	seq 1 2 20000 >in
	mp_well --journal=run.mpj --resume --out=file --filter cat <in
	cmp in file
	rm run.mpj* file
	seq 100 >in
	mp_well --journal=run.mpj --out=file --python 'open("begun", "a").write(x + "\n") and int(x) * 2' <in
	sed -i '50i 7000' in
	rm begun
	mp_well --journal=run.mpj --resume --out=file --python 'open("begun", "a").write(x + "\n") and int(x) * 2' <in
	same begun 7000
	awk '{ print $1 * 2 }' in | cmp - file
}

@test "resume: a function's options, and the names of its columns, are known" {
	printf '%s\n' a,b 1,2 3,4 >in
	mp_well --journal=run.mpj --out=file --csv --header : --python 'a + k' --setup 'k = "x"' <in
	same file $'1x\n3x'
	mp --journal=run.mpj --resume --out=file --csv --header : --python 'a + k' --setup 'k = "y"' <in
	usage_error "run.mpj is of another run: its options of the function was '.*x.*', and is '.*y.*' now$"
	sed -i 1s/.*/b,a/ in
	mp_well --journal=run.mpj --resume --out=file --csv --header : --python 'a + k' --setup 'k = "x"' <in
	same file $'2x\n4x'
}

@test "resume: a record that can be no task has its place, whatever was there" {
	local form
	"$TOOL" lines 1 200000 x | tr -d '\n' >large
	echo >>large
	for form in text jsonl json; do
		rm -f run.mpj* file
		mp_well -j2 --journal=run.mpj --out=file -o "$form" echo ::: a b c
		{ cat large && printf '%s\n' b c; } >in
		for again in 1 2; do
			mp -j2 --journal=run.mpj --resume --out=file -o "$form" echo <in
			expect 125 ''
			says '#1: not started: the record has [0-9]* bytes'
			says 'to run what failed again: '
			outputs "$form" | cmp - <(printf '%s\n' b c)
			[ "$form" = text ] || [ "$(jq -s 'flatten | map(.seq) | add' file)" = 6 ]
		done
		mp_well --journal=run.mpj --status
		grep -qx 'interrupted  0' out
		grep -qx 'failed       1' out
		mp_well -j2 --journal=run.mpj --resume --out=file -o "$form" echo ::: b a c
		outputs "$form" | cmp - <(printf '%s\n' b a c)
	done
}

# A filter that notes which records it got, and answers each with itself.
noted='tee -a begun'

# resume_filter OPTION...: resumes, and finds out that exactly the records of the file in that old has not were run.
resume_filter() {
	rm -f begun
	touch begun
	# shellcheck disable=SC2086
	mp_well --journal=run.mpj --resume --out=file "$@" --filter $noted <in
	sort old | comm -13 - <(sort in) | cmp - <(sort begun)
	cp in old
}

@test "resume: a filter, noted by ranges, whose input is edited" {
	local edit jobs
	for jobs in 1 3; do
		rm -rf run.mpj* file
		# Equal records, too.
		seq 30000 | sed 's/.*[05]$/again/' >in
		cp in old
		# shellcheck disable=SC2086
		mp_well -j$jobs --journal=run.mpj --out=file --filter $noted <in
		cmp in file
		[ "$(grep -c '"tasks":.*"pieces":' run.mpj)" -lt 200 ]
		[ "$(grep -c '"task":' run.mpj)" -lt 200 ]
		for edit in '1d' '20000d' '1i new' '15000a more' '2s/.*/other/' '$d' '1{h;d};3G' '2p' '100,20000d' '1!G;h;$!d' '10,20000s/$/x/'; do
			sed -i "$edit" in
			resume_filter -j$jobs || complain "edit: $edit, -j$jobs"
			cmp in file || complain "edit: $edit, -j$jobs"
		done
	done
}

@test "resume: a filter whose output is a pipe, or in the order of completion" {
	seq 20000 >in
	# shellcheck disable=SC2086
	"$MPMAP" -j3 --journal=run.mpj --filter $noted <in | cmp in -
	sed -i '7000s/.*/new/' in
	rm begun
	# shellcheck disable=SC2086
	"$MPMAP" -j3 --journal=run.mpj --resume --filter $noted <in | cmp in -
	same begun new
	rm -rf run.mpj*
	# shellcheck disable=SC2086
	mp_well -j3 --unordered --journal=run.mpj --out=file --filter $noted <in
	cp in old
	sed -i '9000i newer' in
	resume_filter -j3 --unordered
	sort in | cmp - <(sort file)
}

@test "resume: a filter that was killed goes on after what was committed" {
	local stop='exec 9>>begun; while IFS= read -r r; do echo "$r" >&9
		[ "$r" != 6000 ] || [ -e gate ] || "$TOOL" hold gate; echo "$r"; done' committed
	seq 20000 >in
	start -j2 --journal=run.mpj --sync=0.05 --out=file --filter "$BASH" -c "$stop" <in
	wait_until ranges_committed
	kill -KILL "$pid"
	finish
	[ "$(cat status)" = 137 ]
	touch gate
	committed=$(grep -o '"commit":[0-9]*' run.mpj | tail -n 1 | cut -d: -f2)
	[ "$committed" -gt 0 ]
	rm begun
	mp_well -j2 --journal=run.mpj --resume --out=file --filter "$BASH" -c "$stop" <in
	cmp in file
	[ "$(wc -l <begun)" = $((20000 - committed)) ]
	mp_well -j2 --journal=run.mpj --resume --out=file --filter "$BASH" -c "$stop" <in
	cmp in file
}

ranges_committed() {
	[ -e run.mpj ] && grep -q '"tasks":' run.mpj
}

@test "resume: a number in the command makes a task another when that changes" {
	mp_well --journal=run.mpj --out=file echo {#} {} ::: a b c
	mp_well --journal=run.mpj --resume --out=file echo {#} {} ::: b c
	same file $'1 b\n2 c'
}

@test "resume: what the journal has when mpmap is killed, the job log has" {
	needs_faults
	MPMAP_FAULT=journal_sync:2:KILL mp -j1 --sync=each --journal=run.mpj --out=file --joblog=log echo ::: 1 2 3
	expect 137
	cut -c10- run.mpj | jq -r 'select(.task != null) | .task + 1' >noted
	[ -s noted ]
	cut -f1 log | grep -Fxf noted | cmp - noted
}

@test "resume: the job log goes on" {
	seq 8 >in
	first_run --out=file --joblog=log
	resume --out=file --joblog=log
	expect 0
	[ "$(cut -f1 log | sort -nu | tr '\n' ' ')" = 'Seq 1 2 3 4 5 6 7 8 ' ]
	[ "$(grep -c Seq log)" = 1 ]
}

@test "resume: --results goes on, and has what a task wrote that is run again" {
	seq 6 >in
	start -j1 --journal=run.mpj --out=file --results=results --sync=100 \
		--shell "[ \"\$1\" != 5 ] || [ -e gate ] || \"\$TOOL\" hold gate; $script" <in
	wait_until test -e results/000000004
	kill -KILL "$pid"
	finish
	touch gate
	# Finished, but not committed; and one that has only begun.
	mkdir -p results/.000000005.1
	echo stale >results/.000000005.1/stdout
	resume --out=file --results=results
	expect 0 '' ''
	expected | cmp - file
	cat results/00000000?/stdout | cmp - file
	[ "$(ls -A results | wc -l)" = 6 ]
	# What failed is tried again; what else is in the folder is never removed.
	rm -rf run.mpj* file results ok
	mp --journal=run.mpj --out=file --results=results --shell 'echo "$1"; [ -e ok ]' ::: a b
	expect 123
	[ "$(jq .status results/000000002/meta.json)" = 1 ]
	touch ok
	mp_well --journal=run.mpj --out=file --results=results --resume --retry-failed --shell 'echo "$1"; [ -e ok ]' ::: a b
	[ "$(jq .status results/000000002/meta.json)" = 0 ]
	touch results/mine
	mp --journal=run.mpj --out=file --results=results --resume --shell 'echo "$1"; [ -e ok ]' ::: a b
	usage_error "'mine' in it is not of an earlier run"
	[ -e results/mine ]
}

@test "resume: an input that cannot be read to its end leaves the output as it is, and is gone on with" {
	printf '"%s"\n' a b c >in
	mp_well --jsonl --journal=run.mpj --out=file echo <in
	printf '"a"\n"b"\nbad\n' >bad
	mp --jsonl --journal=run.mpj --resume --out=file echo <bad
	expect 1
	says 'line 3.*: invalid token'
	says '^mpmap: to go on: .* --resume '
	same file $'a\nb\nc'
	mp_well --journal=run.mpj --status
	grep -qx 'interrupted  0' out
	mp_well --jsonl --journal=run.mpj --resume --out=file echo <in
	same file $'a\nb\nc'
	# What fails meanwhile has failed by itself.
	rm run.mpj* file
	printf '%s\n' '{"shell": "echo a; exit 3"}' bad >bad
	mp --jsonl --journal=run.mpj --out=file <bad
	expect 1
	same file a
	mp_well --journal=run.mpj --status
	grep -qx 'failed       1' out
	grep -qx 'interrupted  0' out
}
