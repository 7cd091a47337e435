#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Records in groups (-n), and on the tasks' standard input (--stdin).

load helper

# Writes how many arguments each task had to the file out, and checks that the file records holds what they were.
all_arrived() {
	expect 0
	grep -v '^:' out | cmp records - || complain 'not all records, once, in order'
	grep '^:' out | tr -d : >counts
}

counting='printf ":%s\n" "$#"; printf "%s\n" "$@"'

@test "records: -n N per command, the last command gets the rest" {
	seq 7 | mp -n 3 echo
	expect 0 $'1 2 3\n4 5 6\n7' ''
	seq 6 | mp --max-args=3 echo
	expect 0 $'1 2 3\n4 5 6' ''
	mp -n 5 "$TOOL" args ::: 'a b' '' $'c\nd'
	expect 0 $'"a b"\n""\n"c\\x0ad"' ''
	mp -n 3 touch ran </dev/null
	expect 0 '' ''
	[ ! -e ran ]
}

@test "records: -n N in order, all once, with any jobs and chunks" {
	seq 5000 >records
	for words in '-j1 -n 1' '-j4 -n 7' '-j2 -n 3 --chunksize 5' '-j3 -n 5000' '-j2 -n 4999' '-j2 -n 100000'; do
		# shellcheck disable=SC2086
		mp $words sh -c "$counting" sh <records
		all_arrived
	done
}

@test "records: with -n an ARG with {} is repeated for each record, {N} is the Nth, {#} the group's" {
	mp -j1 -n 2 "$TOOL" args '{#}' 'x{}' '{2}' '{.}y' ::: a.b c.d e
	expect 0 $'"1"\n"xa.b"\n"xc.d"\n"c.d"\n"ay"\n"cy"\n"2"\n"xe"\n""\n"ey"' ''
	mp -j1 -n 2 "$TOOL" args '{3}' '{-1}' '{-2}' ::: a b c
	expect 0 $'""\n"b"\n"a"\n""\n"c"\n""' ''
}

@test "records: -n max gives as many as fit, all once and in order" {
	seq 300000 >records
	mp -n max sh -c "$counting" sh <records
	all_arrived
	[ "$(wc -l <counts)" -lt 20 ]
	mp -n 1000000 sh -c "$counting" sh <records
	all_arrived
	seq 5 | mp -n max echo
	expect 0 '1 2 3 4 5' ''
}

@test "records: -n max counts what the replacement strings make of the records" {
	awk 'BEGIN { for (i = 0; i < 40000; i++) printf "%d-%0*d\n", i, i % 300, 0 }' >records
	mp -n max sh -c "$counting" sh <records
	all_arrived
	mp -n max sh -c 'printf "%s\n" "$@"' sh 'a-rather-long-prefix-{}' <records
	expect 0
	sed 's/^/a-rather-long-prefix-/' records | cmp - out
	mp -n max sh -c 'printf "%s\n" "$@"' sh '{}:{}' <records
	expect 0
	sed 's/.*/&:&/' records | cmp - out
}

@test "records: -n max counts each column as an argument" {
	seq -f '%.0f,x,y' 200000 >records
	mp -n max -C , sh -c 'printf "%s\n" "$@"' sh <records
	expect 0
	tr , '\n' <records | cmp - out
	seq -f "%.0f$(printf ',%.0s' {1..99})x" 3000 >records
	mp -n max -C , sh -c 'printf "%s\n" "$@"' sh 'a-rather-long-prefix-{}' <records
	expect 0
	tr , '\n' <records | sed 's/^/a-rather-long-prefix-/' | cmp - out
}

@test "records: -n max fits a large environment and a low limit too" {
	seq 200000 >records
	BALLAST=$(head -c 100000 /dev/zero | tr '\0' e)
	export BALLAST
	mp -n max sh -c "$counting" sh <records
	all_arrived
	(
		ulimit -s 1024
		mp -n max sh -c "$counting" sh <records
		all_arrived
	)
}

@test "records: -n max has a bound where no ARG has all records" {
	LIMIT=30
	seq 2000000 >numbers
	for word in '{#}' '{1}'; do
		mp -n max echo "$word" <numbers
		expect 0
		[ "$(wc -l <out)" -gt 1 ] || complain "2,000,000 records are one group with $word"
	done
}

@test "records: one that is refused ends a group, and is alone" {
	printf 'a\nb\0c\nd\ne\nf\n' | mp -j1 -n 2 echo
	expect 125 $'a\nd e\nf'
	says '^mpmap: 1 of 4 tasks failed: 1 not started'
	says '^mpmap: #2: .*NUL'
	{ printf 'a\nb\nc\n' && head -c 131072 /dev/zero | tr '\0' x && printf '\nd\n'; } | mp -j1 -n max echo
	expect 125 $'a b c\nd'
	says '^mpmap: #2: .*131072'
	{ head -c 300000 /dev/zero | tr '\0' x && printf '\nd\n'; } | mp -j1 -n 2 echo
	expect 125 d
	says '^mpmap: #1: .*300000'
}

@test "records: -n with a bad number, or with several sources, is a usage error" {
	for number in 0 -1 x '' 1.5 99999999999999999999; do
		mp -n "$number" touch ran ::: a
		usage_error max-args
	done
	mp -n 2 touch ran ::: a ::: b
	usage_error max-args
	[ ! -e ran ]
}

@test "records: -n auto shares the records evenly among the jobs" {
	seq 1000 | mp -n auto -j2 --shell 'echo $#'
	expect 0 $'500\n500' ''
	seq 10 | mp -n auto -j4 --shell 'echo $#'
	expect 0 $'3\n3\n2\n2' ''
	printf 'a\nb\nc' | mp --max-args=auto -j2 echo
	expect 0 $'a b\nc' ''
	printf 'a--b--c' | mp -d -- -n auto -j2 echo
	expect 0 $'a b\nc' ''
	mp -n auto -j3 echo ::: a b
	expect 0 $'a\nb' ''
	mp -n auto -j3 touch ran </dev/null
	expect 0 '' ''
	printf 'a,1\n"b\n",2\n' | mp -n auto -j2 --csv "$TOOL" args
	expect 0 $'"a"\n"1"\n"b\\x0a"\n"2"' ''
	printf 'a\nb\0\nc\nd\n' | mp -n auto -j2 echo
	expect 125 $'a\nc d'
	mp --stdin -n auto touch ran ::: a
	usage_error '--stdin and --max-args=auto: '
	mp -n auto touch ran ::: a ::: b
	usage_error max-args
	[ ! -e ran ]
}

@test "records: -n auto fills command lines where the records of a share do not fit" {
	seq 300000 >records
	(
		ulimit -s 1024
		mp -n auto -j3 sh -c "$counting" sh <records
		all_arrived
		[ "$(wc -l <counts)" -gt 6 ]
		sort -n counts | tail -n1 >most
		mp -n max -j3 sh -c "$counting" sh <records
		all_arrived
		[ "$(sort -n counts | tail -n1)" -eq "$(cat most)" ]
	)
	mp -n auto -j50 sh -c "$counting" sh <records
	all_arrived
	[ "$(sort -u counts)" = 6000 ]
}

@test "records: -n auto starts nothing before the end of the input" {
	check() {
		trace_on
		open_feed
		start -n auto -j2 echo <feed
		seq 3 >&7
		wait_until all_asleep
		[ "$(event_count task_start)" -eq 0 ]
		seq 4 7 >&7
		close_feed
		finish
		expect 0 $'1 2 3 4\n5 6 7' ''
	}
	check
}

@test "records: -n starts a whole group before the end of input" {
	open_feed
	start -n 2 echo <feed
	printf 'a\nb\nc\n' >&7
	wait_until file_has out '^a b$'
	close_feed
	finish
	expect 0 $'a b\nc' ''
}

@test "records: --stdin gives the record with its delimiter, and nothing else" {
	seq 3 | mp -j1 --stdin "$TOOL" args '{}' '{1}' '{#}'
	expect 0 $'"{}"\n"{1}"\n"1"\n"{}"\n"{1}"\n"2"\n"{}"\n"{1}"\n"3"' ''
	printf 'a b\n\n  c\nlast' | mp -j2 --stdin cat
	expect 0
	exactly out $'a b\n\n  c\nlast\n'
	printf 'a\nb,c,' | mp -j1 -d , --stdin od -An -c
	expect 0 $'   a  \\n   b   ,\n   c   ,' ''
	printf 'a\nb\0c' | mp -j1 -0 --stdin od -An -c
	expect 0 $'   a  \\n   b  \\0\n   c  \\0' ''
	seq 2 | mp -j1 --stdin --shell 'read -r x; echo "$#-$x"'
	expect 0 $'0-1\n0-2' ''
}

@test "records: --stdin from the other sources" {
	printf 'a\nb\n' >file
	mp --stdin cat :::: file
	expect 0 $'a\nb' ''
	mp --stdin -a file cat
	expect 0 $'a\nb' ''
	mp -j1 --stdin sh -c 'tr -d "\0"; echo' ::: x 'y z' ''
	expect 0 $'x\ny z\n' ''
}

@test "records: --stdin of an item ends as a record of standard input does" {
	mp -j1 --stdin od -An -c ::: x
	expect 0
	grep -qx '   x *\(\\n\|\\0\)\?' out
}

@test "records: --stdin passes every byte, and records of any size" {
	awk 'BEGIN { for (i = 0; i < 256; i++) if (i != 10) printf "<%c>", i; print "" }' >records
	printf 'a\0b\n\0\n\n' >>records
	head -c 1048576 /dev/urandom | tr '\n' x >>records
	echo >>records
	seq 1000 >>records
	for words in -j1 '-j3' '-j2 -n 2' '-j2 -n 1000000'; do
		# shellcheck disable=SC2086
		mp $words --stdin cat <records
		expect 0
		same err ''
		cmp records out
	done
}

@test "records: --stdin of large records of any sizes, one after the other" {
	for sizes in '1500 700 100' '3000 1400' '378 523 123 1461 619 5 331 2398 7 54 191 99' '2048 1024 512 256 128'; do
		for size in $sizes; do
			head -c "${size}K" /dev/zero | tr '\0' x
			echo
		done >records
		mp -j1 --stdin cat <records
		expect 0
		cmp records out
	done
}

@test "records: --stdin of 30 MB is passed in little memory where no record is large" {
	head -c 30M /dev/zero | tr '\0' x | fold -w 300000 >records
	echo >>records
	run_it "$TOOL" ending how "$MPMAP" -j2 --stdin cat <records
	grep -qx 'exit 0' how
	cmp records out
	[ "$(awk '/^max_rss/ { print $2 }' how)" -lt 131072 ]
}

@test "records: --stdin of one record of 200 MB takes a second, not a minute" {
	head -c 200M /dev/zero | tr '\0' x | LIMIT=30 mp --stdin wc -c
	expect 0 209715201 ''
}

# The records of as many tasks as run are in memory, and one more that is being read.
@test "records: --stdin of large records holds few of them in memory" {
	for i in 1 2 3 4 5 6 7 8; do head -c 30M /dev/zero | tr '\0' "$i" && echo; done >records
	trace_on
	start -j1 --stdin sh -c '"$TOOL" hold gate; head -c 1; cat >/dev/null' <records
	wait_for_event task_start
	wait_until all_asleep
	memory=$(awk '/^VmRSS:/ { print $2 }' "/proc/$pid/status")
	touch gate
	finish
	exactly out 12345678
	echo "memory $memory KiB"
	[ "$memory" -lt 90000 ]
}

@test "records: --stdin -n N gives N records" {
	seq 7 | mp -j2 --stdin -n 3 sh -c 'echo "<$(tr "\n" " ")>"'
	expect 0 $'<1 2 3 >\n<4 5 6 >\n<7 >' ''
}

@test "records: --stdin that a task does not read is no failure" {
	{ head -c 1000000 /dev/zero | tr '\0' x && echo && seq 300; } | mp -j2 --stdin true
	expect 0 '' ''
	{ head -c 1000000 /dev/zero | tr '\0' x && echo; } | mp --stdin head -c 1
	expect 0
	exactly out x
}

@test "records: --stdin again with --retries" {
	seq 3 | mp -j1 --retries 1 --stdin sh -c 'cat; [ "$MPMAP_ATTEMPT" -eq 2 ]'
	expect 0 "$(seq 3)" "$(attempts_note 3)"
}

@test "records: --stdin has one source, no columns, no header, and a bound" {
	mp --stdin -C , touch ran ::: a
	usage_error stdin
	mp --stdin --header : touch ran ::: x a
	usage_error stdin
	mp --stdin touch ran ::: a ::: b
	usage_error stdin
	mp --stdin -n max touch ran ::: a
	usage_error stdin
	[ ! -e ran ]
}

@test "records: --stdin-file: each task reads it from its beginning" {
	check() {
		mkdir sub
		printf 'one\ntwo\n' >given
		for options in '' -u --zygote '--workdir sub'; do
			# shellcheck disable=SC2086
			mp -j1 $options --stdin-file given --shell 'cat' ::: a b
			expect 0 $'one\ntwo\none\ntwo' ''
		done
		mp -j2 --stdin-file given --shell 'read -r line; echo "$1 $line"; read -r line; echo "$line"' ::: a b c
		expect 0 $'a one\ntwo\nb one\ntwo\nc one\ntwo' ''
		printf '%s\n' '["cat"]' '{"argv":["cat"],"stdin":"own\n"}' '{"argv":["cat"],"cwd":"sub"}' |
			mp --jsonl --stdin-file given
		expect 0 $'one\ntwo\nown\none\ntwo' ''
		# a file that loses its name is read still
		mp -j1 --stdin-file given --shell 'cat; rm -f given' ::: a b
		expect 0 $'one\ntwo\none\ntwo' ''
	}
	under_methods check
}

@test "records: --stdin-file that is missing, no regular file or in the way" {
	mkfifo pipe
	: >given
	mp --stdin-file missing touch ran ::: a
	usage_error "^mpmap: --stdin-file 'missing': No such file or directory"
	for file in . pipe; do
		mp --stdin-file $file touch ran ::: a
		usage_error "^mpmap: --stdin-file '$file': not a regular file"
	done
	for option in --stdin --tty; do
		mp --stdin-file given $option touch ran ::: a
		usage_error "^mpmap: $option and --stdin-file: "
	done
	[ ! -e ran ]
}

@test "records: without --stdin a task's standard input is empty" {
	seq 3 | mp -n 2 sh -c 'cat; echo "$#"' sh
	expect 0 $'2\n1' ''
}
