#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --shell: a script for each record, or records that are scripts; and that nothing in a record can be executed.

load helper

@test "shell: the SCRIPT finds the record as \$1, and nothing else" {
	mp --shell 'echo "$#:$1"' ::: a 'b  c' ''
	expect 0
	exactly out $'1:a\n1:b  c\n1:\n'
}

@test "shell: the SCRIPT is not rewritten: replacement strings are off" {
	mp --shell 'echo "{} {#} {%} {1} $1"' ::: a
	expect 0 '{} {#} {%} {1} a' ''
}

@test "shell: --shell is a flag, so options may follow it" {
	mp --shell -j1 -q 'echo "$1"' ::: a
	expect 0 a ''
	mp -j1 --shell -- 'echo "$1"' ::: a
	expect 0 a ''
}

@test "shell: nothing in a record can be executed" {
	printf '%s\n' '$(touch ran)' '`touch ran`' '; touch ran' '&& touch ran' '| touch ran' "' ; touch ran; '" '" ; touch ran; "' \
		'> ran' '${x:=$(touch ran)}' '*' '~' '$HOME' '\' '{}' '-n' >records
	mp --shell 'printf "%s\n" "$1"' <records
	expect 0
	cmp records out
	printf 'a\n; touch ran\0$(touch ran)\0' | mp -0 --shell 'printf "%s\0" "$1"'
	expect 0
	printf 'a\n; touch ran\0$(touch ran)\0' | cmp - out
	mp echo <records
	mp sh -c 'echo "$1"' sh <records
	[ ! -e ran ]
}

@test "shell: --shell=PROGRAM runs the SCRIPT, with arguments of its own" {
	f() { [[ $1 == a* ]] && echo "f $1"; }
	export -f f
	mp --shell=bash 'f "$1" && echo "$0 $#"' ::: ab
	expect 0 $'f ab\nbash 1' ''
	mp --shell='/bin/bash  -euo pipefail' 'false | cat; echo not' ::: a
	expect 123 ''
	says '^mpmap: #1: exit status 1'
	mp --shell=bash ::: 'x=(1 2 3); echo "${#x[@]} $0"' '[[ a = b ]]'
	expect 123 '3 bash'
	printf '%s\n' '{"shell":"[[ $1 = x ]] && echo $0 $1","args":["x"]}' '["echo","word"]' | mp --jsonl --shell='bash -e'
	expect 0 $'bash x\nword' ''
	mp --shell=bash --shell 'echo $0' ::: a
	expect 0 sh ''
	mp --shell=bash --dry-run 'echo "$1"' ::: a
	same out "bash -c 'echo \"\$1\"' bash a"
	mp -o jsonl --shell='bash -u' 'exit 3' ::: a
	jq -e '.argv == ["bash", "-u", "-c", "exit 3", "bash", "a"]' out
}

@test "shell: a PROGRAM that is missing, or none: one line" {
	for value in '' ' '; do
		mp --shell="$value" 'touch ran' ::: a
		usage_error "^mpmap: --shell='$value': no program .*bash -euo pipefail"
	done
	mp --shell=no-such-shell 'touch ran' ::: a
	expect 127 '' 'mpmap: no-such-shell: command not found'
	mp --jsonl --shell touch ran <<<'{"shell":"touch ran"}'
	usage_error
	mp --jsonl --shell <<<'{"shell":"touch ran"}'
	usage_error 'tasks in JSON say .*--shell=PROGRAM'
	[ ! -e ran ]
}

@test "shell: without an operand, each record is a command line" {
	printf '%s\n' 'echo a; echo b' 'x=3; echo $((x * 2))' '' 'printf "%s\n" "$#"' 'echo {} {#}' >records
	mp --shell <records
	expect 0 $'a\nb\n6\n0\n{} {#}' ''
	mp --shell ::: 'echo one' 'echo two'
	expect 0 $'one\ntwo' ''
}

@test "shell: the status of each command line counts" {
	printf 'exit 0\nexit 3\necho yes\n' | mp --shell
	expect 123 yes
	says '^mpmap: 1 of 3 tasks failed: 1 by exit status'
	says '^mpmap: #2: exit status 3'
}

@test "shell: it is /bin/sh, whatever SHELL and PATH say" {
	mkdir bin
	printf '#!/bin/sh\necho wrong\n' >bin/sh
	chmod +x bin/sh
	SHELL=/bin/false PATH=$PWD/bin:$PATH mp --shell 'echo right' ::: a
	expect 0 right ''
}

@test "shell: 126 and 127 from within a shell are a task's own: 123, and the others run" {
	printf '%s\n' no-such-command / 'echo yes' | mp --shell
	expect 123 yes
	says '^mpmap: 2 of 3 tasks failed: 2 by exit status'
	says '^mpmap: #1: exit status 127'
	says '^mpmap: #2: exit status 126'
}

@test "shell: an error of syntax is the task's" {
	mp --shell 'if' ::: a b
	expect 123 ''
	says '^mpmap: 2 of 2 tasks failed: 2 by exit status'
}

@test "shell: a record that is too long or has a NUL is not started" {
	{
		printf 'a\0b\n'
		head -c 200000 /dev/zero | tr '\0' x
		printf '\nlast\n'
	} | mp --shell 'printf "%s\n" "$1"'
	expect 125 last
	says '^mpmap: 2 of 3 tasks failed: 2 not started'
}
