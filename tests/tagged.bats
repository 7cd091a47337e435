#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Lines that say where they come from: --tag and --tagstring.

# Scripts are for the tasks' shell.
# shellcheck disable=SC2016

load helper

@test "tag: every line of both outputs begins with the record and a tab" {
	check() {
		mp -j2 --tag --shell 'echo "1st $1"; echo; echo 3rd; echo "e $1" >&2' ::: a 'b c'
		expect 0 $'a\t1st a\na\t\na\t3rd\nb c\t1st b c\nb c\t\nb c\t3rd' $'a\te a\nb c\te b c'
		seq 200 >numbers
		mp_well -j4 --tag --shell 'sleep 0.0$(($1 * 7919 % 5)); printf "%s\n" "$1" x' <numbers
		awk '{ print $1 "\t" $1; print $1 "\tx" }' numbers | cmp - out
	}
	check
}

@test "tag: a last line without a newline gets one, of both outputs; what is empty stays empty" {
	mp -j2 --tag --shell 'printf "$1"; printf "$1" >&2' ::: 'x' '' 'y\nz' 'w\n' '\n'
	expect 0 $'x\tx\ny\\nz\ty\ny\\nz\tz\nw\\n\tw\n\\n\t' $'x\tx\ny\\nz\ty\ny\\nz\tz\nw\\n\tw\n\\n\t'
	mp_well --tag true ::: a b
	exactly out ''
	printf '\nx' | mp_well --tag echo -
	same out $'\t- \nx\t- x'
}

@test "tag: several values are joined by blanks: sources, columns, groups" {
	mp_well -j2 --tag echo ::: a b ::: 1 2
	same out $'a 1\ta 1\na 2\ta 2\nb 1\tb 1\nb 2\tb 2'
	printf 'x,y\nz,\n' | mp_well --tag -C , echo '{2}{1}'
	same out $'x y\tyx\nz \tz'
	seq 5 | mp_well --tag -n 2 echo
	same out $'1 2\t1 2\n3 4\t3 4\n5\t5'
	printf 'a,b\nx,y\n' | mp_well --tag -C , --header : echo '{b}'
	same out $'x y\ty'
	mp_well --tag --shell ::: 'echo a; echo b'
	same out $'echo a; echo b\ta\necho a; echo b\tb'
	mp_well --tag echo fixed '{#}' ::: a b
	same out $'a\tfixed 1\nb\tfixed 2'
}

@test "tag: JSON records are their text" {
	printf '"s" 1.50 [1, "a b"] {"k": [1, 2], "n": "x"}' >records
	mp_well --json --tag echo '{#}' <records
	same out $'s\t1\n1.50\t2\n[1,"a b"]\t3\n{"k":[1,2],"n":"x"}\t4'
}

@test "tag: what could act on a terminal is escaped in the tag, never in the output" {
	mp_well --tag printf '%s' ::: $'a\tb' $'new\nline' $'\e[31m' $'\x01\x7f' $'\xff' $'\xc2\x9b' 'ä€😀' 'back\slash'
	{
		printf '%s\t%s\n' 'a\tb' $'a\tb' 'new\nline' $'new'
		printf '%s\t%s\n' 'new\nline' line '\x1b[31m' $'\e[31m' '\x01\x7f' $'\x01\x7f' '\xff' $'\xff' '\xc2\x9b' $'\xc2\x9b'
		printf '%s\t%s\n' 'ä€😀' 'ä€😀' 'back\slash' 'back\slash'
	} | cmp - out
	mp_well --tagstring $'<{}\t\e\n>' echo ::: $'\r'
	exactly out $'<\\r\\t\\x1b\\n>\t\r\n'
}

@test "tag: bytes of every kind pass behind it" {
	head -c 300000 /dev/urandom >noise
	printf '\n\n\0\r\n' >>noise
	mp_well -j2 --tag cat ::: noise noise
	sed 's/^/noise\t/' noise >expected
	cat expected expected | cmp - out
}

@test "tag: lines that come byte by byte, or in pieces, have one tag each" {
	check() {
		mp -j4 --tag "$TOOL" stutter 20 ::: a bc
		expect 0
		{ yes $'a\ta' | head -n 20 && yes $'bc\tbc' | head -n 20; } >expected
		cmp expected out
		cmp expected err
	}
	check
	seq 300000 >numbers
	sed 's/^/numbers\t/' numbers >expected
	for room in '' '--buffer 64K --spill 0' '--buffer 64K --spill 1M'; do
		# shellcheck disable=SC2086
		mp_well -j3 $room --tag cat ::: numbers numbers numbers
		cat expected expected expected | cmp - out
	done
}

# is_later MS: true once it is that many ms after the time in the file began
is_later() {
	[ $(($(date +%s%N) / 1000000)) -ge $(($(cat began) + $1)) ]
}

@test "tagstring: {time} and {elapsed} are those at which each line came" {
	check() {
		rm -f gate
		start -j2 --tagstring '{elapsed}' --shell 'echo "$1"; echo "e$1" >&2; [ "$1" = b ] || "$TOOL" hold gate; printf end' ::: a b
		wait_until file_holds out 1
		wait_until file_holds err 1
		wait_for_event task_end
		date +%s%N | sed 's/......$//' >began
		wait_until is_later 60
		touch gate
		finish
		expect 0
		cut -f 2 out | cmp - <(printf '%s\n' a end b end)
		cut -f 2 err | cmp - <(printf '%s\n' ea eb)
		not grep -qvE $'^[0-9]+\\.[0-9]{3}\t' out
		cut -f 1 out | tr -d . | { read -r a && read -r a_end && read -r b && read -r b_end &&
			[ $((10#$a_end - 10#$a)) -ge 50 ] && [ $((10#$b_end)) -lt $((10#$a_end)) ] && [ $((10#$b)) -le $((10#$b_end)) ]; }
	}
	trace_on
	check
	# a line that comes in two pieces has one tag
	rm -f gate
	start -j1 --tagstring '<{elapsed}>' "$TOOL" hold gate begun ::: x
	wait_until file_holds out 0
	touch gate
	finish
	expect 0
	[ "$(wc -l <out)" -eq 1 ]
	[ "$(tr -cd '<' <out)" = '<' ]
	for options in --stdin '--stdin --line-buffer' '--stdin --unordered' --filter; do
		# shellcheck disable=SC2086
		printf 'a\nb\n' | TZ=THERE-5:30 mp_well $options --tagstring '{time} {#}' cat
		not grep -vE '^2[0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\.[0-9]{3}\+05:30 [12]'$'\t' out
	done
}

@test "tagstring: a field comes before the time of its name; in COMMAND {time} is literal" {
	printf 'time,x\nnoon,1\n' | mp_well --csv --header : --tagstring '{time} {elapsed}' echo '{x}'
	grep -qE $'^noon [0-9]+\\.[0-9]{3}\t1$' out
	mp_well --tagstring '{}' echo '{time}{elapsed}' ::: a
	same out $'a\t{time}{elapsed} a'
	mp_well --jsonl --tagstring '{elapsed} {n}' echo '{n}' <<<'{"n":1}'
	grep -qE $'^[0-9]+\\.[0-9]{3} 1\t1$' out
}

@test "tag: a line longer than all that can be held has one tag" {
	for room in '' '--buffer 64K --spill 0' '--buffer 64K --spill 1M'; do
		# shellcheck disable=SC2086
		mp_well -j3 $room --tag "$TOOL" lines 2 3000000 ::: a b c
		for i in a a b b c c; do
			printf '%s\t' "$i" && "$TOOL" lines 1 3000000 "$i"
		done | cmp - out
	done
}

@test "tag: the task whose turn it is streams" {
	start -j2 --tag "$TOOL" hold gate $'first\nsecond\n' ::: x
	wait_until file_holds out 2
	[ "$(head -n 2 out)" = $'x\tfirst\nx\tsecond' ]
	touch gate
	finish
	expect 0 $'x\tfirst\nx\tsecond\nx\tx' ''
}

@test "tag: tasks are whole with --unordered, and only the last attempt is there with --retries" {
	check() {
		seq 100 >numbers
		mp_well -j4 --unordered --tag --shell 'for i in 1 2 3; do echo "$i"; done' <numbers
		cut -f 1 out | uniq -c | awk '$1 != 3 { exit 1 }'
		sort -n -s -k 1,1 out | cmp - <(for i in $(seq 100); do printf '%s\t1\n%s\t2\n%s\t3\n' "$i" "$i" "$i"; done)
		mp -j2 --retries 2 --tag --shell 'printf "%s" "try $MPMAP_ATTEMPT"; echo "e$MPMAP_ATTEMPT" >&2; [ "$MPMAP_ATTEMPT" -eq "$1" ]' ::: 1 2 3
		expect 0 $'1\ttry 1\n2\ttry 2\n3\ttry 3' $'1\te1\n2\te2\n3\te3\n'"$(attempts_note 2)"
	}
	check
}

@test "tag: what a lost or killed task left of a line does not run into the next one's" {
	check() {
		for how in 'kill -KILL $PPID; exec "$TOOL" pause pid' 'kill -KILL $$' 'exit 3'; do
			trace_on
			rm -f gate
			start -j2 --tag --shell 'printf "so far $1"; [ "$1" -ne 1 ] || { "$TOOL" hold gate; '"$how"'; }' ::: 1 2
			wait_for_event task_end 1 '.seq == 2'
			wait_until at_rest 1
			touch gate
			finish
			tail -n 1 out >last
			same last $'2\tso far 2'
			head -n 1 out | grep -qx $'1\tso far 1' || complain "$(cat out)"
			says '^mpmap: 1 of 2 tasks failed: '
		done
	}
	check
}

@test "tagstring: the same strings as COMMAND, and nothing is appended" {
	mp_well -j1 --tagstring 'task {#} on {%}' echo ::: a b
	same out $'task 1 on 1\ta\ntask 2 on 1\tb'
	mp_well --tagstring '{/.}:{//}' echo ::: d/a.c
	same out $'a:d\td/a.c'
	mp_well --tagstring '{2}-{1}-{-1}' echo ::: a ::: b
	same out $'b-a-b\ta b'
	mp_well --tagstring '{}' echo ::: a ::: b
	same out $'a b\ta b'
	mp_well --tagstring fixed echo ::: a b
	same out $'fixed\ta\nfixed\tb'
	mp_well --tagstring '' echo ::: a
	same out $'\ta'
	printf 'name,age\nJo,7\n' | mp_well --tagstring '{name} ({age})' -C , --header : echo '{age}'
	same out $'Jo (7)\t7'
	mp_well --tagstring '<,,> {#}' -I ,, echo ',,' ::: a
	same out $'<a> 1\ta'
	seq 3 | mp_well -n 2 --tagstring '{1}' echo
	same out $'1\t1 2\n3\t3'
	mp_well --tagstring '{nothing} { }' echo ::: a
	same out $'{nothing} { }\ta'
	printf '{"k": "v", "n": 1.0}' | mp_well --json --tagstring '{k}={n}' echo '{#}'
	same out $'v=1.0\t1'
}

@test "tagstring: the slot is that of the task" {
	trace_on
	start -j2 --tagstring '{%}' --shell '"$TOOL" hold gate; echo "$MPMAP_SLOT"' ::: a b
	wait_for_event task_start 2
	touch gate
	finish
	expect 0
	sort out >sorted
	same sorted $'1\t1\n2\t2'
}

@test "tagstring: a value that is not there" {
	mp --tagstring '{3}' touch ran ::: a ::: b
	usage_error '^mpmap: .*\{3\}'
	printf 'a,b\nx,y\n' | mp --tagstring '{c}' -C , --header : touch ran
	usage_error '^mpmap: .*\{c\}'
	[ ! -e ran ]
	printf 'x,y\nz\n' | mp --tagstring '<{1}{2}>' -C , echo '{1}'
	expect 125 $'<xy>\tx'
	says '^mpmap: #2: .*no column 2'
	printf '{"a":1} {"b":2}' | mp --json --tagstring '<{a}>' echo '{#}'
	expect 125 $'<1>\t1'
	says '^mpmap: #2: .*"a"'
}

@test "tag: not with what is not captured or is no text" {
	for other in --ungroup --tty; do
		for option in --tag --tagstring=x; do
			mp "$other" "$option" touch ran ::: a
			usage_error "^mpmap: .*$other" "${option%%=*}"
		done
	done
	[ ! -e ran ]
}

@test "tag: mpmap's own words have none" {
	mp --tag false ::: a
	expect 123 ''
	says '^mpmap: the only task failed: '
	mp --tag no-such-command ::: a
	expect 127 ''
	says '^mpmap: '
}

@test "tag: the record of --stdin, whatever lies behind it" {
	seq 3 | mp_well --tag --stdin cat
	same out $'1\t1\n2\t2\n3\t3'
	printf 'a\0b\0' | mp_well -0 --tag --stdin tr '\0' '\n'
	same out $'a\ta\nb\tb'
	printf 'a,b,' | mp_well -d , --tag --stdin tr , '\n'
	same out $'a\ta\nb\tb'
	printf '"x" [1, 2]' | mp_well --json --tag --stdin cat
	same out $'x\tx\n[1,2]\t[1,2]'
}

@test "tag: a long record is cut" {
	head -c 1000 /dev/zero | tr '\0' a >record
	mp_well --tag echo x '{#}' <record
	same out "$(head -c 512 record)..."$'\tx 1'
}
