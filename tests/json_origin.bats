#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# What results say they are of: values, fields, the record in JSON.

# Scripts are for the tasks' shell.
# shellcheck disable=SC2016

load helper
load object

# origins: of each result, what it is of, without what the whole result has besides
origins() {
	values 'with_entries(select(.key | test("^(values|fields|input)")))' "$@"
}

# are_of ORIGINS: fails unless the last run wrote objects of these origins
are_of() {
	are_objects out && same <(origins) "$1"
}

@test "origin: a record, which the command need not have" {
	mp_well -o jsonl true ::: 'a "b"' ''
	are_of '{"values":["a \"b\""]}
{"values":[""]}'
	printf '1\n2\n' | mp_well -o json echo
	jq -c '.[]' out >objects
	mv objects out
	are_of '{"values":["1"]}
{"values":["2"]}'
	mp_well -o jsonl --dry-run echo {} ::: a
	same <(origins) '{"values":["a"]}'
	echo true | mp_well -o jsonl --shell
	are_of '{"values":["true"]}'
	printf 'a\0b\0' | mp_well -0 -o jsonl -n 1 true
	are_of '{"values":["a"]}
{"values":["b"]}'
}

@test "origin: columns, sources, groups, and their names" {
	printf '1,2\n3\n' | mp_well -o jsonl -C , echo
	are_of '{"values":["1","2"]}
{"values":["3"]}'
	printf 'n,m\n1,2\n3\n' | mp_well -o jsonl -C , --header : echo
	are_of '{"values":["1","2"],"fields":{"n":"1","m":"2"}}
{"values":["3"],"fields":{"n":"3"}}'
	printf 'n,"the m"\n1,"2\n3"\n' | mp_well -o jsonl --csv --header : echo {n}
	are_of '{"values":["1","2\n3"],"fields":{"n":"1","the m":"2\n3"}}'
	mp_well -o jsonl --header : true ::: x 1 ::: y 2 3
	are_of '{"values":["1","2"],"fields":{"x":"1","y":"2"}}
{"values":["1","3"],"fields":{"x":"1","y":"3"}}'
	mp_well -o jsonl -C , --header : true ::: a,b 1,2 3 ::: c 4
	same <(origins | tail -n 1) '{"values":["3",null,"4"],"fields":{"a":"3","c":"4"}}'
	mp_well -o jsonl -n 2 true ::: 1 2 3
	are_of '{"values":["1","2"]}
{"values":["3"]}'
}

@test "origin: bytes that are not UTF-8" {
	printf 'n,m\n1,\377\n' | mp_well -o jsonl -C , --header : true
	are_of '{"values_base64":["MQ==","/w=="],"fields_base64":{"n":"MQ==","m":"/w=="}}'
}

@test "origin: the record of JSON as it came, a string that looks like a number, too" {
	printf '%s\n' '"1"' 1 -0.50 '"a\n\u00e9"' '[1, "x" , null]' '{"a" : 1.50, "b": {"c": []}}' >records
	for command in true '--coproc=stdio cat' '--python None'; do
		# shellcheck disable=SC2086
		mp_well -o jsonl --jsonl $command <records
		same <(origins) "$(jq -c '{input: .}' records)"
		grep -qF '"input":-0.50,' out
		grep -qF '"input":{"a":1.50,"b":{"c":[]}},' out
		not grep -q '"values"' out
	done
	# a command has them as before
	mp_well --jsonl echo <records
	same out "1
1
-0.50
a
é
1 x 
{\"a\":1.50,\"b\":{\"c\":[]}}"
	printf '"1"' | mp --json echo {2}
	expect 125 ''
	says '^mpmap: #1: not started: the record has no column 2: 1$'
}

@test "origin: a task's standard input, but no block of records" {
	seq 2 | mp_well -o jsonl --stdin cat
	are_of '{"values":["1"]}
{"values":["2"]}'
	echo '"1" [2, 3]' | mp_well --json -o jsonl --stdin cat
	are_of '{"values":["1"]}
{"values":["[2,3]"]}'
	seq 4 | mp_well -o jsonl --stdin --block 4 cat
	are_of '{}
{}'
}

@test "origin: filters, coprocesses and functions" {
	printf 'a\0b\nc\n' | mp_well -o jsonl --filter cat
	are_of '{"values":["a\u0000b"]}
{"values":["c"]}'
	mp_well -o jsonl --coproc=stdio cat ::: a b
	are_of '{"values":["a"]}
{"values":["b"]}'
	printf 'n,m\n1,2\n' | mp_well -o jsonl --csv --header : --python 'n + m'
	same <(origins) '{"values":["1","2"],"fields":{"n":"1","m":"2"}}'
	printf 'n,m\n1,2\n' | mp_well -o jsonl --csv --header : --bash 'echo "$n"'
	are_of '{"values":["1","2"],"fields":{"n":"1","m":"2"}}'
}

@test "origin: tasks that bring their command, and what is not known, have none" {
	echo '["echo", "a"]' | mp_well --jsonl -o jsonl
	are_of '{}'
	"$TOOL" lines 1 131072 x | mp -q -o jsonl true
	expect 125
	are_of '{}'
}

@test "origin: meta.json and failures have it" {
	mp --results results --shell 'exit "$1"' ::: 0 3
	expect 123
	metas_are_objects
	same <(origins metas) '{"values":["0"]}
{"values":["3"]}'
}
