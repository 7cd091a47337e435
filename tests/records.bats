#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Records: their delimiters, their sources, and those that cannot be arguments.

load helper

@test "records: one per line, the whole line as it is" {
	printf '%s\n' 'a  b' '  lead' 'trail  ' '"quoted"' "it's" 'back\slash' '\n' '*' '$HOME' '-n' '#' $'tab\there' $'cr\r' >records
	mp "$TOOL" args <records
	expect 0
	xargs -d '\n' -n 1 "$TOOL" args <records | cmp - out
}

@test "records: a last line without newline counts" {
	printf 'a\nb' | mp echo
	expect 0 $'a\nb' ''
	printf 'b' | mp echo
	expect 0 b ''
}

@test "records: empty lines are records, also with -r" {
	printf '\n\na\n\n' | mp "$TOOL" args
	expect 0 $'""\n""\n"a"\n""' ''
	printf '\n' | mp -r "$TOOL" args
	expect 0 '""' ''
}

@test "records: every byte but the newline and NUL is kept" {
	LC_ALL=C awk 'BEGIN { for (i = 1; i < 256; i++) if (i != 10) printf "<%c>\n", i }' >records
	mp printf '%s\n' <records
	expect 0
	cmp records out
}

@test "records: -0 and --null" {
	printf 'a\nb\0c\0\0d' >records
	for option in -0 --null "-d\\0" "--delimiter=\\x00"; do
		mp "$option" "$TOOL" args <records
		expect 0 $'"a\\x0ab"\n"c"\n""\n"d"' ''
	done
}

@test "records: -d takes one byte, or an escape of one" {
	printf 'a,b c\n,d' | mp -d , "$TOOL" args
	expect 0 $'"a"\n"b c\\x0a"\n"d"' ''
	printf 'a\tb\nc' | mp -d '\t' "$TOOL" args
	expect 0 $'"a"\n"b\\x0ac"' ''
	printf 'a b\nc\n' | mp --delimiter='\n' "$TOOL" args
	expect 0 $'"a b"\n"c"' ''
	printf 'aAbac' | mp -d '\x41' "$TOOL" args
	expect 0 $'"a"\n"bac"' ''
	printf 'a\377b' | mp -d '\xff' "$TOOL" args
	expect 0 $'"a"\n"b"' ''
	printf 'a\377b' | mp -d '\xFF' "$TOOL" args
	expect 0 $'"a"\n"b"' ''
}

@test "records: -d takes several bytes, with escapes of some" {
	printf 'a\r\nb\rc\nd\n\r\n\r\n' | mp -d '\r\n' "$TOOL" args
	expect 0 $'"a"\n"b\\x0dc\\x0ad\\x0a"\n""' ''
	printf 'one::two:::three' | mp -d :: "$TOOL" args
	expect 0 $'"one"\n"two"\n":three"' ''
	printf 'a\0\0b-\0\0' | mp -d '\x2d\0\x00' "$TOOL" args
	expect 125
	says '^mpmap: #1: .*NUL'
	printf 'a-\0\0b-\0\0\n' | mp -d '-\0\0' "$TOOL" args
	expect 0 $'"a"\n"b"\n"\\x0a"' ''
	printf 'a\\b\\\\c' | mp -d '\\\\' "$TOOL" args
	expect 0 $'"a\\\\b"\n"c"' ''
}

@test "records: a delimiter that overlaps itself is found from the left, and a part of it at the end is text" {
	printf 'xaaa' | mp -d aa "$TOOL" args
	expect 0 $'"x"\n"a"' ''
	printf 'aaaaa' | mp -d aa "$TOOL" args
	expect 0 $'""\n""\n"a"' ''
	printf 'xa' | mp -d aa "$TOOL" args
	expect 0 '"xa"' ''
	printf 'xab' | mp -d aba "$TOOL" args
	expect 0 '"xab"' ''
}

@test "records: -d of several bytes in groups, columns, sources and a header" {
	printf 'a;;b;;c;;d;;e' >records
	mp -d ';;' -n 2 echo <records
	expect 0 $'a b\nc d\ne' ''
	mp -d ';;' -n max echo <records
	expect 0 'a b c d e' ''
	mp -d ';;' -C , echo {2}-{1} <<<'1,2;;3,4'
	expect 0 $'2-1\n4\n-3' ''
	mp -d ';;' --header : echo {a} <records
	expect 0 $'b\nc\nd\ne' ''
	printf 'name' | mp -d ';;' --header : echo {name}
	expect 0 '' ''
	mp -d ';;' echo :::: records ::: 1 2
	expect 0 $'a 1\na 2\nb 1\nb 2\nc 1\nc 2\nd 1\nd 2\ne 1\ne 2' ''
	printf 'x;;' | mp -d ';;' echo :::: - ::: 'y;;z'
	expect 0 'x y;;z' ''
	printf 'a;;b\0;;c;' | mp -d ';;' echo :::: - ::: 1
	expect 125 $'a 1\nc; 1'
	says '^mpmap: #2: .*NUL'
}

@test "records: -d of several bytes that come one by one" {
	open_feed
	start -j1 -d '\r\n' echo <feed
	for byte in a '\r' b '\r' '\n'; do
		# shellcheck disable=SC2059
		printf "$byte" >&7
	done
	wait_until file_has out $'^a\rb$'
	printf 'c\r' >&7
	close_feed
	finish
	expect 0 $'a\rb\nc\r' ''
}

@test "records: with -d of several bytes 131,071 bytes are an argument, 131,072 are not started; the others run" {
	x=$(head -c 131071 /dev/zero | tr '\0' x)
	printf 'before=>%s=>x%s=>after=>%s=%s=' "$x" "$x" "$x" "$x" >records
	mp -d '=>' -j1 --shell 'printf %s "$1" | wc -c' <records
	expect 125 $'6\n131071\n5'
	says '^mpmap: 2 of 5 tasks failed: 2 not started'
	says '^mpmap: #3: .*131072 bytes'
	says '^mpmap: #5: .*262144 bytes'
	mp -d '=>' -j1 --shell 'printf "%s $2" "$1" | wc -c' :::: - ::: y <records
	expect 125 $'8\n131073\n7'
	says '^mpmap: #3: .*131072 bytes'
	says '^mpmap: #5: .*262144 bytes'
}

@test "records: --stdin of records that end with several bytes keeps these" {
	printf 'a\r\n\r\nb\rc' | mp -j1 -d '\r\n' --stdin od -An -c
	expect 0 $'   a  \\r  \\n\n  \\r  \\n\n   b  \\r   c  \\r  \\n' ''
	printf 'a=>b=>c' | mp -j1 -d '=>' --stdin -n 2 --tag sh -c 'cat; echo'
	expect 0 $'a=>b\ta=>b=>\nc\tc=>' ''
}

@test "records: a million with a delimiter of two bytes, in little memory" {
	measures_memory
	seq 1000000 | sed 's/$/\r/' >records
	run_it "$TOOL" ending how "$MPMAP" -j2 -d '\r\n' --dry-run echo <records
	grep -qx 'exit 0' how
	seq -f 'echo %.0f' 1000000 | cmp - out
	[ "$(awk '/^max_rss/ { print $2 }' how)" -lt 131072 ]
}

@test "records: -a reads a file, and leaves stdin alone" {
	printf 'a\nb' >records
	{
		"$MPMAP" -a records echo >out
		cat >rest
	} <<<'not mine'
	same out $'a\nb'
	same rest 'not mine'
	mp --arg-file=records echo
	expect 0 $'a\nb' ''
}

@test "records: -a reads a FIFO" {
	mkfifo fifo
	timeout 60 sh -c 'seq 5 >fifo' &
	mp -a fifo echo
	expect 0 "$(seq 5)" ''
}

@test "records: a file that cannot be opened is named with the reason: status 1" {
	mp -a missing touch ran
	expect 1 ''
	says 'missing.*No such file'
	[ ! -e ran ]
	needs_root
	open_folder
	echo x >secret
	chmod 0 secret
	run_it setpriv --reuid=65534 --clear-groups ./mpmap -a secret echo
	expect 1 ''
	says 'secret.*Permission denied'
}

@test "records: a folder as input is named with the reason: status 1" {
	mkdir folder
	mp -a folder echo
	expect 1 ''
	says 'folder.*[Ii]s a directory'
	mp echo </
	expect 1 ''
	says '(stdin|standard input).*[Ii]s a directory'
	mp echo :::: folder
	expect 1 ''
	says 'folder.*[Ii]s a directory'
}

@test "records: a read error in the middle: what came before is run and written, status 1" {
	needs_faults
	seq -f "%g $(head -c 900 /dev/zero | tr '\0' x)" 3000 >numbers
	MPMAP_FAULT=input_read:2:EIO mp echo <numbers
	expect 1
	says '(stdin|standard input).*Input/output error'
	[ -s out ]
	count=$(wc -l <out)
	[ "$count" -lt 3000 ]
	head -n "$count" numbers | cmp - out
	MPMAP_FAULT=input_read:2:EIO mp -a numbers echo
	expect 1
	says 'numbers.*Input/output error'
	head -n "$(wc -l <out)" numbers | cmp - out
}

@test "records: an unreadable input names the reason even when tasks failed as well" {
	needs_faults
	seq -f "%g $(head -c 900 /dev/zero | tr '\0' x)" 3000 >numbers
	MPMAP_FAULT=input_read:2:EIO mp -q false <numbers
	expect 1 ''
	says 'Input/output error'
}

@test "records: one with a NUL cannot be an argument: not started, the others run" {
	printf 'a\nb\0c\nd\n' | mp echo
	expect 125 $'a\nd'
	says '^mpmap: 1 of 3 tasks failed: 1 not started'
	says '^mpmap: #2: .*NUL'
}

@test "records: 131,071 bytes are an argument, 131,072 are not started; the others run" {
	{
		echo before
		head -c 131071 /dev/zero | tr '\0' x
		echo
		head -c 131072 /dev/zero | tr '\0' y
		printf '\nafter\n'
	} >records
	mp printf '%s\n' <records
	expect 125
	sed 3d records | cmp - out
	says '^mpmap: 1 of 4 tasks failed: 1 not started'
	says '^mpmap: #3: .*(128|131072|long)'
	[ "$(wc -c <err)" -lt 2000 ]
}

@test "records: an argument that grows beyond 128 KiB by its replacement is not started" {
	{
		head -c 70000 /dev/zero | tr '\0' x
		printf '\nshort\n'
	} | mp printf '%.7s\n' '{}{}'
	expect 125 shortsh
	says '^mpmap: #1: .*long'
}

@test "records: a command line beyond the system's limit is not started; the others run" {
	arguments=()
	for ((i = 0; i < 60; i++)); do
		arguments+=('{}')
	done
	{
		head -c 120000 /dev/zero | tr '\0' x
		printf '\nshort\n'
	} | mp "$TOOL" exit 0 "${arguments[@]}"
	expect 125 ''
	says '^mpmap: 1 of 2 tasks failed: 1 not started'
	says '^mpmap: #1: .*(long|large)'
}

@test "records: the rest of one that is too long is not stored" {
	{
		echo before
		head -c 300M /dev/zero | tr '\0' x
		printf '\nafter\n'
	} | run_it "$TOOL" ending how "$MPMAP" echo
	same out $'before\nafter'
	grep -qx 'exit 125' how
	says '^mpmap: #2: '
	[ "$(awk '/^max_rss/ { print $2 }' how)" -lt 65536 ]
}

@test "records: an empty input: status 0, nothing printed, nothing run" {
	trace_on
	for words in 'touch ran' '-j8 touch ran' '--chunksize 7 touch ran' '--unordered touch ran' '-0 no-such-command' '--shell'; do
		# shellcheck disable=SC2086
		mp $words </dev/null
		expect 0 '' ''
	done
	[ ! -e ran ]
	not has_events worker_start 1
}

@test "records: tasks start before the end of input" {
	open_feed
	start echo <feed
	echo first >&7
	wait_until file_has out '^first$'
	echo second >&7
	wait_until file_has out '^second$'
	close_feed
	finish
	expect 0 $'first\nsecond' ''
}

@test "records: a line that comes in pieces is one record" {
	open_feed
	start "$TOOL" args <feed
	printf 'one ' >&7
	printf 'record\nand' >&7
	wait_until file_has out 'one record'
	printf 'other' >&7
	close_feed
	finish
	expect 0 $'"one record"\n"andother"' ''
}

@test "records: as many as the numbers of their bytes say, in any sizes of lines" {
	awk 'BEGIN { for (i = 0; i < 3000; i++) { n = (i * 7919) % 400; s = ""; while (length(s) < n) s = s i "."; print s } }' >records
	mp -j2 printf '%s\n' <records
	expect 0
	cmp records out
}

@test "records: with stdin closed at the start it is an error, not a hang" {
	run_it "$TOOL" under close=0 -- "$MPMAP" touch ran
	expect 1 ''
	says 'stdin|standard input'
	[ ! -e ran ]
}

@test "records: a terminal as input gets a note, which -q silences" {
	needs script
	printf 'a\n' | timeout 60 script -qec "'$MPMAP' echo >out 2>err" /dev/null >/dev/null
	same out a
	says '^mpmap: .*terminal'
	says_lines 1
	printf 'a\n' | timeout 60 script -qec "'$MPMAP' -q echo >out 2>err" /dev/null >/dev/null
	same out a
	same err ''
}
