#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The schemas (doc/): they say what the manual says, tasks are judged by them as by mpmap, and all results are as they say.

load helper

schemas=$BATS_TEST_DIRNAME/../doc
page=$BATS_TEST_DIRNAME/../man/mpmap-json.5

needs_validator() {
	/usr/bin/python3 -c 'import jsonschema' 2>/dev/null || skip_or_fail 'python3-jsonschema is not installed'
}

# judge SCHEMA FILE: for each line of FILE, and its number, whether it is JSON in UTF-8 that the schema allows. Of what
# is in base64 it is also seen to be that, and to need it.
judge() {
	/usr/bin/python3 -c '
import base64, json, sys, jsonschema

def pairs(items):
    if len({key for key, _ in items}) != len(items):
        raise ValueError("a key twice")
    return dict(items)

def constant(name):
    raise ValueError("there is no " + name + " in JSON")

def is_text(data):
    try:
        return data.decode("utf-8") is not None
    except UnicodeDecodeError:
        return False

def check_bytes(result):
    for key in ("argv_base64", "stdout_base64", "stderr_base64"):
        if key in result:
            parts = result[key] if key == "argv_base64" else [result[key]]
            if all(is_text(base64.b64decode(part, validate=True)) for part in parts):
                raise ValueError(key + " for text")

with open(sys.argv[1], "rb") as file:
    schema = json.load(file)
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
with open(sys.argv[2], "rb") as file:
    for number, line in enumerate(file.read().split(b"\n")[:-1], 1):
        try:
            value = json.loads(line.decode("utf-8"), object_pairs_hook=pairs, parse_constant=constant)
            validator.validate(value)
            if sys.argv[1].endswith("result.schema.json"):
                check_bytes(value)
            print(number, "valid")
        except jsonschema.ValidationError as error:
            print(number, "invalid:", list(error.absolute_path), error.message[:300])
        except ValueError as error:
            print(number, "broken:", str(error)[:300])
' "$schemas/$1.schema.json" "$2"
}

# valid SCHEMA FILE: each line of FILE is
valid() {
	needs_validator || return 1
	[ -s "$2" ] || complain "$2 is empty" || return 1
	judge "$1" "$2" >judgement
	not grep -v ' valid$' judgement
}

# results COUNT [OUTCOMES]: checks that the last run wrote COUNT results, with these outcomes
results() {
	[ "$(wc -l <out)" -eq "$1" ] || complain "$(wc -l <out) results, expected $1" || return 1
	valid result out || return 1
	[ $# -lt 2 ] || outcomes "$2"
}

outcomes() {
	[ "$(jq -r .outcome out | paste -sd ' ')" = "$1" ] || complain "outcomes: $(jq -r .outcome out | paste -sd ' ')"
}

# members FILE: the objects of an array as -o json writes it, one to a line
members() {
	[ "$(head -n 1 "$1")" = '[' ] && [ "$(tail -n 1 "$1")" = ']' ] || complain 'not one whole array' || return 1
	jq -e 'type == "array"' "$1" >/dev/null || return 1
	sed '1d; $d; s/,$//' "$1"
}

# keys FROM TO: the keys that this part of the manual describes
keys() {
	sed -n "/^\\.S[hs] $1\$/,/^\\.S[hs] $2\$/p" "$page" | sed -n 's/^\.It Cm \([a-z_0-9]*\) Pq .*/\1/p'
}

# shown TEXT: the examples in the manual that begin with TEXT, each on one line
shown() {
	mandoc -T ascii -O width=200 "$page" | sed 's/^ *//' | awk -v text="$1" '
		index($0, text) == 1 { inside = 1; line = "" }
		inside { line = line $0 }
		inside && /[]}]$/ { print line; inside = 0 }'
}

good_tasks() {
	cat <<'END'
["true"]
["true", 1, -0, 1.50, 1e400, 123456789012345678901234567890, "", "\u00e9\n"]
{"argv": ["true"]}
{"argv": ["true", 1, ""]}
{"argv_base64": ["dHJ1ZQ==", "/w==", ""]}
{"shell": "true"}
{"shell": "true", "args": []}
{"args": ["a", 2], "shell": "exit 0"}
{"argv": ["true"], "stdin": ""}
{"argv": ["true"], "stdin": "a\u0000b"}
{"argv": ["true"], "stdin_base64": ""}
{"argv": ["true"], "stdin_base64": "AP8="}
{"argv": ["true"], "env": {}}
{"argv": ["true"], "env": {"A": "x", "B": 1.5, "C": null, "with blank": ""}}
{"argv": ["true"], "cwd": "/"}
{"argv": ["true"], "timeout": 100}
{"argv": ["true"], "timeout": 0.5e2}
{"argv": ["true"], "retries": 0}
{"argv": ["true"], "retries": 1000000}
{"argv": ["true"], "id": null}
{"argv": ["true"], "id": false}
{"argv": ["true"], "id": ""}
{"argv": ["true"], "id": 0}
{"argv": ["true"], "id": 12345678901234567890}
{"argv": ["true"], "id": [1, {"a": null}]}
{"argv": ["true"], "id": {"argv": [], "unknown": {}}}
END
}

bad_tasks() {
	cat <<'END'
true
false
null
1
"true"
[]
{}
[[]]
[["true"]]
[true]
[null]
["true", null]
["true", {}]
["true", "a\u0000b"]
{"argv": []}
{"argv": "true"}
{"argv": null}
{"argv": {"0": "true"}}
{"argv": ["true", true]}
{"argv": ["true", ["a"]]}
{"argv": ["true\u0000"]}
{"argv": ["true"], "shell": "true"}
{"argv": ["true"], "argv_base64": ["dHJ1ZQ=="]}
{"argv_base64": ["dHJ1ZQ=="], "shell": "true"}
{"argv": ["true"], "args": []}
{"args": ["x"]}
{"id": 1}
{"argv_base64": []}
{"argv_base64": "dHJ1ZQ=="}
{"argv_base64": [1]}
{"argv_base64": ["dHJ1ZQ="]}
{"argv_base64": ["dHJ1ZQ"]}
{"argv_base64": ["dHJ1*Q=="]}
{"argv_base64": ["dHJ1ZQ==", "_w=="]}
{"shell": ["true"]}
{"shell": 1}
{"shell": null}
{"shell": "true\u0000"}
{"shell": "true", "args": "x"}
{"shell": "true", "args": [null]}
{"shell": "true", "args": ["\u0000"]}
{"argv": ["true"], "stdin": 1}
{"argv": ["true"], "stdin": null}
{"argv": ["true"], "stdin": ["x"]}
{"argv": ["true"], "stdin_base64": "A"}
{"argv": ["true"], "stdin": "", "stdin_base64": ""}
{"argv": ["true"], "env": []}
{"argv": ["true"], "env": "A=1"}
{"argv": ["true"], "env": {"": "x"}}
{"argv": ["true"], "env": {"A=B": "x"}}
{"argv": ["true"], "env": {"A\u0000": "x"}}
{"argv": ["true"], "env": {"A": "\u0000"}}
{"argv": ["true"], "env": {"A": true}}
{"argv": ["true"], "env": {"A": []}}
{"argv": ["true"], "cwd": 1}
{"argv": ["true"], "cwd": null}
{"argv": ["true"], "cwd": "\u0000"}
{"argv": ["true"], "timeout": 0}
{"argv": ["true"], "timeout": -1}
{"argv": ["true"], "timeout": "5"}
{"argv": ["true"], "timeout": null}
{"argv": ["true"], "retries": -1}
{"argv": ["true"], "retries": 1.5}
{"argv": ["true"], "retries": "1"}
{"argv": ["true"], "retries": null}
{"argv": ["true"], "retries": 1000001}
{"argv": ["true"], "Stdin": ""}
{"argv": ["true"], "comment": "none"}
END
}

# Rules that no schema can express.
bad_text() {
	cat <<'END'
{"argv": ["true"], "argv": ["true"]}
{"argv": ["true"], "env": {"A": 1, "A": 2}}
{"argv_base64": ["dHJ1ZQ==", "AA=="]}
["true"
["true",]
["true"] ["true"]
['true']
{"argv": ["true"], "timeout": 01}
{"argv": ["true"], "timeout": 1.}
["true", NaN]
["true", "\ud800"]
["true", "\x"]
["true", "a	b"]
END
	printf '["true", "\377"]\n'
}

@test "schema: the manual describes the keys that the schemas have, and no others" {
	keys Tasks 'Limits and errors' | sort >manual
	jq -r '.definitions.task.properties | keys[]' "$schemas/task.schema.json" | sort | diff - manual
	keys Results 'RESULTS FOLDER' | sort >manual
	jq -r '.properties | keys[]' "$schemas/result.schema.json" | sort | diff - manual
}

@test "schema: what the manual shows is valid" {
	needs mandoc
	{ shown '["'; shown '{"argv'; shown '{"shell'; } >tasks
	[ "$(wc -l <tasks)" -ge 6 ]
	valid task tasks
	shown '{"seq"' >out
	results 1 ok
}

@test "schema: tasks that are good are valid, others are not" {
	good_tasks >tasks
	valid task tasks
	bad_tasks >tasks
	judge task tasks >judgement
	not grep -v ' invalid: ' judgement
	[ "$(wc -l <judgement)" -eq "$(wc -l <tasks)" ]
}

@test "schema: results that cannot be are not valid" {
	needs_validator
	shown '{"seq"' >result
	for change in 'del(.seq)' 'del(.argv)' 'del(.outcome)' 'del(.max_rss)' '.seq = 0' '.seq = "1"' '.argv = []' '.argv = [1]' \
		'.argv_base64 = ["/w=="]' '.outcome = "killed"' '.status = 1' '.status = null' '.signal = "SIGTERM"' \
		'.outcome = "failed"' '.outcome = "failed" | .status = 256' '.outcome = "failed" | .status = null' \
		'.outcome = "signaled"' '.outcome = "signaled" | .status = null' \
		'.outcome = "signaled" | .status = null | .signal = "KILL"' '.outcome = "signaled" | .status = null | .signal = 9' \
		'.outcome = "lost" | .status = null' '.outcome = "skipped" | .status = null | .attempts = 0' '.attempts = 0' \
		'.outcome = "not-started" | .status = null' '.worker = null' '.worker = "1"' '.slot = 0' '.pid = 0' \
		'.start = "2026-01-31 12:00:00"' '.start = "2026-01-31T12:00:00Z"' '.start = 1.5' '.duration = -1' '.duration = "1"' \
		'.user = -1' '.max_rss = 1.5' '.error = ""' '.error = null' '.stdout = null' '.stdout_base64 = "/w=="' \
		'.stderr_base64 = "/w=="' 'del(.stdout) | .stdout_base64 = "/"'; do
		jq -c "$change" result >>bad
	done
	judge result bad >judgement
	not grep -v '^[0-9]* invalid: ' judgement
	[ "$(wc -l <judgement)" -eq "$(wc -l <bad)" ]
	for change in 'del(.id)' '.id = null' '.argv = null' '.new = {}' '.value = null' '.value = [1]' 'del(.stdout, .stderr)' '.error = "why"' '.user = null' \
		'.outcome = "timeout" | .status = null | .signal = "SIGTERM" | .error = "timed out after 1 s"' \
		'.outcome = "timeout" | .status = 3' '.outcome = "signaled" | .status = null | .signal = "SIGRTMIN+2"' \
		'del(.stdout, .stderr) | .stdout_base64 = "/w==" | .stderr_base64 = "/w=="' 'del(.argv) | .argv_base64 = ["/w=="]'; do
		jq -c "$change" result >>changed
	done
	valid result changed || complain "$(cat judgement)"
}

@test "schema: mpmap takes the tasks that are valid" {
	good_tasks >tasks
	mp --jsonl -o jsonl <tasks
	expect 0
	same err ''
	results "$(wc -l <tasks)"
	[ "$(jq -r .outcome out | sort -u)" = ok ]
	[ "$(grep -c '"id":' out)" -eq "$(grep -c '"id":' tasks)" ]
	grep -q '"id":12345678901234567890,' out
	sed $'s/^/\x1e/' tasks >sequence
	mp --json -o jsonl <sequence
	expect 0
	results "$(wc -l <tasks)"
	{ echo '['; sed '$!s/$/,/' tasks; echo ']'; } >array
	mp --json -a array -o json
	expect 0
	members out >lines
	mv lines out
	results "$(wc -l <tasks)"
}

@test "schema: mpmap refuses the others, each by itself, and runs what is before them" {
	{ bad_tasks; bad_text; } >tasks
	while IFS= read -r line; do
		printf '["echo","before"]\n%s\n["echo","behind"]\n' "$line" >input
		mp --jsonl <input
		expect 1 before || complain "$line"
		says_lines 1 || complain "$line"
		says '^mpmap: standard input: element 2 \(line 2, column [0-9]+\): ' || complain "$line"
	done <tasks
}

@test "schema: results of tasks that succeed, fail, are killed, take too long, are lost, are not started" {
	check() {
		mp -j2 -q --timeout 2 -o jsonl --shell '
			echo "$1"
			case $1 in
			2) exit 7 ;;
			3) kill -KILL $$ ;;
			4) exec "$TOOL" pause pid ;;
			5) kill -KILL $PPID; exec "$TOOL" hold gate ;;
			6) trap "exit 3" TERM; while :; do sleep 0.05; done ;;
			7) kill -34 $$ ;;
			esac' ::: 1 2 3 4 5 6 7
		expect 125 && same err ''
		results 7 'ok failed signaled timeout lost timeout signaled'
		jq -e -s '.[0].status == 0 and .[1].status == 7 and .[2].signal == "SIGKILL" and .[3].signal == "SIGTERM"' out
		jq -e -s '.[5].status == 3 and .[5].signal == null and (.[3:6] | all(.error))' out
		jq -e -s '[.[] | select(.outcome != "lost").stdout] == ["1\n", "2\n", "3\n", "4\n", "6\n", "7\n"]' out
		[ "$(jq -r '.worker | sub("-[0-9]+$"; "")' out | sort -u)" = "$(worker_name)" ]
	}
	check
}

@test "schema: results of tasks that are not started" {
	printf 'a,b\nc\nd\0,e\n' >records
	"$TOOL" lines 1 131072 x >>records
	mp -q -o jsonl -C , echo {2} <records
	expect 125
	results 4 'ok not-started not-started not-started'
	jq -e -s '.[1:] | all(.attempts == 0 and .pid == null and .stdout == "" and .stderr == "")' out
	mp -q -o jsonl {} ::: true ./none /etc
	expect 125
	results 3 'ok not-started not-started'
	echo '{"argv": ["true"], "cwd": "./none", "id": 1} ["./none"]' | mp -q -o jsonl --json
	expect 125
	results 2 'not-started not-started'
	echo '{"a": 1} {"b": 2}' | mp -q -o jsonl --json echo {a}
	expect 125
	results 2 'ok not-started'
}

@test "schema: results of tasks that are skipped" {
	start -q -j1 --halt now,fail=1 -o jsonl --shell 'exit 1' ::: $(seq 100)
	finish
	expect 124
	valid result out
	[ "$(head -n 1 out | jq -r .outcome)" = failed ]
	[ "$(tail -n 1 out | jq -r .outcome)" = skipped ]
	mp -q -o jsonl ./none ::: 1 2 3
	expect 127
	valid result out
}

@test "schema: results of tasks that are run again" {
	mp -q --retries 2 -o jsonl --shell 'echo "$MPMAP_ATTEMPT"; exit $(($1 - MPMAP_ATTEMPT))' ::: 1 2 3 4
	expect 123
	results 4 'ok ok ok failed'
	jq -e -s 'map(.attempts) == [1, 2, 3, 3] and map(.stdout) == ["1\n", "2\n", "3\n", "3\n"]' out
	echo '{"shell": "exit 1", "retries": 3, "id": "x"}' | mp -q --jsonl -o jsonl
	expect 123
	results 1 failed
	[ "$(jq .attempts out)" = 4 ]
}

@test "schema: results with every byte in them" {
	for byte in $(seq 1 255); do
		# shellcheck disable=SC2059
		printf "\\$(printf %03o "$byte")\\0"
	done >bytes
	mp -0 -o jsonl --shell 'printf %s "$1"; printf %s "$1" >&2' <bytes
	expect 0
	results 255
	[ "$(jq -s 'map(select(.stdout_base64 and .argv_base64 and .stderr_base64)) | length' out)" -eq 128 ]
	jq -r 'if .stdout then .stdout | @base64 else .stdout_base64 end' out | while read -r text; do
		base64 -d <<<"$text"
		printf '\0'
	done | cmp - bytes
	mp -o jsonl printf ::: '' '\0' 'a\0b\n' '\357\277\277' '\360\237\230\200' '\342\200\250' '\355\240\200' '\300\200' '\303' \
		'\364\220\200\200' '"\\"' 'no newline' '\177\001\033[m'
	expect 0
	results 13
	[ "$(jq -s 'map(has("stdout_base64")) | @csv' out)" = '"false,false,false,false,false,false,true,true,true,true,false,false,false"' ]
	[ "$(head -n 1 out | jq -r .stdout)" = '' ]
}

@test "schema: results of groups, columns, sources, records in JSON, standard input, and out of order" {
	mp_well -n 2 -o jsonl echo ::: 1 2 3
	results 2 'ok ok'
	[ "$(jq -c .argv out)" = $'["echo","1","2"]\n["echo","3"]' ]
	mp -o jsonl echo {2}{1} ::: a b ::: c d
	results 4
	echo '{"k": null} ["a", 1.0] "x"' | mp --json -o jsonl echo
	results 3
	[ "$(jq -r '.argv[1:] | join("|")' out)" = $'{"k":null}\na|1.0\nx' ]
	seq 3 | mp --stdin -o jsonl cat
	results 3
	[ "$(jq -r .stdout out)" = $'1\n\n2\n\n3' ]
	mp -j4 --unordered -o jsonl echo ::: $(seq 50)
	results 50
	[ "$(jq .seq out | sort -n)" = "$(seq 50)" ]
	mp -j4 -o jsonl "$TOOL" spew 300K ::: 1 2 3 4
	results 4
}

@test "schema: one array, which is whole whatever happens" {
	mp -o json echo ::: 1 2 3
	expect 0
	members out >lines
	[ "$(wc -l <lines)" -eq 3 ]
	valid result lines
	mp -o json true </dev/null
	expect 0 '[]' ''
	start -q -j1 --halt now,fail=1 -o json --shell 'exit 1' ::: 1 2 3
	finish
	expect 124
	members out >lines
	valid result lines
	echo '[["true"]] nonsense' | mp --json -o json
	expect 1
	members out >lines
	[ "$(wc -l <lines)" -eq 1 ]
	valid result lines
	start -j1 -o json --shell 'echo "$1"; [ "$1" != 2 ] || exec "$TOOL" pause pid' ::: 1 2 3
	wait_until test -s pid
	kill -INT "$pid"
	finish
	expect 130
	members out >lines
	valid result lines
	[ "$(head -n 2 lines | jq -r .outcome | paste -sd ' ')" = 'ok signaled' ]
}

@test "schema: meta.json of each task is a result without its outputs" {
	printf '%s\n' '["echo", "\u0001"]' '{"argv_base64": ["ZWNobw==", "/w=="], "id": {"a": 1}}' '{"shell": "kill -TERM $$"}' '["./none"]' >tasks
	mp -q --results=runs --jsonl <tasks
	expect 125
	cat runs/*/meta.json >out
	results 4 'ok ok signaled not-started'
	not grep -E '"(stdout|stderr)(_base64)?"' out
	printf '\377\n' | cmp - runs/000000002/stdout
}

@test "schema: results that come from a memo" {
	for time in 1 2; do
		mp_well --memo memo -o jsonl echo ::: a b
		results 2 'ok ok'
	done
	[ "$(jq -c .memo out)" = $'true\ntrue' ]
	mp --memo memo -o jsonl --shell 'exit "$1"' ::: 0 3
	results 2 'ok failed'
}
