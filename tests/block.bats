#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Blocks of whole records on the tasks' standard input: --stdin --block=SIZE.

load helper

# Writes 20,000 lines of 0 to 299 bytes, which begin with their numbers where these fit.
many_lines() {
	awk 'BEGIN { for (i = 1; i <= 20000; i++) { line = i " "; while (length(line) < i % 300) line = line "x"; print substr(line, 1, i % 300) } }'
}

@test "block: as many whole records as fit SIZE, all once and in order" {
	printf 'aaa\nbb\nc\ndddd\ne\n' >records
	mp -j1 --stdin --block 8 sh -c 'tr "\n" "|"; echo' <records
	expect 0 $'aaa|bb|\nc|dddd|\ne|' ''
	mp -j1 --stdin --block=7 sh -c 'echo "{#}: $(tr "\n" "|")"' <records
	expect 0 $'1: aaa|bb|\n2: c|dddd|\n3: e|' ''
	mp -j1 --stdin --block=1M wc -l <records
	expect 0 5 ''
}

@test "block: a record larger than SIZE is a task of its own" {
	printf 'a\nlonger than four\n\nb\nc\n' | mp -j1 --stdin --block 4 sh -c 'tr "\n" "|"; echo'
	expect 0 $'a|\nlonger than four|\n|b|\nc|' ''
	seq 3 | mp -j1 --stdin --block 1 sh -c 'tr "\n" "|"; echo'
	expect 0 $'1|\n2|\n3|' ''
	{ echo first && head -c 3M /dev/zero | tr '\0' x && printf '\nlast\n'; } | mp -j2 --stdin --block 64K wc -c
	expect 0 $'6\n3145729\n5' ''
}

@test "block: the last record gets its delimiter; without records nothing is run" {
	printf 'a\nb' | mp --stdin --block 1M cat
	exactly out $'a\nb\n'
	printf '' | mp --stdin --block 1M touch ran
	expect 0 '' ''
	[ ! -e ran ]
	printf '\n' | mp --stdin --block 1M wc -c
	expect 0 1 ''
	printf 'a:b:c' | mp -j1 -d : --stdin --block 4 sh -c 'cat; echo'
	expect 0 $'a:b:\nc:' ''
	printf 'a\r\nb\nc\r\nd' | mp -j1 -d '\r\n' --stdin --block 9 od -An -c
	expect 0 $'   a  \\r  \\n   b  \\n   c  \\r  \\n\n   d  \\r  \\n' ''
	printf 'a\0b\nc\0' | mp -j1 -0 --stdin --block 3 tr '\0\n' '|/'
	exactly out 'a|b/c|'
}

@test "block: what a program makes of the whole, whatever SIZE and jobs" {
	many_lines >records
	grep 7 records >expected
	for words in '-j2 --block 3000' '-j3 --block 65536' '-j2 --block 1M' '-j2 --block 1G' '-j4 --block 256K --chunksize 7'; do
		# shellcheck disable=SC2086
		mp $words --stdin sh -c 'grep 7 || [ $? -eq 1 ]' <records
		expect 0
		cmp expected out
		# shellcheck disable=SC2086
		mp $words --stdin wc -l <records
		[ "$(awk '{ n += $1 } END { print n }' out)" -eq 20000 ]
	done
}

@test "block: each block but the last leaves no room for its next record" {
	many_lines >records
	mp -j2 --stdin --block 5000 wc -lc <records
	expect 0
	awk '
	NR == FNR { size[NR] = length($0) + 1; next }
	{
		sum = 0
		for (i = 1; i <= $1; i++) sum += size[++at]
		if (sum != $2 || sum > 5000 || (at < 20000 && sum + size[at + 1] <= 5000)) print "block", FNR, $0
	}
	END { if (at != 20000) print "records", at }' records out >wrong
	same wrong ''
}

@test "block: a million records, in little memory" {
	seq 1000000 >records
	run_it "$TOOL" ending how "$MPMAP" -j2 --stdin --block 256K cat <records
	grep -qx 'exit 0' how
	cmp records out
	[ "$(awk '/^max_rss/ { print $2 }' how)" -lt 131072 ]
}

@test "block: input without an end is read as tasks take it" {
	yes 2>/dev/null | run_it "$TOOL" ending how "$MPMAP" -j2 --halt now,done=20 --stdin --block 1M wc -c
	[ "$(head -n 1 out)" -eq 1048576 ]
	[ "$(awk '/^max_rss/ { print $2 }' how)" -lt 131072 ]
}

@test "block: a block that is full is run before the next record has come" {
	open_feed
	start -j1 --stdin --block 4 sh -c 'tr "\n" "|"; echo' <feed
	printf 'a\nb\n' >&7
	wait_until file_has out '^a\|b\|$'
	printf 'c\nlong\n' >&7
	wait_until file_has out '^c\|$'
	wait_until file_has out '^long\|$'
	printf 'd\n' >&7
	close_feed
	finish
	expect 0 $'a|b|\nc|\nlong|\nd|' ''
}

@test "block: files, unordered output, JSON, retries, dry runs and a zygote" {
	seq 1000 >numbers
	mp -j2 --stdin --block 100 --unordered -a numbers cat
	expect 0
	sort -n out | cmp - numbers
	mp -j2 --stdin --block 100 cat :::: numbers
	cmp out numbers
	mp -j1 --stdin --block 2K -o jsonl -a numbers wc -l
	expect 0
	[ "$(jq -c '[.seq, .outcome, .stdout]' out)" = $'[1,"ok","539\\n"]\n[2,"ok","461\\n"]' ] || complain "$(cat out)"
	mp -j2 --stdin --block 1K --retries 1 -a numbers sh -c 'cat; [ "$MPMAP_ATTEMPT" -eq 2 ]'
	expect 0
	cmp out numbers
	mp -j2 --stdin --block 1K --zygote -a numbers cat
	expect 0
	cmp out numbers
	mp -j2 --stdin --block 2K --dry-run -a numbers wc -l '{#}'
	expect 0 $'wc -l 1\nwc -l 2'
}

@test "block: the same under every start method" {
	many_lines >records
	check() {
		mp -j3 "$@" --stdin --block 10K cat <"$WORK/records"
		expect 0
		cmp "$WORK/records" out
	}
	under_methods check
}

@test "block: a worker that dies loses its block only" {
	seq 1000 | mp -j1 --stdin --block 1K sh -c '[ "$MPMAP_SEQ" -ne 2 ] || kill -KILL "$PPID"; wc -l'
	expect 125
	says '^mpmap: #2: lost'
	says '^mpmap: 1 of 4 tasks failed: 1 lost'
}

# Writes 3,000 sequences in FASTA, of 0 to 39 lines; some headers have the mark of one within.
sequences() {
	awk 'BEGIN { for (i = 1; i <= 3000; i++) { print ">" i " a>b >c"; for (j = 0; j < i % 40; j++) print "ACGT" j } }'
}

@test "block: --record-start keeps the records of FASTA whole" {
	sequences >fasta
	for size in 1 100 3000 64K 1M; do
		[ "$size" != 1 ] || { head -n 2000 fasta >short && mv short fasta; }
		mp -j3 --stdin --block "$size" --record-start '>' sh -c 'head -c 1; cat' <fasta
		expect 0
		cmp fasta out
		mp -j2 --stdin --block "$size" --record-start '>' sh -c 'head -n 1' <fasta
		not grep -v '^>' out
		mp -j2 --stdin --block "$size" --record-start '>' grep -c '^>' <fasta
		[ "$(awk '{ n += $1 } END { print n }' out)" -eq "$(grep -c '^>' fasta)" ]
		[ "$size" != 1 ] || { [ "$(sort -u out)" = 1 ] && sequences >fasta; }
	done
}

@test "block: --record-start of several bytes, after another delimiter, and with text before the first" {
	printf '; about\n\n>a\nAC\n>b\nGT' | mp -j1 --stdin --block 1 --record-start '>' sh -c 'tr "\n" "|"; echo'
	expect 0 $'; about||\n>a|AC|\n>b|GT|' ''
	printf '@SRR1\nAC\n+\n@I\n@SRR2\nG\n+\n@SR\n' | mp -j1 --stdin --record-start @SRR sh -c 'tr "\n" "|"; echo'
	expect 0 $'@SRR1|AC|+|@I|\n@SRR2|G|+|@SR|' ''
	printf 'From a\r\nx\r\n\r\nFrom b\r\n' | mp -j1 -d '\r\n' --stdin --record-start 'From ' od -An -c
	expect 0 $'   F   r   o   m       a  \\r  \\n   x  \\r  \\n  \\r  \\n\n   F   r   o   m       b  \\r  \\n' ''
	printf 'x\0\ny\0z\0\nw' | mp -j1 -0 --stdin --record-start '\n' od -An -c
	expect 0 $'   x  \\0\n  \\n   y  \\0   z  \\0\n  \\n   w  \\0' ''
}

@test "block: --record-start of records that are arguments, groups, values and headers" {
	printf '>a\nAC\n>b\n>c\nG\n\n' >fasta
	mp -j1 --record-start '>' "$TOOL" args <fasta
	expect 0 $'">a\\x0aAC"\n">b"\n">c\\x0aG\\x0a"' ''
	mp -j1 -n 2 --record-start '>' "$TOOL" args <fasta
	expect 0 $'">a\\x0aAC"\n">b"\n">c\\x0aG\\x0a"' ''
	mp -j1 --stdin -n 2 --record-start '>' wc -l <fasta
	expect 0 $'3\n3' ''
	mp -j1 --record-start '>' sh -c 'echo "<$1 $2>"' sh :::: fasta ::: 1 '>2'
	expect 0 $'<>a\nAC 1>\n<>a\nAC >2>\n<>b 1>\n<>b >2>\n<>c\nG\n 1>\n<>c\nG\n >2>' ''
	mp -j1 --record-start '>' "$TOOL" args ::: $'>a\n>b'
	expect 0 '">a\x0a>b"' ''
	printf 'name\n>a\nAC\n>b\n' | mp -j1 --record-start '>' --header : "$TOOL" args '{name}'
	expect 0 $'">a\\x0aAC"\n">b"' ''
}

@test "block: --record-start finds a record's end when the next has begun, and none in a long one twice" {
	open_feed
	start -j1 --stdin --record-start '>>' sh -c 'tr "\n" "|"; echo' <feed
	printf '>>a\nb\n>' >&7
	printf '>c\n>' >&7
	wait_until file_has out '^>>a\|b\|$'
	printf '\n' >&7
	close_feed
	finish
	expect 0 $'>>a|b|\n>>c|>|' ''
	{ echo '>a' && yes ACGT | head -n 10000000; } 2>/dev/null | LIMIT=30 mp --stdin --record-start '>' wc -lc
	expect 0
	[ "$(awk '{ print $1, $2 }' out)" = '10000001 50000003' ]
}

@test "block: --stdin, no -n, and nothing else is refused with the way out" {
	seq 3 | mp --block 1M touch ran
	usage_error '--block' '--stdin'
	seq 3 | mp --stdin --block 1M -n 2 touch ran
	usage_error '--block' '--max-args'
	seq 3 | mp --stdin --block 2G touch ran
	usage_error '--block' '1G'
	echo 1 | mp --json --stdin --block 1M touch ran
	usage_error '--json' '--block'
	[ ! -e ran ]
}
