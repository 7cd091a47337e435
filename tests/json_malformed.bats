#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Malformed JSON is refused by element, line and column; the tasks before it run, and no others.

# The tables json_values.txt and json_streams.txt say what is JSON; their heads say how they are read.

load helper

values=$BATS_TEST_DIRNAME/json_values.txt
streams=$BATS_TEST_DIRNAME/json_streams.txt

# bytes TEXT: the bytes that a TEXT of the tables means
bytes() {
	local text=${1//\\/\\\\}
	printf %b "${text//\~/\\x}"
}

# Every record of the file input on a line of out; $code is the status.
map() {
	code=0
	"$MPMAP" -j1 "$1" printf '%s\n' '{}' <input >out 2>err 3>&- 4>&- || code=$?
}

# Failures are gathered in the file wrong: one test reports them all.
wrong() {
	printf '%s: status %s, stdout %q, stderr %q\n' "$1" "$code" "$(head -c 200 out | tr '\0' '?')" "$(head -c 200 err | tr '\0' '?')" >>wrong
}

nothing_wrong() {
	[ ! -s wrong ] || { head -n 40 wrong && complain "$(wc -l <wrong) wrong"; }
}

# Expects status 1 and one line with the place, without terminal escapes; sets element, line and column.
is_refused() {
	local text
	[ "$code" -eq 1 ] || return 1
	# up to a NUL, if there is one: then the line does not end
	IFS= read -rd '' text <err || :
	[[ $text =~ ^'mpmap: standard input: element '([0-9]+)' (line '([0-9]+)', column '([0-9]+)'): '[^[:cntrl:]]+$'\n'$ ]] || return 1
	element=${BASH_REMATCH[1]} line=${BASH_REMATCH[2]} column=${BASH_REMATCH[3]}
	[[ $text != *$'\302'[$'\200'-$'\237']* && $text != *[$'\370'-$'\377']* ]]
}

is_well() {
	[ "$code" -eq 0 ] && [ ! -s err ]
}

# each KIND FUNCTION LEAST [STEP]: calls FUNCTION with every TEXT of this kind, or every STEPth, and a good one's RECORD;
# there are LEAST of them
each() {
	local row text rows=0
	while IFS= read -r row; do
		[[ $row = "$1 "* ]] || continue
		rows=$((rows + 1))
		[ $((rows % ${4:-1})) -eq 0 ] || continue
		text=${row#* }
		case $row in
		good*' =>'*) "$2" "${text%% =>*}" "$(bytes "${text##* =>}" && echo .)" ;;
		good*) "$2" "$text" " $(bytes "$text" && echo .)" ;;
		*) "$2" "$text" ;;
		esac
	done <"$values"
	echo "$rows rows"
	[ "$rows" -ge "$3" ]
}

# True if the output is just the first record. Starts no process: there are thousands of calls.
is_only_ok() {
	local text
	IFS= read -rd '' text <out || :
	[ "$text" = $'ok\n' ]
}

# The second element of the input is refused, at or behind its beginning: second_refused NAME LINE COLUMN TEXT
second_refused() {
	is_refused && is_only_ok && [ "$element" -eq 2 ] || { wrong "$1" && return; }
	[[ $4 != *'~0a'* ]] || return 0
	[ "$line" -eq "$2" ] && [ "$column" -ge "$3" ] && [ "$column" -le $(($3 + ${#4} + 1)) ] || wrong "$1 (place)"
}

accepted() {
	if is_well && cmp -s out expected; then return; fi
	wrong "$1"
}

@test "malformed: the tables have at least 250 values and 130 inputs" {
	[ "$(grep -cE '^(bad|cut) ' "$values")" -ge 250 ]
	[ "$(grep -c '=>.*=>' "$streams")" -ge 130 ]
	grep -hvE '^$' "$values" "$streams" | sed 's/ =>.*//' | sort | uniq -d >twice
	same twice ''
}

@test "malformed: what is a value is one, in an array, among others, and on a line" {
	check() {
		local record=${2# }
		record=${record%.}
		printf 'ok\n%s\nend\n' "$record" >expected
		{ printf '["ok",' && bytes "$1" && printf ',"end"]'; } >input
		map --json
		accepted "--json [$1]"
		{ printf '"ok"\n' && bytes "$1" && printf ' "end"'; } >input
		map --json
		accepted "--json $1"
		[[ $1 != *'~0a'* ]] || return 0
		{ printf '"ok"\n' && bytes "$1" && printf '\n"end"\n'; } >input
		map --jsonl
		accepted "--jsonl $1"
		printf 'ok\n%s\n' "$record" >expected
		{ printf '"ok"\n' && bytes "$1"; } >input
		map --json
		accepted "--json $1, then the end"
		map --jsonl
		accepted "--jsonl $1, then the end"
	}
	each good check 50
	nothing_wrong
}

@test "malformed: what is no value is refused in an array" {
	check() {
		{ printf '["ok",' && bytes "$1" && printf ',"no"]'; } >input
		map --json
		second_refused "$1" 1 7 "$1"
	}
	echo ok >ok
	each bad check 200
	nothing_wrong
}

@test "malformed: what is no value is refused among others" {
	check() {
		{ printf '"ok" ' && bytes "$1" && printf ' "no"'; } >input
		map --json
		second_refused "$1" 1 6 "$1"
	}
	echo ok >ok
	each bad check 200 3
	nothing_wrong
}

@test "malformed: what is no value is refused as the last of the input" {
	check() {
		{ printf '"ok"\n' && bytes "$1"; } >input
		map --json
		second_refused "--json $1" 2 1 "$1"
		map --jsonl
		second_refused "--jsonl $1" 2 1 "$1"
	}
	echo ok >ok
	each bad check 200 3
	nothing_wrong
}

@test "malformed: what is no value is refused on a line" {
	check() {
		{ printf '"ok"\n' && bytes "$1" && printf '\n"no"\n'; } >input
		map --jsonl
		second_refused "$1" 2 1 "$1"
	}
	echo ok >ok
	each bad check 200
	nothing_wrong
}

@test "malformed: a value that is not at its end is refused" {
	check() {
		{ printf '["ok",' && bytes "$1"; } >input
		map --json
		second_refused "--json [$1" 1 7 "$1"
		{ printf '"ok"\n' && bytes "$1"; } >input
		map --json
		second_refused "--json $1" 2 1 "$1"
		map --jsonl
		second_refused "--jsonl $1" 2 1 "$1"
		{ printf '"ok"\n' && bytes "$1" && printf '\n"no"\n'; } >input
		map --jsonl
		second_refused "--jsonl $1, line" 2 1 "$1"
	}
	echo ok >ok
	each cut check 30
	nothing_wrong
}

# as_expected NAME RECORDS: out and the status are what the table says
as_expected() {
	local records=() last='' with=() without=() record
	IFS='|' read -ra records <<<"$2"
	for record in "${records[@]}"; do
		last=$record
		[ "$record" != '!' ] || continue
		with+=("${record%\?}")
		[[ $record = *\? ]] || without+=("$record")
	done
	: >with
	: >without
	[ "${#with[@]}" -eq 0 ] || printf '%s\n' "${with[@]}" >with
	[ "${#without[@]}" -eq 0 ] || printf '%s\n' "${without[@]}" >without
	if [ "$last" = '!' ]; then is_refused; else is_well; fi || { wrong "$1" && return; }
	cmp -s out with || cmp -s out without || wrong "$1"
}

# each_stream FUNCTION: with the input in the file input, the options and the records that they should give
each_stream() {
	local row rest json
	while IFS= read -r row; do
		[[ $row = *' =>'*' =>'* ]] || continue
		bytes "${row%% =>*}" >input
		rest=${row#* =>}
		json=${rest%% =>*}
		rest=${rest#* =>}
		"$1" --json "${row%% =>*}" "${json# }"
		"$1" --jsonl "${row%% =>*}" "${rest# }"
	done <"$streams"
}

@test "malformed: whole inputs, with --json and with --jsonl" {
	check() {
		map "$1"
		as_expected "$1 $2" "$3"
	}
	each_stream check
	nothing_wrong
}

@test "malformed: whole inputs, one byte at a time" {
	check() {
		code=0
		"$TOOL" drip <input 2>/dev/null | "$MPMAP" -j1 "$1" printf '%s\n' '{}' >out 2>err 3>&- 4>&- || code=$?
		as_expected "$1 $2" "$3"
	}
	each_stream check
	nothing_wrong
}

document='["ok",{"k":[1,-2.5e+3,true,null,"\u00e9\ud83d\ude00é日"]},"\\\"x", 17 ,[ ],{"":{}}]'

@test "malformed: a document that is cut off anywhere: what stood before is run" {
	printf %s "$document" >document
	cp document input
	map --json
	is_well
	cp out whole
	[ "$(wc -l <whole)" -eq 6 ]
	for ((size = 1; size < $(wc -c <document); size++)); do
		head -c "$size" document >input
		map --json
		is_refused && head -n "$(wc -l <out)" whole | cmp -s - out || wrong "--json, $size bytes"
		map --jsonl
		is_refused && [ ! -s out ] || wrong "--jsonl, $size bytes"
	done
	nothing_wrong
}

@test "malformed: a document with any other byte in it is taken or refused, nothing else" {
	for ((at = 0; at < ${#document}; at += 2)); do
		for byte in '\x00' '\x22' '\\' ']' 0 '\xff'; do
			printf "%s$byte%s" "${document:0:at}" "${document:at + 1}" >input
			map --json
			is_well || is_refused || wrong "$byte at $at"
			map --jsonl
			is_well || { is_refused && [ ! -s out ]; } || wrong "--jsonl, $byte at $at"
		done
	done
	nothing_wrong
}

# nested DEPTH OPEN CLOSE
nested() {
	awk -v depth="$1" -v open="$2" -v close_="$3" 'BEGIN { for (i = 0; i < depth; i++) printf "%s", open; for (i = 0; i < depth; i++) printf "%s", close_ }'
}

@test "malformed: 2,000 levels are a value" {
	for brackets in '[ ]' '{"a": }'; do
		# shellcheck disable=SC2086
		{ nested 1999 $brackets | sed 's/:}/:0}/'; } >value
		for before in '["ok",' '"ok" '; do
			{ printf %s "$before" && cat value && [ "$before" = '"ok" ' ] || printf ']'; } >input
			map --json
			{ echo ok && cat value && echo; } | cmp - out
			is_well
		done
		{ printf '"ok"\n' && cat value; } >input
		map --jsonl
		{ echo ok && cat value && echo; } | cmp - out
		is_well
	done
}

@test "malformed: 2,100 levels, 100,000 and 1,000,000 are refused, never a crash" {
	echo ok >ok
	for depth in 2100 100000 1000000; do
		for words in '[' '[ ]' '{"a":' '{"a": }' '[{"a": }]'; do
			# shellcheck disable=SC2086
			nested "$depth" $words | sed 's/:}/:0}/' >value
			for before in '["ok",' '"ok" '; do
				{ printf %s "$before" && cat value; } >input
				map --json
				is_refused && cmp -s out ok && [ "$element" -eq 2 ] || wrong "--json $before $depth of $words"
			done
			{ printf '"ok"\n' && cat value && printf '\n"no"\n'; } >input
			map --jsonl
			is_refused && cmp -s out ok && [ "$element" -eq 2 ] && [ "$line" -eq 2 ] || wrong "--jsonl $depth of $words"
			cp value input
			map --json
			is_refused && [ ! -s out ] || wrong "$depth of $words"
		done
	done
	nothing_wrong
}

# refused_at ELEMENT LINE COLUMN
refused_at() {
	is_refused || complain "status $code"
	[ "$element $line $column" = "$*" ] || complain "element $element, line $line, column $column, not $*"
}

@test "malformed: elements, lines and columns count from one, columns in characters" {
	printf '+' >input
	map --json
	refused_at 1 1 1
	map --jsonl
	refused_at 1 1 1
	printf '[ +,' >input
	map --json
	refused_at 1 1 3
	printf '["a",\n  "b",\n\n\t +1]' >input
	map --json
	refused_at 3 4 3
	printf '["é日😀", +1]' >input
	map --json
	refused_at 2 1 9
	printf '"a"\r\n"b"\r\n  *' >input
	map --json
	refused_at 3 3 3
	map --jsonl
	refused_at 3 3 3
	printf '"a"\n\n \t\n\n"b"\n\n  *' >input
	map --json
	refused_at 3 7 3
	map --jsonl
	refused_at 3 7 3
	{ seq 300 | sed 's/.*/{"é": "&"}/' && printf '   *'; } >input
	map --jsonl
	refused_at 301 301 4
	map --json
	refused_at 301 301 4
}

@test "malformed: a file is named, as a terminal may see it" {
	printf '["a"\n,*]' >$'bad\033[31m'
	mp -j1 --json -a $'bad\033[31m' echo
	expect 1 a
	says_lines 1
	says '^mpmap: .*bad.*31m.*: element 2 \(line 2, column 2\): .'
	says_not '[[:cntrl:]]'
}

@test "malformed: what was read before ends and is written, in order, whatever the jobs" {
	{ seq 100 | sed 's/.*/"&"/' && echo oops && seq 100; } >input
	for option in --json --jsonl; do
		for words in -j1 '-j4' '-j3 --chunksize 7' '-j2 --start-method forkserver'; do
			# shellcheck disable=SC2086
			mp $words "$option" echo <input
			expect 1 "$(seq 100)"
			says_lines 1
			says '^mpmap: standard input: element 101 \(line 101, column [1-5]\): '
		done
	done
}

@test "malformed: it is mpmap's own failure, whatever the tasks did; -q says it too" {
	printf '["1","0",oops]' >input
	mp -j1 --json --shell 'exit "$1"' <input
	expect 1 ''
	says '^mpmap: standard input: element 3 \(line 1, column [0-9]+\): '
	says '^mpmap: 1 of 2 tasks failed: 1 by exit status$'
	mp -q -j1 --json --shell 'exit "$1"' <input
	expect 1 ''
	says_lines 1
	says 'element 3 '
}
