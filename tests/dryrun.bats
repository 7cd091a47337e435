#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --dry-run and --verbose: commands as a shell would read them.

load helper

@test "dry-run: prints the commands, runs nothing" {
	mp --dry-run touch ran ::: a b
	expect 0 $'touch ran a\ntouch ran b' ''
	[ ! -e ran ]
	[ ! -e a ]
}

@test "dry-run: one line for each command, in input order" {
	seq 2000 | mp -j4 --dry-run echo n '{}' '{#}'
	expect 0 "$(seq 2000 | awk '{ print "echo n", $1, $1 }')" ''
}

@test "dry-run: what it prints does, in sh, what the run does" {
	printf '%s\n' plain 'two words' "it's" '"quoted"' '$HOME' '`date`' '$(date)' '*' '?' '[a]' '~' '~root' '#no' 'a#b' '\' 'a\nb' '!' '!!' \
		'-n' '--' 'a;b' 'a&b' 'a|b' '<a' '>b' '(' ')' '{a,b}' '^' 'a=b' '=' '%' "''" '' ' ' "'" 'é' '日本' >records
	mp printf '<%s>\n' '{}' 'a{}b' <records
	expect 0
	cp out expected
	mp --dry-run printf '<%s>\n' '{}' 'a{}b' <records
	expect 0
	[ "$(wc -l <out)" -eq "$(wc -l <records)" ]
	sh out | cmp - expected
	bash out | cmp - expected
}

@test "dry-run: what it prints does, in bash, what the run does, with every byte" {
	{
		LC_ALL=C awk 'BEGIN { for (i = 1; i < 256; i++) printf "<%c>%c", i, 0 }'
		printf 'a\nb\0\n\0a\033[31mb\0\t1\0\0017\0'"'"'\n\\\0'
	} >records
	mp -0 printf '%s\0' <records
	expect 0
	cmp records out
	mp -0 --dry-run printf '%s\0' <records
	expect 0
	[ "$(wc -l <out)" -eq "$(tr -dc '\0' <records | wc -c)" ]
	LC_ALL=C bash out | cmp - records
}

@test "dry-run: nothing it prints can act on a terminal" {
	printf 'a\033[2Jb\0\rc\0d\010\0\302\233\0\177' | mp -0 --dry-run echo
	expect 0
	not grep -q '[[:cntrl:]]' out
	not grep -q $'\302\233' out
}

@test "dry-run: with --shell" {
	mp --dry-run --shell 'echo "$1"; echo {}' ::: 'a b' "it's"
	expect 0
	[ "$(wc -l <out)" -eq 2 ]
	[ "$(sh out)" = $'a b\n{}\nit\'s\n{}' ]
	mp --dry-run --shell ::: 'echo one; echo two'
	[ "$(sh out)" = $'one\ntwo' ]
}

@test "dry-run: a record that cannot be an argument is no command" {
	printf 'a\0b\nc\n' | mp --dry-run echo
	same out 'echo c'
	says 'NUL'
}

@test "dry-run: an empty input prints nothing" {
	mp --dry-run echo </dev/null
	expect 0 '' ''
}

@test "verbose: -t prints each command on stderr, and runs it" {
	for option in -t --verbose; do
		mp "$option" -j1 echo ::: 'a b' c
		expect 0 $'a b\nc' $'echo \'a b\'\necho c'
	done
}

@test "verbose: once for each, with many workers" {
	seq 200 | mp -t -j4 --chunksize 3 echo n
	expect 0 "$(seq -f 'n %g' 200)"
	sort -k 3n err | cmp - <(seq -f 'echo n %g' 200)
}

@test "verbose: before it runs" {
	trace_on
	start -t -j1 "$TOOL" hold gate ::: ''
	wait_for_event task_start
	wait_until file_has err 'hold gate'
	same out ''
	touch gate
	finish
	expect 0
}
