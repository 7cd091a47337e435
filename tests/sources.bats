#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Records that come from the command line: ::: and ::::.

load helper

@test "sources: ::: gives one record per ITEM, in order" {
	mp echo x ::: a 'b c' ''
	expect 0
	exactly out $'x a\nx b c\nx \n'
	mp -j4 echo ::: $(seq 500)
	expect 0 "$(seq 500)" ''
}

@test "sources: an ITEM is never split at newlines or delimiters" {
	mp "$TOOL" args ::: $'a\nb' 'c,d' $'\t'
	expect 0 $'"a\\x0ab"\n"c,d"\n"\\x09"' ''
	mp -d , "$TOOL" args ::: 'c,d'
	expect 0 '"c,d"' ''
}

@test "sources: ::: without ITEMs runs nothing" {
	mp touch ran :::
	expect 0 '' ''
	[ ! -e ran ]
}

@test "sources: ::: leaves stdin alone" {
	{
		"$MPMAP" cat ::: /dev/null
		cat >rest
	} <<<'not mine'
	same rest 'not mine'
}

@test "sources: ::: works with stdin closed" {
	run_it "$TOOL" under close=0 -- "$MPMAP" echo ::: a
	expect 0 a ''
}

@test "sources: an ARG that only contains colons is an ARG" {
	mp echo a:::b :: ':::x' ::: c
	expect 0 'a:::b :: :::x c' ''
}

@test "sources: items that look like options are items" {
	mp echo x ::: -j --help -- --bogus
	expect 0 $'x -j\nx --help\nx --\nx --bogus' ''
}

@test "sources: :::: gives one record per line of a file" {
	printf 'a b\n\nlast' >file
	mp "$TOOL" args :::: file
	expect 0 $'"a b"\n""\n"last"' ''
}

@test "sources: :::: reads with the delimiter of -0 and -d" {
	printf 'a\nb\0c' >file
	mp -0 "$TOOL" args :::: file
	expect 0 $'"a\\x0ab"\n"c"' ''
	printf 'a,b' >file
	mp -d , "$TOOL" args :::: file
	expect 0 $'"a"\n"b"' ''
}

@test "sources: :::: - is stdin" {
	seq 3 | mp echo :::: -
	expect 0 "$(seq 3)" ''
}

@test "sources: a file of :::: that is not there: status 1, named with the reason" {
	mp touch ran :::: missing
	expect 1 ''
	says 'missing.*No such file'
	[ ! -e ran ]
}

@test "sources: an empty file of :::: runs nothing" {
	mp touch ran :::: /dev/null
	expect 0 '' ''
	[ ! -e ran ]
}

@test "sources: as many items as the system lets through" {
	mp -j2 true ::: $(seq -f "%g-$(head -c 400 /dev/zero | tr '\0' x)" 3000)
	expect 0 '' ''
}

@test "sources: a FIFO is waited for, whoever opens it when" {
	mkfifo fifo
	trace_on
	start -a fifo echo x
	wait_for_event run_start
	printf 'a\nb\n' >fifo
	finish
	expect 0 "$(printf 'x a\nx b')"
	start --header : -a fifo echo '{h}'
	printf 'h\na\n' >fifo
	finish
	expect 0 a
	start echo x ::: 1 2 :::: fifo
	printf 'a\n' >fifo
	finish
	expect 0 "$(printf 'x 1 a\nx 2 a')"
	start -a fifo echo
	wait_for_event run_start 4
	kill -TERM "$pid"
	finish
	expect 143
}

@test "sources: a header that is too long, has a NUL or comes in pieces" {
	head -c 200000 /dev/zero | tr '\0' x >long
	mp --header : -a long touch ran
	expect 1 '' 'mpmap: long: the header is longer than 131071 bytes'
	printf 'a\0b\nx\n' >nul
	mp --header : -a nul touch ran
	expect 1 '' 'mpmap: nul: the header has a NUL in it'
	mkfifo fifo
	start --header : -a fifo echo '{name}'
	exec 9>fifo
	printf na >&9
	printf 'me\nvalue\n' >&9
	exec 9>&-
	finish
	expect 0 value
	[ ! -e ran ]
}

@test "sources: without memory for a record the run ends, and tasks before it count" {
	needs_faults
	head -c 40M /dev/zero | tr '\0' x >long
	{ printf '"a"\n"' && cat long && printf '"\n'; } >json
	trap '' XFSZ
	ulimit -f 20480
	export MPMAP_FAULT=segment:1+:ENOSYS
	mp -j1 --stdin -a long wc -c
	expect 1 '' 'mpmap: memory for the input: File too large'
	mp -j1 --json -a json --stdin wc -c
	expect 1 2 'mpmap: memory for the input: File too large'
}

@test "sources: a name that no column has is refused with the names that there are" {
	printf 'name size\nape 3\n' >table
	mp -a table -C ' ' --header : echo '{nmae}'
	usage_error '\{nmae\}: no column has this name, but name, size \('
	printf 'name\tsize\r\nape\t3\r\n' >table
	mp -a table -C '\t' --header : echo '{size}'
	usage_error 'but name, "size\\r"; -d .\\r\\n. keeps the \\r out'
	mp -a table -C '\t' -d '\r\n' --header : echo '{size}'
	expect 0 3 ''
	printf '\xef\xbb\xbfname,the size\nape,3\n' >table
	mp -a table -C , --header : echo '{name}'
	usage_error 'but "\\uFEFFname", "the size" \('
	seq -s ' ' 101 130 | sed 's/[0-9]*/c&/g' >table
	echo x >>table
	mp -a table -C ' ' --header : echo '{d101}'
	usage_error 'but c101, c102, .*, c112 and 18 more \('
}
