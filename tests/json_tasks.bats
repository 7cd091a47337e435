#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Tasks that come as JSON: arrays that are commands, and objects that say more.

load helper

# tasks OPTION... <<<LINES: runs them one after another by --jsonl, and with the same end as an array by --json
tasks() {
	cat >tasks
	mp -j1 --jsonl "$@" <tasks
	mkdir -p jsonl && mv out err status jsonl
	paste -sd , tasks | sed 's/.*/[&]/' | mp -j1 --json "$@"
	cmp jsonl/out out && cmp jsonl/status status && [ "$(wc -l <jsonl/err)" -eq "$(wc -l <err)" ]
}

# refused TASK WORD...: as the second of three it is refused in one line that says all this; the first is run, the third is not
refused() {
	local task=$1 word
	shift
	printf '["echo","ok"]\n%s\n["touch","ran"]\n' "$task" | mp -j1 --jsonl
	mv err jsonl.err
	expect 1 ok || complain "--jsonl: $task" || return 1
	printf '[["echo","ok"],\n  %s,\n["touch","ran"]]' "$task" | mp -j1 --json
	expect 1 ok || complain "--json: $task" || return 1
	[ ! -e ran ] || complain "the third was run: $task" || return 1
	for run in jsonl.err err; do
		[ "$(wc -l <"$run")" -eq 1 ] && grep -Eq '^mpmap: standard input: element 2 \(line 2, column [0-9]+\): .+$' "$run" ||
			complain "$task: $(cat "$run")" || return 1
		not grep -q '[[:cntrl:]]' "$run" || return 1
		for word; do
			grep -Eq -- "$word" "$run" || complain "$task: '$word' is not in: $(cat "$run")" || return 1
		done
	done
}

@test "tasks: an array is a command, of strings and numbers" {
	tasks <<-'END'
		["echo","a b"]
		[ "printf" , "<%s>\n" , 1.0, -0 ,1e400,"{}", "{#}","$HOME","" ]
		["true"]
		["\u0065cho","\u00e9 \ud83d\ude00","two\nlines"]
	END
	expect 0 $'a b\n<1.0>\n<-0>\n<1e400>\n<{}>\n<{#}>\n<$HOME>\n<>\né 😀 two\nlines' ''
}

@test "tasks: an object has argv, or shell and args" {
	tasks <<-'END'
		{"argv":["printf","<%s>\n","a b",7,"{}"]}
		{"shell":"echo \"$0 $#:$1:$2\"; echo '{}'"}
		{ "args" : ["a  b", 1.50], "shell": "echo \"$0 $#:$1:$2\"" }
		{"shell":"echo $0","args":[]}
	END
	expect 0 $'<a b>\n<7>\n<{}>\nsh 0::\n{}\nsh 2:a  b:1.50\nsh' ''
}

@test "tasks: argv_base64 is any bytes" {
	printf '{"argv_base64":["%s","%s","%s",""]}\n' "$(printf %s "$TOOL" | base64 -w 0)" "$(printf args | base64)" \
		"$(printf 'a\n\377\200"' | base64)" | tasks
	expect 0 $'"a\\x0a\\xff\\x80\\""\n""' ''
}

@test "tasks: stdin is text, stdin_base64 any bytes, without a newline of ours" {
	tasks <<-'END'
		{"argv":["od","-An","-c"],"stdin":"a\u0000b\né"}
		{"argv":["od","-An","-c"],"stdin_base64":"AP8KgA=="}
		{"argv":["wc","-c"],"stdin":""}
		{"argv":["wc","-c"],"stdin_base64":""}
		{"shell":"cat; echo $1","args":["x"],"stdin":"in\n"}
	END
	expect 0 "$(printf 'a\0b\né' | od -An -c && printf '\0\377\n\200' | od -An -c && printf '0\n0\nin\nx')" ''
	tasks <<<'{"argv":["'"$TOOL"'","stdin"]}'
	expect 0 '/dev/null 0 bytes' ''
}

@test "tasks: stdin_base64 of a megabyte of all bytes" {
	head -c 1000003 /dev/urandom >bytes
	printf '{"argv":["cat"],"stdin_base64":"%s"}\n' "$(base64 -w 0 bytes)" | mp --jsonl
	expect 0
	cmp bytes out
}

@test "tasks: env is merged with ours; a number is its text, null unsets" {
	export OURS=ours GONE=gone OVER=old
	tasks <<-'END'
		{"shell":"echo \"$OURS,${GONE-unset},$OVER,$NEW,$NUMBER,${EMPTY-unset}\"","env":{"GONE":null,"OVER":"new","NEW":"a=b {}","NUMBER":1.0,"EMPTY":""}}
		{"shell":"echo \"$OURS,$GONE,$OVER,${NEW-unset}\""}
		{"shell":"echo \"$OURS\"","env":{}}
		{"shell":"echo \"${NOT_THERE-unset}\"","env":{"NOT_THERE":null}}
	END
	expect 0 $'ours,unset,new,a=b {},1.0,\nours,gone,old,unset\nours\nunset' ''
}

@test "tasks: env can hold any name that has no =, and any text" {
	tasks <<<'{"argv":["'"$TOOL"'","env","a b","9","é","x.y"],"env":{"a b":"1","9":"","é":"\u00e9\ud83d\ude00","x.y":"=z="}}'
	expect 0
	"$TOOL" under default -- env 'a b=1' 9= 'é=é😀' 'x.y==z=' "$TOOL" env 'a b' 9 'é' x.y | cmp - out
}

@test "tasks: what mpmap tells a task is told to these too" {
	tasks <<-'END'
		["sh","-c","echo $MPMAP_SEQ $MPMAP_SLOT $MPMAP_ATTEMPT"]
		{"shell":"echo $MPMAP_SEQ $MPMAP_SLOT $MPMAP_ATTEMPT"}
	END
	expect 0 $'1 1 1\n2 1 1' ''
}

@test "tasks: the PATH in env finds the command" {
	mkdir one two
	printf '#!/bin/sh\necho one\n' >one/prog
	printf '#!/bin/sh\necho two\n' >two/prog
	chmod +x one/prog two/prog
	export PATH=$PWD/one:$PATH
	tasks <<-END
		["prog"]
		{"argv":["prog"],"env":{"PATH":"$PWD/two:/usr/bin:/bin"}}
		{"argv":["$PWD/one/prog"],"env":{"PATH":"$PWD/two"}}
		["prog"]
	END
	expect 0 $'one\ntwo\none\none' ''
	tasks <<-END
		{"argv":["prog"],"env":{"PATH":"$PWD"}}
		["prog"]
	END
	expect 125 one
	says '^mpmap: 1 of 2 tasks failed: 1 not started$'
	says '^mpmap: #1: .*prog'
}

@test "tasks: a command that is not there is that task's failure alone" {
	tasks <<-'END'
		["no-such-command","a"]
		["echo","yes"]
		{"argv":["/"]}
		{"argv":[""]}
	END
	expect 125 yes
	says '^mpmap: 3 of 4 tasks failed: 3 not started$'
	says '^mpmap: #1: .*no-such-command'
}

@test "tasks: cwd, also relative to --workdir" {
	mkdir -p a/b
	here=$(pwd -P)
	tasks <<-END
		{"argv":["pwd"],"cwd":"a"}
		["pwd"]
		{"shell":"pwd","cwd":"$here/a/b"}
		{"argv":["pwd"],"cwd":"a/../a/b"}
	END
	expect 0 "$here/a"$'\n'"$here"$'\n'"$here/a/b"$'\n'"$here/a/b" ''
	tasks --workdir a <<-END
		{"argv":["pwd"],"cwd":"b"}
		["pwd"]
		{"argv":["pwd"],"cwd":"$here"}
	END
	expect 0 "$here/a/b"$'\n'"$here/a"$'\n'"$here" ''
}

@test "tasks: a cwd that is not there: not started, the others run" {
	: >file
	tasks <<-'END'
		{"argv":["touch","ran"],"cwd":"missing"}
		{"argv":["touch","ran"],"cwd":"file"}
		["echo","yes"]
	END
	expect 125 yes
	says '^mpmap: 2 of 3 tasks failed: 2 not started$'
	says '^mpmap: #1: .*No such file'
	says '^mpmap: #2: .*[Nn]ot a directory'
	[ ! -e ran ]
}

@test "tasks: timeout counts for its task, over --timeout" {
	tasks --grace 0.2 <<-'END'
		{"argv":["sleep","100"],"timeout":0.2}
		["echo","yes"]
	END
	expect 125 yes
	says '^mpmap: 1 of 2 tasks failed: 1 by time limit$'
	says '^mpmap: #1: timed out after 0.2 s'
	tasks --timeout 0.2 <<-'END'
		{"shell":"sleep 1; echo long","timeout":50}
		["sleep","100"]
	END
	expect 125 long
	says '^mpmap: #2: timed out after 0.2 s'
}

@test "tasks: retries count for their task, over --retries" {
	script='echo "$MPMAP_ATTEMPT"; exit 1'
	tasks <<-END
		{"shell":"${script//\"/\\\"}","retries":2}
		{"shell":"${script//\"/\\\"}"}
	END
	expect 123 $'3\n1'
	tasks --retries 3 <<-END
		{"shell":"${script//\"/\\\"}","retries":0}
		{"shell":"${script//\"/\\\"}"}
		{"shell":"${script//\"/\\\"}","retries":1,"stdin":"again"}
	END
	expect 123 $'1\n4\n2'
	tasks <<<'{"shell":"cat; [ $MPMAP_ATTEMPT = 3 ]","stdin":"again\n","retries":1000000,"env":{"A":"b"}}'
	expect 0 again "$(attempts_note 1)"
}

@test "tasks: id is any value" {
	for id in '"x"' 1.0 null true '[1, {"a":[]}]' '{"b" : 1}' '""' '"\u0000"'; do
		tasks <<<'{"id":'"$id"',"argv":["echo","yes"]}'
		expect 0 yes ''
	done
}

@test "tasks: one is run before the next is read; in order, with any jobs" {
	open_feed
	start --json <feed
	printf '[["echo","one"],' >&7
	wait_until file_has out '^one$'
	printf '{"shell":"echo two"},' >&7
	wait_until file_has out '^two$'
	printf '["echo","three"]]' >&7
	close_feed
	finish
	expect 0 $'one\ntwo\nthree' ''
	check() {
		seq 1000 | sed 's/.*/{"shell":"cat; echo $1 >\&2","args":[&],"stdin":"&\\n","env":{"X":"&"}}/' | mp -j4 --chunksize 7 --jsonl
		expect 0 "$(seq 1000)" "$(seq 1000)"
	}
	check
}

@test "tasks: --dry-run prints commands that do in bash what the run does" {
	mkdir sub
	cat >some <<-'END'
		["printf","<%s>\n","a b","it's","$HOME",1.0,""]
		{"argv":["echo","x"]}
		{"shell":"echo \"$#\" \"$1\"; echo '$0'","args":["a  b","c"]}
		{"argv_base64":["ZWNobw==","YSAgYg=="]}
	END
	mp -j1 --jsonl <some
	expect 0
	cp out expected
	mp --dry-run --jsonl <some
	expect 0
	[ "$(wc -l <out)" -eq 4 ]
	bash out | cmp - expected
	printf '["touch","ran"]\n{"shell":"touch ran"}\n' | mp --dry-run --jsonl
	expect 0
	[ ! -e ran ]
	printf '["echo","a"]\n{"argv":[]}' | mp --dry-run --jsonl
	expect 1 'echo a'
	says_lines 1
}

@test "tasks: what is no task is refused, with a hint" {
	for value in '"echo a"' 7 true false null '""'; do
		refused "$value" 'COMMAND|array|argv'
	done
}

@test "tasks: an empty argv, and one of other values than strings and numbers" {
	refused '[]' 'empty|argv'
	refused '{"argv":[]}' argv
	refused '{"argv_base64":[]}' argv_base64
	for value in null true false '[]' '["a"]' '{}'; do
		refused "[\"touch\",\"ran\",$value]" '.'
		refused "{\"argv\":[\"touch\",\"ran\",$value]}" argv
		refused "{\"shell\":\"touch ran\",\"args\":[$value]}" args
	done
	for value in '"touch ran"' 1 null true '{}' '[null]'; do
		refused "{\"argv\":$value}" argv
		refused "{\"argv_base64\":$value}" argv_base64
		refused "{\"shell\":\"touch ran\",\"args\":$value}" args
	done
	refused '{"argv_base64":["dG91Y2g=",7]}' argv_base64
}

@test "tasks: keys that are unknown, twice, together or alone" {
	refused '{"argv":["touch","ran"],"nice":5}' nice
	refused '{"argv":["touch","ran"],"Env":{}}' Env
	refused '{"argv":["touch","ran"],"":1}' '.'
	refused '{"argv":["touch","ran"],"\u001b[31m":1}' '31m'
	refused '{"argv":["touch","ran"],"argv":["touch","ran"]}' argv 'twice|duplicate'
	refused '{"argv":["touch","ran"],"timeout":1,"timeout":1}' timeout 'twice|duplicate'
	refused '{"argv":["touch","ran"],"id":1,"i\u0064":1}' 'twice|duplicate'
	refused '{"argv":["touch","ran"],"shell":"touch ran"}' argv shell
	refused '{"argv":["touch","ran"],"argv_base64":["dG91Y2g="]}' argv argv_base64
	refused '{"shell":"touch ran","argv_base64":["dG91Y2g="]}' argv shell
	refused '{"argv":["touch"],"args":["ran"]}' args shell
	refused '{"args":["ran"]}' 'args|shell'
	refused '{"argv":["touch","ran"],"stdin":"","stdin_base64":""}' stdin stdin_base64
	refused '{}' argv shell
	refused '{"id":1,"env":{}}' argv
}

@test "tasks: a key of a megabyte is refused in a line that can be read" {
	long=$(head -c 1000000 /dev/zero | tr '\0' k)
	for task in "{\"$long\":1}" "{\"argv\":[\"touch\",\"ran\"],\"env\":{\"$long=\":\"\"}}" "$long" "\"$long\"" "{\"$long\":[}" "{\"$long\":1,\"$long\":1}"; do
		printf '["echo","ok"]\n%s\n["touch","ran"]\n' "$task" | mp -j1 --jsonl
		expect 1 ok
		says_lines 1
		says '^mpmap: standard input: element 2 \(line 2, column [0-9]+\): .'
		[ "$(wc -c <err)" -lt 2000 ] || complain "$(wc -c <err) bytes on stderr"
	done
	[ ! -e ran ]
}

@test "tasks: values of the wrong type" {
	for value in 1 true null '[]' '{}' '["touch ran"]'; do
		refused "{\"shell\":$value}" shell
		refused "{\"argv\":[\"touch\",\"ran\"],\"cwd\":$value}" cwd
		refused "{\"argv\":[\"touch\",\"ran\"],\"stdin_base64\":$value}" stdin_base64
	done
	for value in true '[]' '{}' null; do
		refused "{\"argv\":[\"touch\",\"ran\"],\"stdin\":$value}" stdin
		refused "{\"argv\":[\"touch\",\"ran\"],\"timeout\":$value}" timeout
		refused "{\"argv\":[\"touch\",\"ran\"],\"retries\":$value}" retries
	done
	for value in '"A=b"' 1 true '["A=b"]' '[]'; do
		refused "{\"argv\":[\"touch\",\"ran\"],\"env\":$value}" env
	done
	for value in true '[]' '{}' '["b"]'; do
		refused "{\"argv\":[\"touch\",\"ran\"],\"env\":{\"A\":$value}}" env
	done
}

@test "tasks: a NUL where the system takes none" {
	for task in '["touch","ran\u0000"]' '["\u0000touch","ran"]' '{"argv":["touch","ran","\u0000"]}' '{"shell":"touch ran\u0000"}' \
		'{"shell":"touch ran","args":["a\u0000b"]}' '{"argv":["touch","ran"],"cwd":".\u0000"}' '{"argv":["touch","ran"],"env":{"A":"b\u0000c"}}' \
		'{"argv":["touch","ran"],"env":{"A\u0000":"b"}}' '{"argv_base64":["dG91Y2g=","cgBuCg=="]}'; do
		refused "$task" NUL
	done
}

@test "tasks: base64 that is none" {
	for text in a ab abc 'YWJj!' '=' 'YQ=' 'YQ' 'YQ==YQ==' 'YQ===' 'Y=Q=' 'YWJ-' 'YW_j' 'YWJjZ' 'YW\u0000=' 'é' ' YQ=='; do
		refused "{\"argv\":[\"touch\",\"ran\"],\"stdin_base64\":\"$text\"}" stdin_base64
		refused "{\"argv_base64\":[\"dG91Y2g=\",\"$text\"]}" argv_base64
	done
}

@test "tasks: names that no variable can have" {
	refused '{"argv":["touch","ran"],"env":{"":"b"}}' env
	refused '{"argv":["touch","ran"],"env":{"A=B":"c"}}' env
	refused '{"argv":["touch","ran"],"env":{"A=":null}}' env
	refused '{"argv":["touch","ran"],"env":{"=":"c"}}' env
}

@test "tasks: numbers that are no time, and no count" {
	for number in 0 -1 -0 0.0 0e5 -0.5 '"1"' '"1h"' 1e400; do
		refused "{\"argv\":[\"touch\",\"ran\"],\"timeout\":$number}" timeout
	done
	for number in -1 1.5 1e-1 1000001 1e400 99999999999999999999999 '"1"'; do
		refused "{\"argv\":[\"touch\",\"ran\"],\"retries\":$number}" retries
	done
	tasks <<-'END'
		{"argv":["echo","a"],"timeout":1e1,"retries":1e1}
		{"argv":["echo","b"],"timeout":3.5,"retries":1000000}
	END
	expect 0 $'a\nb' ''
}

@test "tasks: without JSON, or with a COMMAND, they are records" {
	printf '["echo","a"]\n' | mp echo
	expect 0 '["echo","a"]' ''
	printf '{"argv":["touch","ran"]}\n' | mp --jsonl echo
	expect 0 '{"argv":["touch","ran"]}' ''
	[ ! -e ran ]
}
