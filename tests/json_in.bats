#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Records that come as JSON, with a COMMAND, a --shell SCRIPT or --stdin: what each kind of value becomes.

load helper

# args_of JSON ARG...: what COMMAND gets as its arguments, the same by --jsonl and as an element of an array
args_of() {
	local json=$1
	shift
	printf '%s\n' "$json" | mp -j1 --jsonl "$TOOL" args "$@"
	mkdir -p jsonl && mv out err status jsonl
	printf '[%s]' "$json" | mp -j1 --json "$TOOL" args "$@"
	cmp jsonl/out out && cmp jsonl/err err && cmp jsonl/status status
}

# The first run's record, not started, says why.
not_started() {
	expect 125 ''
	says '^mpmap: the only task failed: not started$'
	says "^mpmap: #1: .*$1"
}

@test "json: a string is the record" {
	args_of '"a b"'
	expect 0 '"a b"' ''
	args_of '""'
	expect 0 '""' ''
	args_of '"-n"' '{}' 'x{}' '{1}'
	expect 0 $'"-n"\n"x-n"\n"-n"' ''
	args_of '"d/e.f"' '{.}' '{/}' '{//}' '{/.}' '{1/.}'
	expect 0 $'"d/e"\n"e.f"\n"d"\n"e"\n"e"' ''
	args_of '"{}"' '{}' '{}{}'
	expect 0 $'"{}"\n"{}{}"' ''
}

@test "json: escapes of a string are its characters" {
	args_of '"\"\\\/\b\f\n\r\t"'
	expect 0 '"\"\\/\x08\x0c\x0a\x0d\x09"' ''
	args_of '"\u0061\u00E9\u65e5\ud83d\uDE00\u0001"'
	expect 0 '"a\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80\x01"' ''
	args_of $'"\xe6\x97\xa5 \xf0\x9f\x98\x80"'
	expect 0 '"\xe6\x97\xa5 \xf0\x9f\x98\x80"' ''
	printf '"two\\nlines"\n"end"' | mp -j1 --jsonl printf '%s\n'
	expect 0 $'two\nlines\nend' ''
}

@test "json: a number is the record, as it is written" {
	for number in 0 -0 1.0 1.50 1e3 1E+03 -2.5e-07 1e400 -1e-400 0.1000 123456789012345678901234567890 18446744073709551616 \
		3.14159265358979323846264338327950288419716939937510; do
		printf '%s\n[%s]\n{"n":%s}\n' "$number" "$number" "$number" >>numbers
		printf '"%s"\n"%s"\n"{\\"n\\":%s}"\n' "$number" "$number" "$number" >>expected
	done
	mp -j1 --jsonl "$TOOL" args <numbers
	expect 0 "$(cat expected)" ''
	{ echo '[' && sed '$!s/$/,/' numbers && echo ']'; } | mp -j1 --json "$TOOL" args
	expect 0 "$(cat expected)" ''
	grep '^{' numbers | mp -j1 --jsonl "$TOOL" args '{n}'
	expect 0 "$(grep -v '^"{' expected | uniq)" ''
	long=$(head -c 50000 /dev/zero | tr '\0' 7)
	args_of "$long"
	expect 0 "\"$long\"" ''
}

@test "json: an array is one ARG for each of its values" {
	args_of '["a b",1.0,"",-0]'
	expect 0 $'"a b"\n"1.0"\n""\n"-0"' ''
	args_of '["a",null,true,false]'
	expect 0 $'"a"\n""\n"true"\n"false"' ''
	args_of '[ "x" , [ 1 , "y z" ] , { "k" : [ ] } ]'
	expect 0 $'"x"\n"[1,\\"y z\\"]"\n"{\\"k\\":[]}"' ''
	args_of '[]'
	expect 0 '' ''
	args_of '[]' x
	expect 0 '"x"' ''
}

@test "json: {1} {2} {-1} are the values of an array, also as paths" {
	args_of '["a.b","c/d.e",3]' '{2}-{1}' '{-1}' '{1.}' '{2/}' '{2//}' '{2/.}' '{-2/}'
	expect 0 $'"c/d.e-a.b"\n"3"\n"a"\n"d.e"\n"c"\n"d"\n"d.e"' ''
	args_of '[null,true,["x", 1],{"y" :2}]' '<{1}>' '{2}' '{3}' '{4}'
	expect 0 $'"<>"\n"true"\n"[\\"x\\",1]"\n"{\\"y\\":2}"' ''
}

@test "json: a value that an array does not have: not started" {
	args_of '["a"]' '{2}'
	not_started '2'
	args_of '[]' '{1}'
	not_started '1'
	args_of '["a","b"]' '{-3}'
	not_started '3'
	printf '["a"]\n["b","c"]\n"d"\n' | mp -j1 --jsonl echo '{2}'
	expect 125 c
	says '^mpmap: 2 of 3 tasks failed: 2 not started$'
}

@test "json: {} of an array is its compact JSON" {
	args_of '[ 1.0 , "a b" , [ ] , { "k" : null } ]' '{}' 'x{}y'
	expect 0 $'"[1.0,\\"a b\\",[],{\\"k\\":null}]"\n"x[1.0,\\"a b\\",[],{\\"k\\":null}]y"' ''
	args_of '[ ]' '{}'
	expect 0 '"[]"' ''
}

@test "json: an object gives {key}, or itself" {
	args_of '{"name":"a b","size":1.50,"x-y_Z9":"k"}' '{name}' '<{size}>' '{x-y_Z9}{name}'
	expect 0 $'"a b"\n"<1.50>"\n"ka b"' ''
	args_of '{"a":null,"b":true,"c":false,"d":[ 1, "x" ],"e":{ },"f":""}' '<{a}>' '{b}' '{c}' '{d}' '{e}' '<{f}>'
	expect 0 $'"<>"\n"true"\n"false"\n"[1,\\"x\\"]"\n"{}"\n"<>"' ''
	args_of '{ "b" : "2" , "a" : 1 }'
	expect 0 '"{\"b\":\"2\",\"a\":1}"' ''
	args_of '{ "b" : [ ] }' 'x{}' '{b}'
	expect 0 $'"x{\\"b\\":[]}"\n"[]"' ''
	args_of '{ }'
	expect 0 '"{}"' ''
	args_of '{"n\u0061me":"escaped","esc":"\u00e9\n"}' '{name}' '{esc}'
	expect 0 $'"escaped"\n"\\xc3\\xa9\\x0a"' ''
}

@test "json: only the object's own keys count, whatever is in it" {
	args_of '{"in":{"a":"inner"},"a":"outer","t":"\"a\":\"text\""}' '{a}'
	expect 0 '"outer"' ''
	args_of '{"in":{"a":"inner"}}' '{a}'
	not_started 'a'
	args_of '{"a":"{b}","b":"{a}"}' '{a}{b}'
	expect 0 '"{b}{a}"' ''
}

@test "json: compact means without blanks, and else as it is written" {
	args_of $'{ "a" :\t[ 1.0 ,1E5,  -0 ] ,\t"b \\u00e9\\/ " : "\\u0041  \\\\" , "A":[ ] }' '{}'
	expect 0 '"{\"a\":[1.0,1E5,-0],\"b \\u00e9\\/ \":\"\\u0041  \\\\\",\"A\":[]}"' ''
	printf '[{ "a"\r\n:\n\t1 }]\n' | mp --json printf '%s\n' '{}'
	expect 0 '{"a":1}' ''
}

@test "json: the built-in strings win over keys" {
	args_of '{"#":"hash","%":"percent","/":"slash","//":"two",".":"dot","/.":"both","":"none","k":"a"}' '{#}' '{%}' '{k}'
	expect 0 $'"1"\n"1"\n"a"' ''
	args_of '{"/":"slash",".":"dot","":"none"}' '{}'
	expect 0 '"{\"/\":\"slash\",\".\":\"dot\",\"\":\"none\"}"' ''
	args_of '{"a":"x/y.z"}' '{/}' '{.}'
	expect 0 $'"y.z\\"}"\n"{\\"a\\":\\"x/y"' ''
	args_of '{"1":"one","-1":"last"}' '{1}'
	not_started '1'
	args_of '{"1":"one","-1":"last"}' '{-1}'
	not_started '1'
}

@test "json: parts of an object's values; a key that looks like one of them wins" {
	args_of '{"p":"d/a.b.c","first name":"e.f","größe":1}' '{p.}' '{p/}' '{p//}' '{p/.}' '{p..}' '{p/..}' '{first name.}' '{größe..}'
	expect 0 $'"d/a.b"\n"a.b.c"\n"d"\n"a.b"\n"d/a"\n"a"\n"e"\n"1"' ''
	args_of '{"p":"a.b","p.":"1","..":"2","/..":"3","#:04":"4","1..":"5"}' '{p.}' '{..}' '{/..}' '{#:04}' '{1..}'
	expect 0 $'"1"\n"2"\n"3"\n"4"\n"5"' ''
	args_of '{"p":"a.b","..":"2","x.":3}' '${p.}' '${..}' '${#:04}' '${x.}' '${p}' 'p{p.}'
	expect 0 $'"${p.}"\n"$2"\n"${#:04}"\n"$3"\n"$a.b"\n"pa"' ''
	args_of '["a.b.c","d"]' '{1..}' '{p.}' '{..}' '${1..}' '{#:04}'
	expect 0 $'"a"\n"{p.}"\n"[\\"a"\n"${1..}"\n"0001"' ''
}

@test "json: a key that is not there: not started, by its name" {
	args_of '{"name":"a"}' '{name}' '{nmae}'
	not_started 'nmae'
	args_of '{}' '{x}'
	not_started 'x'
	for key in größ nmae. nmae/.. 'first name/'; do
		args_of '{"name":"a"}' "{$key}"
		not_started "$key"
	done
	args_of '{"first name":"a","b.c":1}' '{last name}'
	not_started 'last name'
	args_of '{"first name":"a","b.c":1}' '{d.e}'
	not_started 'd.e'
	printf '{"a":1}\n{"b":2}\n{"a":null}\n{"a":3}\n' | mp -j1 --jsonl echo '<{a}>'
	expect 125 $'<1>\n<>\n<3>'
	says '^mpmap: 1 of 4 tasks failed: 1 not started$'
	says '^mpmap: #2: .*a'
}

@test "json: braces that name nothing stay as they are" {
	printf '"a b"\n{"$1":"key"}\n' | mp -j1 --jsonl "$TOOL" args '{print $1}' '{ }' '{a b}' '{a.b}' '{2é}'
	literal=$'"{print $1}"\n"{ }"\n"{a b}"\n"{a.b}"\n"{2\\xc3\\xa9}"\n'
	expect 0 "$literal\"a b\""$'\n'"$literal\"{\\\"\$1\\\":\\\"key\\\"}\"" ''
	args_of '"a"' '{key}' '{}'
	expect 0 $'"{key}"\n"a"' ''
	args_of '["a","b"]' '{key}' '{2}'
	expect 0 $'"{key}"\n"b"' ''
	printf '"a b"' | mp --json --stdin awk '{print $2}'
	expect 0 b ''
}

@test "json: true, false and null are no records" {
	for word in true false null; do
		for option in --json --jsonl; do
			printf '"a"\n%s\n"b"\n' "$word" | mp -j1 "$option" echo x
			expect 1 'x a'
			says_lines 1
			says '^mpmap: standard input: element 2 \(line 2, column 1\): .'
			printf '"a"\n%s\n"b"\n' "$word" | mp -j1 "$option" --stdin cat
			expect 1 a
			says 'element 2 \(line 2, column 1\)'
		done
	done
}

@test "json: a NUL cannot be in an argument" {
	for value in '"a\u0000b"' '["x","\u0000"]'; do
		printf '"ok"\n%s\n"no"\n' "$value" | mp -j1 --jsonl echo
		expect 1 ok
		says_lines 1
		says '^mpmap: standard input: element 2 \(line 2, column [0-9]+\): .*NUL'
	done
	printf '"ok"\n{"a":"\\u0000"}\n"no"\n' | mp -j1 --jsonl echo x '{#}' '{a}'
	expect 1
	says '^mpmap: standard input: element 2 \(line 2, column [0-9]+\): .*NUL'
	[ "$(wc -l <out)" -le 1 ]
	printf '"a\\u0000b"\n["\\u0000"]' | mp -j1 --json --stdin od -An -c
	expect 0 "$(printf 'a\0b\n' | od -An -c && printf '["\\u0000"]\n' | od -An -c)" ''
}

@test "json: --shell SCRIPT gets what COMMAND would, as arguments" {
	printf '"a  b"\n1.0\n["c","d e",null]\n{"k" : "$(touch ran)"}\n"; touch ran"\n' |
		mp -j1 --jsonl --shell 'printf "%s:" "$#"; printf "<%s>" "$@"; echo {} {k}'
	expect 0 $'1:<a  b>{} {k}\n1:<1.0>{} {k}\n3:<c><d e><>{} {k}\n1:<{"k":"$(touch ran)"}>{} {k}\n1:<; touch ran>{} {k}' ''
	[ ! -e ran ]
}

@test "json: --stdin gives the text, or compact JSON, and a newline" {
	printf '"a\\nb"\n1.0\n[ 1, "x" ]\n{ "k" : null }\n""\n' | mp -j1 --jsonl --stdin od -An -c
	expect 0 "$(for text in $'a\nb' 1.0 '[1,"x"]' '{"k":null}' ''; do printf '%s\n' "$text" | od -An -c; done)" ''
	printf '[{"a":1},"b"]' | mp -j1 --json --stdin "$TOOL" args '{}' '{a}'
	expect 0 $'"{}"\n"{a}"\n"{}"\n"{a}"' ''
	printf '{"a":"b"}{"a":"c"}' | mp -j2 --json --stdin jq -r .a
	expect 0 $'b\nc' ''
	printf '"a"' | mp --json --stdin --shell 'read -r x; echo "$#$x"'
	expect 0 0a ''
}

@test "json: --json takes values one after another, RFC 7464, a BOM, or one array" {
	for input in '"a""b"3{"k":1}[1,2]' '"a" "b" 3 {"k":1} [1,2] ' $'\x1e"a"\n\x1e"b"\n\x1e3\n\x1e{"k":1}\n\x1e[1,2]\n' \
		$'\xef\xbb\xbf"a"\r\n"b"\t3\n{"k"\n:1}[\n1,2]' $'\n ["a","b",3,{"k":1},[1,2]]\n\t\r ' $'\xef\xbb\xbf["a","b",3,{"k":1},[1,2]]'; do
		printf %s "$input" | mp -j1 --json printf '%s\n' '{}'
		expect 0 $'a\nb\n3\n{"k":1}\n[1,2]' ''
		printf %s "$input" | "$TOOL" drip | mp -j1 --json printf '%s\n' '{}'
		expect 0 $'a\nb\n3\n{"k":1}\n[1,2]' ''
	done
}

@test "json: --jsonl takes a value per line, and skips lines of blanks" {
	for input in $'"a"\n[1,2]\n{"k":1}' $'\n \n\t\r\n "a" \r\n\n[ 1,2]\t\n{"k": 1}\n\n  ' $'\xef\xbb\xbf"a"\n[1,2]\n{"k":1}\n'; do
		printf %s "$input" | mp -j1 --jsonl printf '%s\n' '{}'
		expect 0 $'a\n[1,2]\n{"k":1}' ''
		printf %s "$input" | "$TOOL" drip | mp -j1 --jsonl printf '%s\n' '{}'
		expect 0 $'a\n[1,2]\n{"k":1}' ''
	done
}

@test "json: without elements nothing is run" {
	for input in '' ' ' $'\n\n' '[]' $' [ \n ] \n' $'\xef\xbb\xbf'; do
		for words in 'touch ran' '--stdin touch ran' ''; do
			# shellcheck disable=SC2086
			printf %s "$input" | mp --json $words
			expect 0 '' ''
		done
	done
	printf '\n  \n' | mp --jsonl touch ran
	expect 0 '' ''
	[ ! -e ran ]
}

@test "json: -a reads a file, and leaves stdin alone" {
	printf '["a",{"b":1}]' >file
	{
		timeout 20 "$MPMAP" -j1 --json -a file printf '%s\n' '{}' >out
		cat >rest
	} <<<'not mine'
	same out $'a\n{"b":1}'
	same rest 'not mine'
	printf '"a"\n"b"\n' >file
	mp -j1 --jsonl --arg-file=file echo </dev/null
	expect 0 $'a\nb' ''
	mp --json -a missing echo
	expect 1 ''
	says 'missing.*No such file'
}

@test "json: in order, every element once, with any jobs and chunks" {
	seq 300 >numbers
	for words in -j1 '-j4' '-j2 --chunksize 7' '-j3 --chunksize auto' '-j2 --start-method spawn' '-j2 --start-method forkserver'; do
		# shellcheck disable=SC2086
		sed 's/.*/["&", {"k" : &}]/' numbers | mp $words --jsonl echo '{1}'
		expect 0
		cmp numbers out
		# shellcheck disable=SC2086
		{ echo '[' && sed 's/.*/{"k" : &},/' numbers && echo '{"k":"end"} ]'; } | mp $words --json echo '{k}'
		expect 0
		{ cat numbers && echo end; } | cmp - out
	done
}

@test "json: elements of all sizes, wherever the reads end" {
	awk 'BEGIN { for (i = 0; i < 500; i++) { n = (i * 7919) % 1009; s = ""; while (length(s) < n) s = s i "."; print s } }' >records
	sed 's/.*/  {"a" :["\\u0065\\ud83d\\ude00é"]  ,"text": "&\\\\"}/' records >input
	sed 's/$/\\/' records >expected
	for option in --json --jsonl; do
		mp -j2 "$option" printf '%s\n' '{text}' <input
		expect 0
		cmp expected out
	done
	{ echo '[' && sed '$!s/$/,/' input && echo ']'; } | mp -j2 --json --stdin cat
	expect 0
	sed 's/.*/{"a":["\\u0065\\ud83d\\ude00é"],"text":"&\\\\"}/' records | cmp - out
}

@test "json: an element is run before the next one is read" {
	for option in --json --jsonl; do
		open_feed
		start "$option" echo <feed
		printf '"one"\n' >&7
		wait_until file_has out '^one$'
		printf '["t' >&7
		printf 'wo"]\n' >&7
		wait_until file_has out '^two$'
		close_feed
		finish
		expect 0 $'one\ntwo' ''
	done
}

@test "json: an element of an array is run before the next one is read, one that is wrong or missing later" {
	open_feed
	start --json echo <feed
	printf ' [ "one",' >&7
	wait_until file_has out '^one$'
	printf '2 ,\n' >&7
	wait_until file_has out '^2$'
	printf '+,' >&7
	finish
	expect 1 $'one\n2'
	says '^mpmap: standard input: element 3 \(line 2, column 1\): '
	close_feed
}

@test "json: a string beyond 131,071 bytes is not started, the others run" {
	long=$(head -c 131071 /dev/zero | tr '\0' x)
	printf '"a"\n"%s"\n"%sx"\n{"k":"%sx"}\n"b"\n' "$long" "$long" "$long" >input
	mp -j1 --jsonl printf '%.3s\n' <input
	expect 125 $'a\nxxx\nb'
	says '^mpmap: 2 of 5 tasks failed: 2 not started$'
	says '^mpmap: #3: .*(128|131072|long)'
	mp -j1 --jsonl --stdin wc -c <input
	expect 0 $'2\n131072\n131073\n131081\n2' ''
}

@test "json: what does not go with it is a usage error" {
	printf 'a\n' >file
	for words in '--json touch ran ::: a' '--json -a file -a file touch ran' '--json -C , touch ran' \
		'--json --header : touch ran' '--jsonl -n 2 touch ran' '--json -0 touch ran' '--json -d , touch ran' '--json --jsonl touch ran' \
		'--json --shell' '--jsonl --shell'; do
		# shellcheck disable=SC2086
		echo '"a"' | mp $words
		usage_error json
	done
	[ ! -e ran ]
}
