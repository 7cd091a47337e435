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
	for text in '{ }' '{01}' '{0}' '{1 }' '{..}' '{//.}' '{' '}' '}{' '{a b}' '{##}' '{%%}' '{#' '%}' '{-}' '{,}'; do
		mp "$TOOL" args "$text" ::: x
		expect 0 "\"$text\""$'\n"x"' ''
	done
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
