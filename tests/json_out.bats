#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Results as JSON (-o jsonl, json, none): every key, every byte, in order, and the array closed whatever ends the run.

# Scripts are for the tasks' shell.
# shellcheck disable=SC2016

load helper
load object
load screen

@test "json: every key of a task that went well" {
	check() {
		mp_well -j1 -o jsonl --shell 'echo "$$ $1"; echo "to $1" >&2' ::: a 'b "c"'
		are_objects out 2
		values '[.outcome, .status, .signal, .attempts, .worker, .slot, .stderr]' >found
		name=$(worker_name)-1
		same found "$(printf '["ok",0,null,1,"%s",1,"to %s\\n"]\n' "$name" a "$name" 'b \"c\"')"
		the_result 1 '.stdout == "\(.pid) a\n"'
		the_result 2 '.stdout == "\(.pid) b \"c\"\n"'
		head -n 1 out | grep -qE '^\{"seq":1,"argv":\["/bin/sh","-c",' || complain "$(head -n 1 out)"
	}
	check
}

@test "json: failed, signaled, timed out, lost, and what the others are beside them" {
	check() {
		mp -j2 -o jsonl --timeout 2 --shell '
			echo "$1"
			case $1 in
			failed) exit 7 ;;
			signaled) kill -SEGV $$ ;;
			timeout) exec "$TOOL" pause "pid1" ;;
			lost) kill -KILL $PPID; exec "$TOOL" pause "pid2" ;;
			esac' ::: failed signaled timeout lost ok
		expect 125
		are_objects out 5
		values '[.outcome, .status, .signal]' >found
		sed -i '/^\["lost"/s/.*/["lost",null,null]/' found
		same found '["failed",7,null]
["signaled",null,"SIGSEGV"]
["timeout",null,"SIGTERM"]
["lost",null,null]
["ok",0,null]'
		the_result 3 '.error | test("2 s")'
		the_result 4 '.worker as $name | .error | test("\($name) .*killed by SIGKILL")'
		the_result 3 '.stdout == "timeout\n" and .duration >= 2'
		says '^mpmap: 4 of 5 tasks failed: '
	}
	check
}

@test "json: a task that ends in its own way when its time is over has its status" {
	mp -o jsonl --timeout 2 --shell 'exec "$TOOL" catch "ready$1" bye' ::: 1
	expect 125
	are_objects out 1
	the_result 1 '.outcome == "timeout" and .status == 0 and .signal == null and .stdout == "bye"'
}

@test "json: what could not be started says why, and was never run" {
	check() {
		{ printf 'a\0b\n' && head -c 200000 /dev/zero | tr '\0' x && printf '\nlast\n'; } >records
		mp -o jsonl echo <records
		expect 125
		are_objects out 3
		values_are '[.outcome, .argv, .attempts]' $'["not-started",null,0]\n["not-started",null,0]\n["ok",["echo","last"],1]'
		values 'select(.seq < 3) | .error' >found
		[ "$(sort -u found | wc -l)" -eq 2 ] || complain "$(cat found)"
		printf 'x,y\nz\n' | mp -o jsonl -C , echo '{2}'
		expect 125
		are_objects out 2
		the_result 2 '.outcome == "not-started"'
	}
	check
}

@test "json: a task that wanted the terminal is signaled, and error says so" {
	open_screen 80 24 'exec "$MPMAP" -o jsonl sh -c "read -r x </dev/tty" x ::: 1 >out 2>err'
	ended 125
	are_objects out 1
	the_result 1 '.outcome == "signaled" and (.error | test("wanted the terminal"))'
}

@test "json: attempts, and only the last one's output" {
	check() {
		mp_again 2 -j2 -o jsonl --retries 3 --shell 'echo "$MPMAP_ATTEMPT"; echo "e$MPMAP_ATTEMPT" >&2; [ "$MPMAP_ATTEMPT" -eq "$1" ]' ::: 1 2 3
		are_objects out 3
		values_are '[.attempts, .stdout, .stderr]' '[1,"1\n","e1\n"]
[2,"2\n","e2\n"]
[3,"3\n","e3\n"]'
		mp -o jsonl --retries 2 --shell 'kill -KILL $PPID; exec "$TOOL" pause pid' ::: a
		expect 125
		are_objects out 1
		the_result 1 ".outcome == \"lost\" and .attempts == 3 and .worker == \"$(worker_name)-3\""
		mp -o jsonl --retries 1 false ::: a
		expect 123
		the_result 1 '.outcome == "failed" and .attempts == 2'
	}
	check
}

@test "json: what was begun before ^C has its outcome, the rest is skipped" {
	check() {
		start -j1 --chunksize 1 -o jsonl --shell 'exec "$TOOL" catch "ready$1" bye' ::: $(seq 20)
		wait_until test -e ready1
		kill -INT "$pid"
		finish
		expect 130
		are_objects out
		values_are .seq "$(seq "$(wc -l <out)")"
		the_result 1 '.outcome == "ok" and .stdout == "bye"'
		[ "$(values .outcome | sed 1d | sort -u)" = '"skipped"' ] || complain "$(values .outcome)"
		the_result 2 '.argv[4] == "2"'
	}
	check
}

@test "json: tasks skipped by --halt; those it killed are signaled" {
	check() {
		trace_on
		start -j2 --chunksize 1 -o jsonl --halt now,fail=1 --shell '[ "$1" -eq 1 ] || exec "$TOOL" pause "pid$1"; "$TOOL" hold gate; exit 3' ::: $(seq 20)
		wait_until test -s pid2
		touch gate
		finish
		expect 124
		are_objects out
		values_are .seq "$(seq "$(wc -l <out)")"
		the_result 1 '.outcome == "failed" and .status == 3'
		the_result 2 '.outcome == "signaled" and .signal == "SIGTERM"'
		# the worker may begin one more task before the parent stops it
		[ "$(values .outcome | sed 1,3d | sort -u)" = '"skipped"' ] || complain "$(values .outcome)"
		run_to_end -j1 --chunksize 1 -o jsonl --halt soon,fail=1 --shell 'exit 3' ::: $(seq 20)
		expect 124
		are_objects out
		the_result 1 '.outcome == "failed"'
		values .outcome | tail -n 1 | grep -qx '"skipped"'
	}
	check
}

@test "json: id is handed through, whatever it is, and absent when not given" {
	cat >tasks <<-'END'
		{"argv":["true"],"id":"a \"b\" \u00e4"}
		{"id":123456789012345678901234567890.10,"argv":["false"]}
		{"argv":["true"], "id": {"deep": [1, null, {"x": "y"}]}}
		{"argv":["true"],"id":null}
		{"argv":["true"]}
		{"argv":["true"],"id":false}
	END
	mp -j2 --jsonl -o jsonl <tasks
	expect 123
	are_objects out 6
	jq -c 'select(has("id")) | .id' tasks | cmp - <(values 'select(has("id")) | .id')
	values_are 'has("id")' $'true\ntrue\ntrue\ntrue\nfalse\ntrue'
	grep -qE '^\{"seq":2,"id":123456789012345678901234567890.10,"argv":' out || complain "$(sed -n 2p out)"
	mp -j2 --jsonl -o json <tasks
	expect 123
	is_array out 6
	# what waits to be run or is never run has its own, too
	trace_on
	start -j1 --chunksize 1 --halt soon,fail=1 --jsonl -o jsonl <<-'END'
		{"shell":"\"$TOOL\" hold gate; exit 3","id":"first"}
		{"argv":["true"],"id":"second"}
	END
	wait_for_event input_end
	touch gate
	finish
	expect 124
	values_are '[.id, .outcome]' $'["first","failed"]\n["second","skipped"]'
}

@test "json: argv is what was executed" {
	mp_well -o jsonl echo '<{}>' '{#}' '{.}' ::: 'a "b" ä.c' $'tab\tnew\nline\e'
	are_objects out 2
	the_result 1 '.argv == ["echo", "<a \"b\" ä.c>", "1", "a \"b\" ä"]'
	the_result 2 '.argv == ["echo", "<tab\tnew\nline\u001b>", "2", "tab\tnew\nline\u001b"]'
	mp_well -o jsonl --shell 'echo $1$2' ::: a ::: b
	the_result 1 '.argv == ["/bin/sh", "-c", "echo $1$2", "sh", "a", "b"]'
	mp_well -o jsonl --shell ::: 'echo a | tr a b'
	the_result 1 '.argv == ["/bin/sh", "-c", "echo a | tr a b"] and .stdout == "b\n"'
	seq 5 | mp_well -o jsonl -n 2 echo x
	values_are '.argv[2:]' $'["1","2"]\n["3","4"]\n["5"]'
	echo in | mp_well -o jsonl --stdin cat
	the_result 1 '.argv == ["cat"] and .stdout == "in\n"'
	mp_well -o jsonl "$TOOL" args '' '{}' ::: ''
	the_result 1 '.argv[1:] == ["args", "", ""] and .stdout == "\"\"\n\"\"\n"'
}

@test "json: argv_base64 where an argument is not UTF-8, for all of them" {
	mp_well -o jsonl printf %s a ::: $'\xff\xfeb' $'\xe2\x82' 'plain'
	are_objects out 3
	values_are 'has("argv")' $'false\nfalse\ntrue'
	for i in 0:printf 1:%s 2:a; do
		same <(jq -r "select(.seq == 1) | .argv_base64[${i%:*}]" out | base64 -d && echo) "${i#*:}"
	done
	cmp <(jq -r 'select(.seq == 1) | .argv_base64[3]' out | base64 -d) <(printf '\xff\xfeb')
	cmp <(jq -r 'select(.seq == 2) | .argv_base64[3]' out | base64 -d) <(printf '\xe2\x82')
}

# outputs_are KIND FILE...: both outputs of tasks that write these files, the kind of their keys, and every byte
outputs_are() {
	local key=$1 seq=0 file
	shift
	mp_well -j2 -o jsonl --shell 'cat "$1"; cat "$1" >&2' ::: "$@" || return 1
	are_objects out $# || return 1
	for file; do
		seq=$((seq + 1))
		[ "$(keys_of $seq)" = "stdout$key stderr$key" ] || complain "$file: $(keys_of $seq)" || return 1
		held $seq stdout | cmp - "$file" || return 1
		held $seq stderr | cmp - "$file" || return 1
	done
}

@test "json: what is UTF-8 is text, to the byte: NULs, controls, quotes, every length, the last character" {
	local n=0 text
	printf '%b' "$(printf '\\x%02x' {0..127})" >every
	for text in '\0' 'a\0\0b\0' '"\\\\/\b\f\n\r\t' '\x7f\x1b[31m' '\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80' \
		'\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf' '\xef\xbb\xbfbom' '\xe2\x80\xa8\xe2\x80\xa9' '\n' '</script>\\u0041'; do
		printf '%b' "$text" >"text$((++n))"
	done
	: >empty
	outputs_are '' every text? text?? empty
}

@test "json: what is not UTF-8 is base64, to the byte: every value, overlong, surrogates, too large, cut off at the end" {
	local n=0 bytes
	printf '%b' "$(printf '\\x%02x' {0..255})" >every
	for bytes in '\xff' 'a\x80' '\xc0\x80' '\xc1\xbf' '\xe0\x9f\xbf' '\xed\xa0\x80' '\xf0\x8f\xbf\xbf' '\xf4\x90\x80\x80' '\xf8\x88\x80\x80\x80' \
		'good\xc3' 'good\xe2\x82' 'good\xf0\x9f\x98' '\xe2\x82a' '\xc3\n' '\xf0\x9f\x98'; do
		printf '%b' "$bytes" >"bytes$((++n))"
	done
	outputs_are _base64 every bytes? bytes??
}

@test "json: each output has a key of its own kind" {
	mp_well -o jsonl --shell 'printf "\377"; echo text >&2' ::: a
	are_objects out 1
	[ "$(keys_of 1)" = 'stdout_base64 stderr' ]
	mp_well -o jsonl --shell 'printf "\377" >&2; echo text' ::: a
	[ "$(keys_of 1)" = 'stdout stderr_base64' ]
}

@test "json: characters split across writes are whole; only the end of the output can cut one" {
	check() {
		mp_well -j2 -o jsonl "$TOOL" stutter 50 ::: 'ä€😀' 'x'
		are_objects out 2
		[ "$(keys_of 1)" = 'stdout stderr' ]
		yes 'ä€😀' | head -n 50 | cmp - <(held 1 stdout)
		# a character one byte away from every boundary that is a power of two, then a character that is cut
		{ printf a && yes '€' | tr -d '\n' | head -c 600000; } >split
		{ cat split && printf '\xe2\x82'; } >cut
		outputs_are '' split
		outputs_are _base64 cut
	}
	check
}

@test "json: a character of which a part has long been written" {
	trace_on
	mkfifo bytes
	exec 8<>bytes
	start -o jsonl "$TOOL" relay ::: bytes
	wait_for_event task_start
	printf '\xf0\x9f' >&8
	wait_until stays_asleep bytes
	printf '\x98\x80' >&8
	exec 8>&-
	finish
	expect 0
	same err ''
	are_objects out 1
	the_result 1 '.stdout == "😀"'
}
