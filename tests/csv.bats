#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --csv: records and fields, headers, and records that are no CSV.

load helper

# Shows each task's arguments in brackets, one task to a line, with newlines as \n and carriage returns as \r.
show=$'for word; do word=${word//$\'\\n\'/\\\\n}; printf "<%s>" "${word//$\'\\r\'/\\\\r}"; done; echo'

csv() {
	mp --csv "$@"
}

@test "csv: a comma in quotes divides nothing" {
	printf '"Smith, J",3\n' | csv echo '{2} {1}'
	expect 0 '3 Smith, J' ''
}

@test "csv: commas, doubled quotes and newlines in quotes; empty fields; a last record without newline" {
	printf 'a,"b,c"\n"say ""hi""",""\n"two\nlines",\n,\n"",""\n"""",x' | csv bash -c "$show" show
	expect 0 '<a><b,c>
<say "hi"><>
<two\nlines><>
<><>
<><>
<"><x>' ''
}

@test "csv: lines end with LF or CRLF, and a carriage return elsewhere is of its field" {
	printf 'a,b\r\n"c",d\n"e","f"\r\n"g\r\n",h\r\ni\rj,k\r\r\n"l\r"\r\nlast\r' | csv bash -c "$show" show
	expect 0 '<a><b>
<c><d>
<e><f>
<g\r\n><h>
<i\rj><k\r>
<l\r>
<last>' ''
}

@test "csv: blanks are of their fields, and a quote within a field is text" {
	printf ' a , "b" ,5" disk\na"b"c,'"'d, e'"'\n' | csv bash -c "$show" show
	expect 0 '< a >< "b" ><5" disk>
<a"b"c><'"'d>< e'"'>' ''
}

@test "csv: an empty line is a record with one empty field" {
	printf 'a\n\n\r\nb\n\n' | csv bash -c "$show" show
	expect 0 $'<a>\n<>\n<>\n<b>\n<>' ''
}

@test "csv: a byte order mark is skipped, in pieces too, but only at the beginning" {
	mark=$'\xef\xbb\xbf'
	printf '%s"a,b",c\n%sd\n' "$mark" "$mark" | csv bash -c "$show" show
	expect 0 "<a,b><c>"$'\n'"<${mark}d>" ''
	for input in "$mark" "$mark"$'\n' '' "${mark::1}" "${mark::2}x"; do
		expected=${input#"$mark"}
		[ -z "$input" ] || [ -z "$expected" ] || expected="<${expected%$'\n'}>"
		[ "$input" != "$mark"$'\n' ] || expected='<>'
		printf %s "$input" | csv bash -c "$show" show
		expect 0 "$expected" ''
	done
	trace_on
	open_feed
	start --csv echo '{1}' <feed
	for piece in '\357' '\273' '\277' '"a' ',' 'b"' ',c\r' '\n'; do
		printf "$piece" >&7
		wait_until stays_asleep feed
	done
	wait_until file_has out '^a,b$'
	printf '"open\nstill' >&7
	close_feed
	finish
	expect 1 a,b
}

@test "csv: --csv=C has another byte between fields, also as an escape" {
	printf 'a;"b;c";d,e\n' | mp --csv=';' bash -c "$show" show
	expect 0 '<a><b;c><d,e>' ''
	for separator in '\t' '\x09' $'\t'; do
		printf 'a\t"b\tc"\td e\n' | mp --csv="$separator" echo '{2}-{3}'
		expect 0 $'b\tc-d e' ''
	done
	printf 'a\377"b\377c"\n' | mp --csv='\xff' bash -c "$show" show
	expect 0 $'<a><b\xffc>' ''
}

@test "csv: what cannot be between fields is a usage error" {
	for separator in '' ,, '§' '"' $'\n' '\n' '\r' '\0' '\x0a' '\x22' '\q'; do
		mp --csv="$separator" touch ran ::: a
		usage_error --csv
	done
	[ ! -e ran ]
}

@test "csv: --header : names the fields, also with quotes, newlines, a mark and carriage returns in it" {
	printf '\357\273\277"size, of it",name,"two\nlines"\r\n3,"Smith, J","x"\r\n' >table
	csv -a table --header : bash -c "$show" show '{name}' '{size, of it}' $'{two\nlines}' '{1}'
	expect 0 '<Smith, J><3><x><3>' ''
	csv --header : echo '{name}' '{size, of it}' <table
	expect 0 'Smith, J 3' ''
	csv --header : touch ran '{names}' <table
	usage_error '\{names\}'
	printf 'a,"a"\n1,2\n' | csv --header : touch ran
	usage_error twice
	printf 'name\n' | csv --header : touch ran
	expect 0 '' ''
	csv --header : touch ran </dev/null
	expect 0 '' ''
	[ ! -e ran ]
}

@test "csv: a field that a record does not have: not started, with the reason; more than the header are no fault" {
	printf 'a,b\n1\n2,x\n\n3,y,z\n' | csv --header : echo '{a}{b}'
	expect 125 $'2x\n3y'
	says '^mpmap: 2 of 4 tasks failed'
	says '^mpmap: #1: not started: .*column b'
	says '^mpmap: #3: not started: .*column b'
	printf 'a\n"b"\n' | csv echo '{2}'
	expect 125 ''
}

@test "csv: text after a closing quote is the error of its record, with its line; the others run" {
	printf 'name,size\n"Al",1\n"two\nlines",2\n"say "hi, there",3\n"Bo" ,4\n"C\nD"x,"e\nf"\n"Di",5\n' >table
	csv --header : -a table echo '{name}{size}'
	expect 125 $'Al1\ntwo\nlines2\nDi5'
	says '^mpmap: 3 of 6 tasks failed: 3 not started'
	says '^mpmap: #3: not started: line 5: text follows the closing quote'
	says '^mpmap: #4: not started: line 6: text '
	says '^mpmap: #5: not started: line 8: text '
	csv -o jsonl --header : -a table echo '{name}'
	expect 125
	jq -es '.[3] | .outcome == "not-started" and (.error | test("line 6"))' out
	# An item has no line.
	csv echo ::: '"a"b' '"c,d"' '"open' e
	expect 125 $'c,d\ne'
	says '^mpmap: #1: not started: text follows'
	says '^mpmap: #3: not started: .*quote.*not closed'
	csv echo '{1}{2}' :::: table ::: z
	expect 125
	says '^mpmap: #4: not started: line 5: text '
}

@test "csv: a quote that is not closed ends the input: status 1, with its line; the records before it run" {
	printf 'a\n"b\nc"\n"open,d\ne,f\n' >table
	for words in '' '-n 3' '-j2 --chunksize 1' '-j1 --unordered'; do
		csv $words printf '%s.\n' <table
		expect 1 $'a.\nb\nc.'
		same err 'mpmap: standard input: line 4: the quote that opens a field here is not closed'
	done
	csv -a table echo
	expect 1 $'a\nb\nc'
	says '^mpmap: table: line 4: the quote'
	printf '"' | csv touch ran
	expect 1 ''
	says 'line 1: the quote'
	printf 'a,"b\n1,2' | csv --header : touch ran
	expect 1 ''
	says '^mpmap: standard input: line 1: the quote'
	printf 'a\n1\nx,"2' | csv --header : echo
	expect 1 1
	says '^mpmap: standard input: line 3: the quote'
	csv touch ran :::: table :::: table
	expect 1 ''
	says '^mpmap: table: line 4: the quote'
	[ ! -e ran ]
}

@test "csv: a quote that is not closed ends an input without end, at the limit of a record" {
	yes_records() {
		printf 'a\n"b\n'
		exec yes '1,2,3'
	}
	yes_records | csv echo
	expect 1 a
	says '^mpmap: standard input: line 2: the quote that opens a field here is not closed within 131071 bytes$'
	says_lines 1
	# It is said once, however often the pool has room for more after it.
	{
		seq 500
		printf '"'
		exec yes
	} | csv -j1 --chunksize 1 true
	expect 1 ''
	says 'line 501: the quote'
	says_lines 1
	# also while the reader of a header waits for its end
	{
		printf 'a,"b\n'
		exec yes '1,2,3'
	} | csv --header : touch ran
	expect 1 ''
	says 'line 1: the quote .* within'
	# and of one among several sources
	mkfifo fifo
	yes_records >fifo &
	csv touch ran :::: fifo ::: x
	expect 1 ''
	says '^mpmap: fifo: line 2: the quote .* within'
	# where the input stays open
	open_feed
	{
		printf 'a\n"'
		head -c 131072 /dev/zero | tr '\0' x
	} >&7 &
	start --csv echo <feed
	finish
	expect 1 a
	close_feed
	[ ! -e ran ]
}

@test "csv: a field of 131,070 bytes in quotes runs; a longer record is not started, and the others run" {
	{
		printf 'x,"'
		head -c 131066 /dev/zero | tr '\0' y
		printf '"\n"'
		head -c 100000 /dev/zero | tr '\0' '\n'
		printf '","'
		head -c 100000 /dev/zero | tr '\0' z
		printf '",a\n"b\n,"\n'
	} | csv sh -c 'echo ${#1} ${#2}' sh
	expect 125 $'1 131066\n3 0'
	says '^mpmap: 1 of 3 tasks failed: 1 not started'
	says '^mpmap: #2: not started: the record has 200007 bytes'
}

@test "csv: a NUL cannot be in an argument: not started, the others run" {
	printf 'a\n"b\0",c\nd,\0\ne\n' | csv echo
	expect 125 $'a\ne'
	says '^mpmap: 2 of 4 tasks failed: 2 not started'
	says '^mpmap: #2: .*NUL'
	says_not '-0'
	printf 'a\0,b\nc\n' | csv --header : touch ran
	expect 1 ''
	says 'header has a NUL'
	[ ! -e ran ]
}

@test "csv: fields in replacement strings, scripts, tags, groups and dry runs" {
	printf '"a b.c","d/e"\n"f,g",h\n' >table
	csv -a table echo '{1.}-{2/}-{-1}-{#}'
	expect 0 $'a b-e-d/e-1\nf,g-h-h-2' ''
	csv -a table bash -c "$show" show '{}' '<{}>'
	expect 0 $'<a b.c><d/e><<a b.c d/e>>\n<f,g><h><<f,g h>>' ''
	csv -a table -I X bash -c "$show" show X
	expect 0 $'<a b.c><d/e>\n<f,g><h>' ''
	csv -a table --shell 'echo "$#:$2:$1"'
	expect 0 $'2:d/e:a b.c\n2:h:f,g' ''
	csv -a table --tag echo '{2}'
	expect 0 $'a b.c d/e\td/e\nf,g h\th' ''
	printf '"a\n\033[31m",b\n' | csv --tagstring '{1}' echo '{2}'
	expect 0 $'a\\n\\x1b[31m\tb' ''
	csv -a table -n 2 bash -c "$show" show
	expect 0 '<a b.c><d/e><f,g><h>' ''
	csv -a table -n max bash -c "$show" show
	expect 0 '<a b.c><d/e><f,g><h>' ''
	csv -a table --dry-run echo
	expect 0 $'echo \'a b.c\' d/e\necho f,g h' ''
	printf '"two\nlines"\n' | csv --joblog log --dry-run echo
	expect 0 "echo \$'two\\nlines'" ''
}

@test "csv: as many fields as fit are counted for -n max" {
	awk 'BEGIN { for (i = 0; i < 3000; i++) { for (j = 0; j < 200; j++) printf "%s", j % 3 ? "," : "\"\","; print "" } }' >table
	csv -n max sh -c 'echo $#' sh <table
	expect 0
	[ "$(paste -sd + out | bc)" -eq $((3000 * 201)) ]
	[ "$(wc -l <out)" -gt 1 ]
}

@test "csv: several sources, linked ones and items" {
	printf '\357\273\277a,b\n"1,1","x"\n2,"y\n"\n' >one
	printf '\357\273\277c\r\n"p\nq"\r\n' >two
	csv --header : -a one -a two bash -c "$show" show '{a}' '{c}' '{b}'
	expect 0 $'<1,1><p\\nq><x>\n<2><p\\nq><y\\n>' ''
	csv bash -c "$show" show ::: a,b '"c,d"' :::+ 1 $'2\n,3'
	expect 0 $'<a><b><1>\n<c,d><2\\n><3>' ''
	csv --link bash -c "$show" show ::: a b '"c"' ::: '"1,"'
	expect 0 $'<a><1,>\n<b><1,>\n<c><1,>' ''
	printf 'a,b\n"1"\n' >short
	csv --header : echo '{b}' :::: short ::: c 9
	expect 125 ''
	says '^mpmap: #1: not started: '
	# more fields than the header do not move those of the next source
	printf 'a\n1,2,3\n' | csv --header : echo '{a}{c}' :::: - ::: c 9
	expect 0 19 ''
}

@test "csv: records that are run again, on a worker of their own and by every start method are the same" {
	check() {
		printf '"a ""1""","x\ny"\n"b,2",\n' >table
		csv -a table -j2 --retries 2 --max-tasks-per-worker 1 bash -c '[ "$MPMAP_ATTEMPT" = 3 ] || exit 1; '"$show" show
		expect 0 $'<a "1"><x\\ny>\n<b,2><>' "$(attempts_note 2)"
	}
	under_methods check
}

@test "csv: tasks start before the end of the input" {
	open_feed
	start --csv echo '{2}' <feed
	printf 'a,"first' >&7
	printf '\n"\nb' >&7
	wait_until file_has out '^first$'
	printf ',"se""cond"\n' >&7
	wait_until file_has out '^se"cond$'
	close_feed
	finish
	expect 0 $'first\n\nse"cond' ''
}

@test "csv: at the prompt's language" {
	printf '"a,1",2\n' >table
	printf 'map --csv echo {2}:{1} < table\n' | mp --interactive
	expect 0 '2:a,1' ''
}

@test "csv: a quote that is not closed in a long item is the error of that item" {
	local item
	item=\'\"$(head -c 140000 /dev/zero | tr '\0' x)\'
	printf '%s\n' "map --csv echo ::: a $item b" | mp --interactive
	expect 125 $'a\nb'
	says '^mpmap: #2: not started: .*quote.*not closed'
	printf '%s\n' "map --csv echo ::: a $item b ::: c" | mp --interactive
	expect 125 $'a c\nb c'
	says '^mpmap: #2: not started: .*quote.*not closed'
}

@test "csv: the memory of an input does not grow with its length" {
	measures_memory
	# 40 MB in 400 records of half quoted fields with newlines in them, and one that is too long
	awk 'BEGIN {
		for (i = 0; i < 1000; i++) text = text "a line of text, \"\"with quotes\"\"" (i % 10 ? "" : "\n")
		for (i = 0; i < 400; i++) {
			printf "%d,\"%s\",\"%s\",x", i, text, text
			for (j = 0; i == 200 && j < 10000; j++) printf "%6000s", ""
			print "x"
		}
	}' | run_it "$TOOL" ending how "$MPMAP" --csv sh -c 'echo $1 ${#3}' sh
	expect 0
	grep -qx 'exit 125' how
	says '^mpmap: 1 of 400 tasks failed'
	[ "$(wc -l <out)" -eq 399 ]
	[ "$(sort -k 2 -u out | wc -l)" -eq 1 ]
	[ "$(awk '/^max_rss/ { print $2 }' how)" -lt 65536 ]
}

# As Python's csv module reads them. It has no empty field in an empty line, and refuses a lone carriage return.
@test "csv: any text has the fields that Python's csv module finds" {
	needs python3
	seed=${MPMAP_TEST_SEED:-$EPOCHSECONDS}
	echo "seed $seed"
	python3 - "$seed" <<'END'
import csv, random, sys
random.seed(int(sys.argv[1]))
with open('any', 'w', newline='', encoding='utf-8') as any:
    for number in range(400):
        record = ''
        while True:
            kind = random.choice('qqtte')
            if kind == 'q':
                record += '"' + ''.join(random.choice(['a', ',', '""', '\n', '\r\n', ' ', '\r', '\u00e9']) for _ in range(random.randint(0, 6))) + '"'
            elif kind == 't':
                record += ''.join(random.choice('ab \'\u00e9;') for _ in range(random.randint(1, 5))) + random.choice(['', '"b"', '"'])
            if random.random() < 0.3:
                break
            record += ','
        any.write((record or 'x') + random.choice(['\n', '\r\n']))
with open('any', newline='', encoding='utf-8') as any, open('expected', 'w', encoding='utf-8') as expected:
    for fields in csv.reader(any, strict=True):
        expected.write(''.join('<' + field.replace('\n', '\\n').replace('\r', '\\r') + '>' for field in fields) + '\n')
END
	csv -j2 bash -c "$show" show <any
	expect 0
	same err ''
	cmp expected out
}
