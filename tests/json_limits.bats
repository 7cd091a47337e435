#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# JSON without end, and elements that are large: what memory they may take, and where the bounds are.

load helper
measures_memory

# letters SIZE
letters() {
	head -c "$1" /dev/zero | tr '\0' x
}

# measured LIMIT-KIB COMMAND...: runs it, with at most so much memory in the largest of its processes
measured() {
	local limit=$1
	shift
	run_it "$TOOL" ending how "$@"
	sed -n 's/^exit //p' how >status
	echo "at most $(awk '/^max_rss/ { print $2 }' how) KiB"
	[ "$(awk '/^max_rss/ { print $2 }' how)" -lt "$limit" ]
}

# On a busy machine one worker may lag far: the results that wait for it are bounded by --buffer, and not measured here.

@test "limits: a million tasks of one array, in less than 16 MiB" {
	awk 'BEGIN { printf "["; for (i = 1; i < 1000000; i++) printf "{\"argv\":[\"echo\",%d],\"id\":\"task %d\"},\n", i, i; print "[\"echo\",\"last\"]]" }' |
		timeout 200 "$TOOL" ending how "$MPMAP" --buffer 4M --json --dry-run 2>err | tail -n 3 >out
	same out $'echo 999998\necho 999999\necho last'
	same err ''
	cat how
	grep -qx 'exit 0' how
	[ "$(awk '/^max_rss/ { print $2 }' how)" -lt 16384 ]
}

@test "limits: 400,000 records of one array, and of lines, in less than 16 MiB" {
	for option in --json --jsonl; do
		{
			[ "$option" = --jsonl ] || printf '['
			seq 399999 | sed "s/.*/{\"n\":&,\"text\":\"\\\\u0065\"}$([ "$option" = --jsonl ] || echo ,)/"
			printf '{"n":"last"}'
			[ "$option" = --jsonl ] || printf ']'
		} | timeout 200 "$TOOL" ending how "$MPMAP" --buffer 4M "$option" --dry-run echo '{n}' 2>err | tail -n 2 >out
		same out $'echo 399999\necho last'
		same err ''
		cat how
		grep -qx 'exit 0' how
		[ "$(awk '/^max_rss/ { print $2 }' how)" -lt 16384 ]
	done
}

@test "limits: blanks without end take no memory" {
	{ echo '["a"' && head -c 64M /dev/zero | tr '\0' ' ' && echo ',"b"' && head -c 20M /dev/zero | tr '\0' '\n' && echo ']'; } |
		measured 16384 "$MPMAP" -j1 --json echo
	expect 0 $'a\nb' ''
	{ echo '"a"' && head -c 64M /dev/zero | tr '\0' '\n' && echo '"b"'; } | measured 16384 "$MPMAP" -j1 --jsonl echo
	expect 0 $'a\nb' ''
}

@test "limits: blanks at the end of a line are scanned once, and have a bound" {
	{ printf '["a"]' && head -c 60M /dev/zero | tr '\0' ' ' && printf '\n["b"]\n'; } | LIMIT=30 mp -j1 --jsonl echo
	expect 0 $'a\nb' ''
	{ printf '["a"]' && yes ' ' 2>/dev/null | tr -d '\n'; } | measured 200000 "$MPMAP" -j1 --jsonl echo
	expect 1 ''
	says 'element 1 \(line 1, column 1\): .*too large'
}

@test "limits: an element of 10 MiB, on standard input" {
	letters 10M >text
	{ printf '["ok","' && cat text && printf '",{"k": "' && cat text && printf '"},"end"]'; } >input
	mp -j1 --json --stdin wc -c <input
	expect 0 $'3\n10485761\n10485769\n4' ''
	{ printf '"ok"\n"' && cat text && printf '"\n["' && cat text && printf '"]\n"end"\n'; } >input
	mp -j1 --jsonl --stdin md5sum <input
	expect 0 "$({ echo ok | md5sum && { cat text && echo; } | md5sum && { printf '["' && cat text && echo '"]'; } | md5sum && echo end | md5sum; })" ''
	{ printf '{"argv":["cmp","-","text"],"stdin":"' && cat text && printf '"}{"argv":["md5sum"],"stdin_base64":"' && base64 -w 0 text && printf '"}'; } >input
	mp -j1 --json <input
	expect 0 "$(md5sum <text)" ''
}

@test "limits: an element of 63 MiB is one, over 64 MiB it is refused, and in little more memory" {
	for option in --json --jsonl; do
		{ printf '"ok"\n"' && letters 63M && printf '"\n"end"\n'; } | mp -j1 "$option" --stdin wc -c
		expect 0 $'3\n66060289\n4' ''
		{ printf '"ok"\n"' && letters 65M && printf '"\n"no"\n'; } | mp -j1 "$option" --stdin wc -c
		expect 1 3
		says_lines 1
		says '^mpmap: standard input: element 2 \(line 2, column [0-9]+\): .*(64|large|long)'
	done
	{ printf '["ok",{"k":"' && letters 65M && printf '"},"no"]'; } | mp -j1 --json --stdin wc -c
	expect 1 3
	says_lines 1
	says '^mpmap: standard input: element 2 \(line 1, column [0-9]+\): .*(64|large|long)'
	{ printf '["ok",["touch","ran","' && letters 65M && printf '"]]'; } | mp -j1 --jsonl
	expect 1 ''
	says 'element 1 \(line 1, '
	[ ! -e ran ]
}

@test "limits: an element without end is refused while it comes" {
	for beginning in '["' '{"a":"' '[[1,' '"' '[{"a":1,"' -1; do
		for option in --json --jsonl; do
			{ printf '%s' "$beginning" && yes 77777777 2>/dev/null | tr -d '\n'; } | measured 200000 "$MPMAP" -j1 "$option" --stdin true
			expect 1 ''
			says_lines 1
			says '^mpmap: standard input: element 1 \(line 1, column [0-9]+\): .'
		done
	done
}

# words WORD SIZE: an array of so many bytes
words() {
	printf '[' && yes "$1," | head -n $(($2 / (${#1} + 1))) | tr -d '\n' && printf '%s]' "$1"
}

@test "limits: an element of many parts takes little more memory than they need, and too many are an error" {
	words 7 8000000 >numbers
	words '"ab"' 8000000 >strings
	{ cat numbers && echo; } | measured 60000 "$MPMAP" -j1 --jsonl --stdin wc -c
	expect 0 "$(($(wc -c <numbers) + 1))" ''
	{ cat strings && echo; } | measured 120000 "$MPMAP" -j1 --jsonl --stdin wc -c
	expect 0 "$(($(wc -c <strings) + 1))" ''
	{ echo '"before"' && words '{}' 12000000 && printf '\n"after"\n'; } | measured 500000 "$MPMAP" -j1 --jsonl --stdin cat
	expect 1 before
	says_lines 1
	says '^mpmap: standard input: element 2 \(line 2, column 1\): the element has too many parts'
}

@test "limits: 50,000 values in an array, and 50,000 keys in an object" {
	seq 50000 | sed 's/.*/"k&":&/' | paste -sd , | sed 's/.*/{&}/' >object
	seq 50000 | paste -sd , | sed 's/.*/[&]/' >array
	mp -j1 --jsonl echo '{k1}' '{k25000}' '{k50000}' <object
	expect 0 '1 25000 50000' ''
	mp -j1 --jsonl echo '{1}' '{25000}' '{-1}' <array
	expect 0 '1 25000 50000' ''
	mp -j1 --jsonl sh -c 'echo "$#"' sh <array
	expect 0 50000 ''
	mp -j1 --jsonl --stdin cat <object
	expect 0 "$(cat object)" ''
}

@test "limits: arguments beyond what the system takes are that task's failure" {
	letters 131072 >text
	{ printf '["echo","' && cat text && printf '"]\n{"shell":"true","args":["' && cat text && printf '"]}\n["echo","yes"]\n'; } | mp -j1 --jsonl
	expect 125 yes
	says '^mpmap: 2 of 3 tasks failed: 2 not started$'
	{ seq 3000000 | paste -sd , | sed 's/.*/["true",&]/' && echo '["echo","yes"]'; } | mp -j1 --jsonl
	expect 125 yes
	says '^mpmap: 1 of 2 tasks failed: 1 not started$'
	{ printf '{"argv":["true"],"env":{"A":"' && cat text && printf '"}}\n["echo","yes"]\n'; } | mp -j1 --jsonl
	expect 125 yes
	says '^mpmap: 1 of 2 tasks failed: 1 not started$'
}
