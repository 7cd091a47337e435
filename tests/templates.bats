#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Replacement strings, and the place of a record in a command without any.

load helper

@test "templates: without any, the record becomes the last ARG" {
	mp "$TOOL" args one ::: x 'y z' ''
	expect 0 $'"one"\n"x"\n"one"\n"y z"\n"one"\n""' ''
}

@test "templates: {} is the record, in any ARG, also inside one, as often as wanted" {
	mp "$TOOL" args '{}' 'a{}b{}' last ::: 'x y'
	expect 0 $'"x y"\n"ax ybx y"\n"last"' ''
}

@test "templates: {#} is the sequence number, and counts as a replacement" {
	mp -j1 "$TOOL" args 'n{#}' ::: x y
	expect 0 $'"n1"\n"n2"' ''
	mp echo '{#}:{}' ::: x y
	expect 0 $'1:x\n2:y' ''
	seq 2000 | mp -j3 --chunksize 7 echo '{#}'
	expect 0 "$(seq 2000)" ''
}

@test "templates: {%} is the slot, and counts as a replacement" {
	seq 200 | mp -j3 "$TOOL" args '{%}'
	expect 0
	not grep -vx '"[123]"' out
	mp -j1 echo '{%}{}' ::: x y
	expect 0 $'1x\n1y' ''
}

@test "templates: {%} says the same as MPMAP_SLOT" {
	seq 50 | mp -j3 sh -c 'echo "$1 $MPMAP_SLOT"' sh '{%}'
	expect 0
	not grep -vx '\([123]\) \1' out
}

@test "templates: {}} is the record and a brace" {
	mp "$TOOL" args '{}}' '{{}' '{{}}' ::: x
	expect 0 $'"x}"\n"{x"\n"{x}"' ''
}

@test "templates: what only looks like one stays as it is" {
	for text in '{ }' '{01}' '{0}' '{1 }' '{...}' '{/...}' '{//.}' '{#:4}' '{#:00}' '{+}' '{+...}' '{=}' '{= x}' '{:a;p}' '{' '}' '}{' '{a b}' '{##}' '{%%}' '{#' '%}' '{-}' '{,}'; do
		mp "$TOOL" args "$text" ::: x
		expect 0 "\"$text\""$'\n"x"' ''
	done
}

@test "templates: {..} {/..} are without two extensions, as GNU parallel's --plus has them" {
	for name in a.tar.gz b.tar.gz; do
		echo "$name" >"$name"
	done
	mp mv {} {..} ::: a.tar.gz b.tar.gz
	expect 0 '' ''
	[ "$(cat a b)" = $'a.tar.gz\nb.tar.gz' ]
	while read -r record stem base; do
		mp "$TOOL" args '{..}' '{/..}' '{1..}' '{-1/..}' '<{..}{/..}>' ::: "$record"
		expect 0 "\"$stem\""$'\n'"\"$base\""$'\n'"\"$stem\""$'\n'"\"$base\""$'\n'"\"<$stem$base>\"" ''
	done <<-'END'
		a.tar.gz a a
		d.e/a.tar.gz d.e/a a
		d.e.f/a d.e.f/a a
		d.e/a.f d.e/a.f a.f
		a.b.c.d a.b a.b
		.bashrc .bashrc .bashrc
		.a.b
		d/.a.b d/
		a.. a a
		.. 
		d.d/ d.d/
		d.e.f/ d.e.f/
	END
	mp "$TOOL" args '{..}' '{/..}' ::: $'é.\xff.\n' ''
	expect 0 $'"\\xc3\\xa9"\n"\\xc3\\xa9"\n""\n""' ''
	mp "$TOOL" args '{..}' 'x{/..}' ::: a.b.c d ::: e/f.g.h
	expect 0 $'"a"\n"e/f"\n"xa f"\n"d"\n"e/f"\n"xd f"' ''
	mp -n 2 "$TOOL" args 'x{..}' '{2..}' ::: a.b.c d e.f.g
	expect 0 $'"xa"\n"xd"\n"d"\n"xe"\n""' ''
}

@test "templates: {#:04} is the number, padded with zeros" {
	mp echo '{#:04}' '{#:01}x{#:011}' ::: x y
	expect 0 $'0001 1x00000000001\n0002 2x00000000002' ''
	seq 1000 | mp -j3 echo '{#:03}'
	expect 0 "$(seq -f %03g 1000)" ''
	echo x | mp --stdin echo '{#:03}' '{..}'
	expect 0 '001 {..}' ''
	mp --tagstring '{#:03} {..}' echo ::: a.b.c
	expect 0 $'001 a\ta.b.c' ''
}

@test "templates: the new forms are the shell's after a dollar sign, the old ones are not" {
	mp "$TOOL" args '${..}' '${/..}' '${1..}' '${#:04}' '$${..}' '{}' ::: a.b.c
	expect 0 $'"${..}"\n"${/..}"\n"${1..}"\n"${#:04}"\n"$${..}"\n"a.b.c"' ''
	mp "$TOOL" args '${}' '${.}' '${#}' '${1/.}' '$ {..}' '{#}{..}' ::: a.b.c
	expect 0 $'"$a.b.c"\n"$a.b"\n"$1"\n"$a.b"\n"$ a"\n"1a"' ''
	mp --header : "$TOOL" args '${x.}' '${x//}' '${y//}' '${x}' ::: x a.b
	expect 0 $'"${x.}"\n"${x//}"\n"${y//}"\n"$a.b"' ''
	mp --header : bash -c 'for f; do echo "${f/.}:${f//}"; done' bash '{f..}' ::: f a.b.c.d
	expect 0 'ab:a.b' ''
}

@test "templates: parts of named values, the longest name first" {
	mp --header : "$TOOL" args '{x.}' '{x/}' '{x//}' '{x/.}' '{x..}' '{x/..}' ::: x d.e/a.b.c
	expect 0 $'"d.e/a.b"\n"a.b.c"\n"d.e"\n"a.b"\n"d.e/a"\n"a"' ''
	mp --header : "$TOOL" args '{first name.}' '{größe/}' ::: 'first name' a.b ::: größe c/d
	expect 0 $'"a"\n"d"' ''
	# a name that looks like one of the new forms wins, also after a dollar sign; over the old ones it does not
	for name in x. x/ x// x/. .. /.. 1.. '#:04' +/ +. +.. '= x ='; do
		mp --header : "$TOOL" args "{$name}" "\${$name}" ::: x a.b.c ::: "$name" value
		expect 0 $'"value"\n"$value"' ''
	done
	for name in . / // /. 1. -1/.; do
		mp --header : "$TOOL" args "{$name}" ::: "$name" a/b.c
		expect 0
		not grep -F '"a/b.c"' out
	done
	mp --header : "$TOOL" args '{x..}' '{x/..}' ::: x a.b.c ::: x. d.e.f ::: x/ g/h.i.j
	expect 0 $'"d.e"\n"g/h"' ''
	printf 'path,n\na/b.c,1\n' | mp --header : -C , "$TOOL" args '{path/.}{n}' '{path//}'
	expect 0 $'"b1"\n"a"' ''
}

@test "templates: a name that is not there is an error, whatever its letters; other braces stay" {
	for name in größ grösse. first/ 'first name.' nmae/.. 日本; do
		mp --header : touch ran "x{$name}" ::: größe x
		usage_error "\{$name\}"
	done
	# with blanks or dots where other names have them
	mp --header : touch ran '{last name}' ::: 'first name' x
	usage_error '\{last name\}'
	mp --header : touch ran '{Sepal.Lenght}' ::: Sepal.Length x
	usage_error '\{Sepal.Lenght\}'
	[ ! -e ran ]
	mp --header : "$TOOL" args '{print NR}' '{:a;p}' '{a.b}' '{ x }' '{}' '{a,b}' '{2nd}' '{.Name}' '{{.Name}}' ::: name x
	expect 0 $'"{print NR}"\n"{:a;p}"\n"{a.b}"\n"{ x }"\n"x"\n"{a,b}"\n"{2nd}"\n"{.Name}"\n"{{.Name}}"' ''
	mp "$TOOL" args '{größ}' '{first name.}' '{x/}' '{name}' '{}' ::: x
	expect 0 $'"{gr\\xc3\\xb6\\xc3\\x9f}"\n"{first name.}"\n"{x/}"\n"{name}"\n"x"' ''
}

@test "templates: a number is a column that is not there, however large" {
	for number in 3 4294967296 4294967297 99999999999999999999999 -3 -4294967295 -99999999999999999999999; do
		for part in '' . / // /. .. /..; do
			mp touch ran "{$number$part}" ::: a ::: b
			usage_error "\{$number$part\}"
			echo a,b | mp -C , touch ran "{$number$part}"
			expect 125 ''
			says "^mpmap: #1: not started: the record has no column $number: a,b\$"
			mp -n 2 "$TOOL" args "<{$number$part}>" ::: a b
			expect 0 '"<>"' ''
		done
	done
	[ ! -e ran ]
}

@test "templates: what only GNU parallel replaces is a usage error that says what to use" {
	while read -r text instead; do
		for word in "$text" "a${text}b" "{}$text"; do
			mp touch ran "$word" ::: a
			usage_error "[{][+]${text:2} is GNU parallel's: use .*$instead"
			mp --tagstring "$word" touch ran ::: a
			usage_error tagstring "[{][+]${text:2} is GNU parallel's"
		done
		mp --shell "echo '$text'" ::: a
		expect 0 "$text" ''
		mp -I '' echo "$text" ::: a
		expect 0 "$text a" ''
		mp echo "\$$text" ::: a
		expect 0 "\$$text a" ''
	done <<-'END'
		{+/} [{]//[}]
		{+.} --shell.*##
		{+..} --shell.*%
	END
	for text in '{= s/a/b/ =}' '{==}' '{=1 s/}// =}' $'{= a\e\n =}' '{} {= uc($_) =}'; do
		mp touch ran "$text" ::: a
		usage_error "\{= \.\.\. =\} is GNU parallel's: use .*--shell"
		not grep -q $'\e' err
	done
	[ ! -e ran ]
	# the extensions that the message names are right
	mp --shell 'echo "${1##*.} ${1#"${1%.*.*}."}"' ::: a/b.tar.gz
	expect 0 'gz tar.gz' ''
	mp sed -e '{:a;p}' -e '{+' -e '}' ::: file
	expect 123
	says 'sed .*\{:a;p\}'
}

@test "templates: what a record brings is not replaced again" {
	mp "$TOOL" args 'a{}b' ::: '{}' '{#}' '{%}' '{}{}'
	expect 0 $'"a{}b"\n"a{#}b"\n"a{%}b"\n"a{}{}b"' ''
}

@test "templates: COMMAND itself may be {}" {
	mp '{}' hello ::: echo printf
	expect 0
	exactly out $'hello\nhello'
}

@test "templates: with {} as COMMAND, one that is not there is not started, and the others run" {
	mp '{}' x ::: echo no-such-command echo
	expect 125 $'x\nx'
	says '^mpmap: #2: .*no-such-command'
}

@test "templates: the record may be part of COMMAND's name" {
	mkdir bin
	printf '#!/bin/sh\necho "I am $0"\n' >bin/one
	cp bin/one bin/two
	chmod +x bin/*
	mp ./bin/{} ::: one two
	expect 0 $'I am ./bin/one\nI am ./bin/two' ''
}

@test "templates: an empty record and an empty ARG stay arguments" {
	mp "$TOOL" args '' '{}' '' ::: ''
	expect 0 $'""\n""\n""' ''
}

@test "templates: a record that begins with a dash is passed as it is" {
	mp "$TOOL" args ::: -x --help -- -
	expect 0 $'"-x"\n"--help"\n"--"\n"-"' ''
}

@test "templates: slots are unique among running tasks" {
	seq 300 | mp -j4 sh -c 'mkdir "slot$1" || exit 1; cat /dev/null; rmdir "slot$1"' sh '{%}'
	expect 0 '' ''
	trace_on
	start -j3 "$TOOL" hold gate '{%} ' ::: 1 2 3
	wait_for_event task_start 3
	touch gate
	finish
	expect 0
	[ "$(tr ' ' '\n' <out | sort | tr -d '\n')" = 123 ]
}
