#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# -o csv: a table of the tasks.

# Scripts are for the tasks' shell.
# shellcheck disable=SC2016

load helper

# table: the rows of the last run, with numbers in place of times and memory: T where there is one
table() {
	python3 -c '
import csv, sys
rows = list(csv.reader(open("out", newline="", encoding="utf-8", errors="surrogateescape"), strict=True))
width = len(rows[0])
assert all(len(row) == width for row in rows), rows
at = width - 5
assert rows[0][at - 2:] == ["outcome", "status", "duration", "user", "sys", "max_rss", "stdout"], rows[0]
for row in rows[1:]:
    for i in range(at, at + 4):
        assert not row[i] or float(row[i]) >= 0
        row[i] = "T" if row[i] else ""
    del row[at + 1:at + 4]
for row in rows:
    print("|".join(row).replace("\n", "\\n"))
'
}

@test "csv: a header, and a row for each task in order" {
	mp -q -j2 -o csv --shell '[ "$1" != c ] || exit 3; [ "$1" != d ] || kill -KILL $$; echo "out $1"' ::: a 'b,"' c d $'e\nf'
	expect 125
	same <(table) 'seq|value|outcome|status|duration|user|sys|max_rss|stdout
1|a|ok|0|T|out a
2|b,"|ok|0|T|out b,"
3|c|failed|3|T|
4|d|signaled||T|
5|e\nf|ok|0|T|'
	grep -qF '2,"b,""",ok,0,' out
	not grep -q $'\r' out
	mp_well -o csv true </dev/null
	same out seq,value,outcome,status,duration,user,sys,max_rss,stdout
}

@test "csv: standard output is a cell if it is one line; standard error is not in the table" {
	mp -q -j1 -o csv --shell 'printf "$1"; echo "err $#" >&2' ::: 'no end' 'end\n' 'two\nlines' 'empty\n\n' '' 'cr\r\n' '\377\n'
	expect 0
	same err "$(printf 'err 1\n%.0s' 1 2 3 4 5 6 7)"
	table | cut -d '|' -f 6 | tail -n +2 >cells
	exactly cells $'no end\nend\n\n\n\ncr\r\n\377\n'
	# in pieces, and more than memory holds
	mp_well -o csv --buffer 64K --shell 'printf a; sleep 0.1; printf b; sleep 0.1; echo; [ "$1" = 1 ] || "$TOOL" lines 1000 1000 x' ::: 1 2
	same <(table | cut -d '|' -f 6 | tail -n 2) $'ab\n'
}

@test "csv: names, sources, columns, groups, JSON, functions, filters" {
	printf 'n,"the, m"\n1,"2\n3"\n4\n' | mp_well -o csv --csv --header : true
	same <(table | cut -d '|' -f 1-4) 'seq|n|the, m|outcome
1|1|2\n3|ok
2|4||ok'
	mp_well -o csv true ::: 1 2 ::: a
	same <(table | cut -d '|' -f 1-4) 'seq|value1|value2|outcome
1|1|a|ok
2|2|a|ok'
	mp_well -o csv -C , true ::: 1,2
	same <(table | cut -d '|' -f 1-3) 'seq|values|outcome
1|1 2|ok'
	mp_well -o csv -n 2 true ::: 1 2 3
	same <(table | cut -d '|' -f 1-3) 'seq|values|outcome
1|1 2|ok
2|3|ok'
	seq 4 | mp_well -o csv --stdin --block 4 wc -l
	same <(table | cut -d '|' -f 1-3,5) 'seq|outcome|status|user
1|ok|0|2
2|ok|0|2'
	printf '%s\n' '"a\"b"' '[1, "x"]' '"7"' >records
	for command in true '--python None'; do
		# shellcheck disable=SC2086
		mp_well -o csv --jsonl $command <records
		same <(table | cut -d '|' -f 1-3) 'seq|input|outcome
1|a"b|ok
2|[1,"x"]|ok
3|7|ok'
	done
	echo '{"argv": ["true"], "id": "k"} {"argv": ["true"], "id": [1]} ["true"]' | mp_well --json -o csv
	same <(table | cut -d '|' -f 1-3) 'seq|id|outcome
1|k|ok
2|[1]|ok
3||ok'
	mp_well -o csv --python 'int(x) + 1' ::: 5
	same <(table | tail -n 1) '1|5|ok|0|T|6'
	printf 'a\0b\nc\n' | mp_well -o csv --filter cat
	same <(table | tail -n 2) $'1|a\xef\xbf\xbdb|ok|0|T|a\xef\xbf\xbdb\n2|c|ok|0|T|c'
}

@test "csv: skipped, not started, from a memo, dry" {
	"$TOOL" lines 1 131072 x >records
	echo a >>records
	mp -q -o csv true <records
	expect 125
	same <(table | tail -n 2) '1||not-started|||
2|a|ok|0|T|'
	mp -q -j1 -o csv --halt now,fail=1 false ::: 1 2 || :
	same <(table | tail -n 2) '1|1|failed|1|T|
2|2|skipped|||'
	mp_well -o csv --dry-run echo ::: a
	same <(table | tail -n 1) '1|a|skipped|||echo a'
	for time in 1 2; do
		mp_well --memo memo -o csv echo ::: a
	done
	same <(table | tail -n 1) '1|a|ok|0||a'
}

@test "csv: a run that is resumed has one header, and refuses other names" {
	printf 'n,m\n1,2\n3,4\n' >in
	mp_well --journal=run.mpj --out=file -o csv -C , --header : echo <in
	printf 'n,m\n5,6\n1,2\n3,4\n' >in
	mp_well --journal=run.mpj --resume --out=file -o csv -C , --header : echo <in
	same <(cut -d , -f 1-4 file) 'seq,n,m,outcome
1,5,6,ok
2,1,2,ok
3,3,4,ok'
	sed -i '1s/m/k/' in
	mp --journal=run.mpj --resume --out=file -o csv -C , --header : touch ran <in
	expect 2 ''
	says "its .* was '.*', and is '.*' now"
	[ ! -e ran ]
}

@test "csv: not with tags or lines" {
	mp -o csv --tag true ::: a
	usage_error '^mpmap: --output=csv and --tag: there are no lines'
}

@test "csv: rows of tasks that make no file are rows" {
	touch b
	touch -d '1 hour ago' a
	echo made >a.out
	mp -q -o csv --each-out '{.}.out' --newer echo ::: a b b.x
	expect 125
	same <(table) 'seq|value|outcome|status|duration|user|sys|max_rss|stdout
1|a|skipped|||
2|b|ok|0|T|
3|b.x|not-started|||'
}

@test "csv: standard error is not within a row where both go to one file" {
	status=0
	"$MPMAP" -j1 -o csv --shell 'echo "err $1" >&2; echo "out $1"' ::: 1 2 >both 2>&1 || status=$?
	[ "$status" -eq 0 ]
	same <(sed -E 's/,ok,.*,/,/' both) 'seq,value,outcome,status,duration,user,sys,max_rss,stdout
err 1
1,1,out 1
err 2
2,2,out 2'
}
