#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Several sources, columns, names and groups: what GNU parallel's table (replacements.bats) does not show, and where we differ.

load helper

args() {
	mp -j1 "$@"
}

# A line of 131,072 bytes, which no argument can have.
too_long() {
	head -c 131072 /dev/zero | tr '\0' x
	echo
}

@test "combinations: the last source varies fastest, and each value is an ARG of its own" {
	args "$TOOL" args - ::: a 'b c' ::: '' $'d\ne'
	expect 0 $'"-"\n"a"\n""\n"-"\n"a"\n"d\\x0ae"\n"-"\n"b c"\n""\n"-"\n"b c"\n"d\\x0ae"' ''
}

@test "combinations: a lone {} is one ARG for each value, inside an ARG they are joined by blanks" {
	args "$TOOL" args '{}' 'x{}y' '{.}' '{/}-' ::: 'a b.c' ::: d/e.f
	expect 0 $'"a b.c"\n"d/e.f"\n"xa b.c d/e.fy"\n"a b"\n"d/e"\n"a b.c e.f-"' ''
	echo 'a b,c' | args -C , "$TOOL" args '{}' '[{}]'
	expect 0 $'"a b"\n"c"\n"[a b c]"' ''
}

@test "combinations: an empty source gives none, wherever it is" {
	: >empty
	for words in '::: a b :::' '::: ::: a b' ':::: empty ::: a' '::: a :::: empty' '-a empty -a empty' '::: a :::+' \
		'--link ::: a :::' '::: a ::: b :::+'; do
		# shellcheck disable=SC2086
		[ "${words%% *}" = -a ] && mp $words touch ran || mp ${words/#::/touch ran ::}
		[ "${words%% *}" != --link ] || mp --link touch ran ::: a :::
		expect 0 '' ''
	done
	[ ! -e ran ]
}

@test "combinations: -r drops no empty line of a source" {
	printf '\na\n' >lines
	args -r "$TOOL" args '<{1}{2}>' :::: lines ::: ''
	expect 0 $'"<>"\n"<a>"' ''
}

@test "combinations: a source that is longer is cut by :::+, a shorter one recycled by --link" {
	args echo ::: 1 2 3 :::+ a b ::: x y
	expect 0 $'1 a x\n1 a y\n2 b x\n2 b y' ''
	args --link echo ::: 1 2 3 ::: a b ::: x
	expect 0 $'1 a x\n2 b x\n3 a x' ''
	args --link echo ::: 1 2
	expect 0 $'1\n2' ''
}

@test "combinations: :::+ can be linked to a file of -a, and to nothing else it is an error" {
	seq 3 >three
	args -a three echo :::+ x y z
	expect 0 $'1 x\n2 y\n3 z' ''
	mp touch ran :::+ a
	usage_error ':::\+'
	mp touch ran ::::+ three
	usage_error '::::\+'
	[ ! -e ran ]
}

@test "combinations: -a is repeated, and comes before :::" {
	seq 2 >two
	printf 'a b\nc' >letters
	args -a two -a letters echo '{2}{1}{3}' ::: x
	expect 0 $'a b1x\nc1x\na b2x\nc2x' ''
}

@test "combinations: stdin may be one source, and is left alone by the others" {
	seq 2 | args echo :::: - ::: a b
	expect 0 $'1 a\n1 b\n2 a\n2 b' ''
	seq 2 | args echo ::: a b :::: -
	expect 0 $'a 1\na 2\nb 1\nb 2' ''
	seq 2 | args -a - echo ::: a
	expect 0 $'1 a\n2 a' ''
	{
		"$MPMAP" echo ::: a ::: b >out
		cat >rest
	} <<<'not mine'
	same rest 'not mine'
}

@test "combinations: stdin twice is a usage error" {
	seq 2 | mp touch ran :::: - ::: a :::: -
	usage_error 'standard input'
	seq 2 | mp -a - touch ran :::: -
	usage_error 'standard input'
	[ ! -e ran ]
}

@test "combinations: a source that cannot be read: status 1, nothing is run" {
	mp touch ran ::: a :::: missing
	expect 1 ''
	says 'missing.*No such file'
	mkdir folder
	mp touch ran :::: folder ::: a
	expect 1 ''
	says 'folder.*[Ii]s a directory'
	[ ! -e ran ]
}

@test "combinations: a thousand million begin at once, in little memory" {
	numbers=$(seq 1000)
	LIMIT=20
	# shellcheck disable=SC2016,SC2086
	run_it "$TOOL" ending how bash -c '"$0" "$@" | head -n 3' "$MPMAP" -j2 echo ::: $numbers ::: $numbers ::: $numbers
	same out $'1 1 1\n1 1 2\n1 1 3'
	# shellcheck disable=SC2086
	start -j2 "$TOOL" hold gate '{1} {2} {3} ' ::: $numbers ::: $numbers ::: $numbers
	wait_until file_has out '^1 1 1 '
	memory=$(mpmap_memory)
	kill -TERM "$pid"
	finish
	[ "$memory" -lt 40960 ] || complain "$memory KiB"
}

@test "combinations: more than can be counted begin at once as well" {
	sources=()
	for ((i = 0; i < 25; i++)); do
		sources+=(::: {0..9})
	done
	LIMIT=20
	# shellcheck disable=SC2016
	run_it bash -c '"$0" "$@" | head -n 11 | tail -n 2' "$MPMAP" -j1 echo '{-2}{-1}' "${sources[@]}"
	same out $'09\n10'
}

@test "combinations: {#} counts them, in order, with any jobs and chunks" {
	# shellcheck disable=SC2046
	for words in -j1 '-j4 --chunksize 7' '-j3 --chunksize 1'; do
		mp $words echo '{#} {1}{2}' ::: $(seq 30) ::: $(seq 20)
		expect 0
		same err ''
		for i in $(seq 30); do seq -f "$i%g" 20; done | awk '{ print NR, $1 }' | cmp - out
	done
}

@test "combinations: values beyond --buffer are held in a file without a name" {
	seq 300000 >many
	LIMIT=60
	mkdir own
	# shellcheck disable=SC2016
	TMPDIR=$PWD/own run_it bash -c '"$0" "$@" | head -n 2' "$MPMAP" -j1 --buffer 64K --dry-run echo :::: many ::: a b
	same out $'echo 1 a\necho 1 b'
	[ -z "$(ls own)" ]
	TMPDIR=$PWD/own mp --buffer 64K --dry-run echo ::: a :::: many
	expect 0
	seq -f 'echo a %.0f' 300000 | cmp - out
	TMPDIR=$PWD/none mp --buffer 64K touch ran ::: a :::: many
	expect 1 ''
	says "^mpmap: .*temporary space in $PWD/none \\(TMPDIR\\), for the values of many: No such file"
	[ ! -e ran ]
	TMPDIR=$PWD/none mp_well --buffer 1 --dry-run echo ::: a ::: b
}

@test "combinations: values beyond --buffer are held in a file also where O_TMPFILE is not supported" {
	needs_faults
	seq 100000 >many
	mkdir own
	MPMAP_FAULT=tmpfile:1+:EOPNOTSUPP TMPDIR=$PWD/own mp --buffer 64K --dry-run echo ::: a :::: many
	expect 0
	seq -f 'echo a %.0f' 100000 | cmp - out
	[ -z "$(ls own)" ]
}

@test "combinations: a value too long or with a NUL refuses those it is in, the others run" {
	{ too_long && printf 'b\nc\0d\ne\n'; } >values
	args echo ::: 1 2 :::: values
	expect 125 $'1 b\n1 e\n2 b\n2 e'
	says '^mpmap: 4 of 8 tasks failed: 4 not started'
	says '^mpmap: #1: .*131072'
	says '^mpmap: #7: .*NUL'
	args echo :::: values ::: 1 2
	expect 125 $'b 1\nb 2\ne 1\ne 2'
	says '^mpmap: #2: .*131072'
	says '^mpmap: #5: .*NUL'
	args echo ::: 1 2 3 4 ::::+ values
	expect 125 $'2 b\n4 e'
	says '^mpmap: 2 of 4 tasks failed'
	mp -j3 --chunksize 5 echo '{#}' :::: values ::: $(seq 50)
	expect 125 "$(seq 51 100 && seq 151 200)"
}

@test "combinations: {7} that no task can have is a usage error" {
	mp touch ran '{7}' ::: a ::: b
	usage_error '\{7\}'
	mp touch ran '{-3}' ::: a ::: b
	usage_error '\{-3\}'
	mp touch ran 'x{2/.}' ::: a
	usage_error '\{2/\.\}'
	[ ! -e ran ]
}

@test "combinations: a column that a record does not have: not started, with its reason" {
	printf 'a,b\nc\n\nd,e\n' | args -C , echo '{2}'
	expect 125 $'b\ne'
	says '^mpmap: 2 of 4 tasks failed: 2 not started'
	says '^mpmap: #2: not started: .*column 2'
	printf 'a,b\nc\n' | args -C , echo '{-2}'
	expect 125 a
	says '^mpmap: #2: not started: .*column -2'
}

@test "combinations: --header names columns and sources, {N} stays" {
	printf 'name,size of it\nape,3\na bat,4\n' >table
	args --header : -C , echo '{size of it}:{name}:{1}' :::: table
	expect 0 $'3:ape:ape\n4:a bat:a bat' ''
	args --header : echo '{y}{x}{2}' ::: x a b ::: y c
	expect 0 $'cac\ncbc' ''
	args --header=: -C , echo '{name}{n}' :::: table ::: n 1 2
	expect 0 $'ape1\nape2\na bat1\na bat2' ''
	args --header : touch ran ::: x
	expect 0 '' ''
	mp --header x touch ran ::: x a
	usage_error header
	[ ! -e ran ]
}

@test "combinations: a name that is not there, or twice, is a usage error" {
	mp --header : touch ran '{z}' ::: x a
	usage_error '\{z\}'
	mp --header : touch ran '{x}' ::: x a ::: x b
	usage_error x twice
	printf 'a,b,a\n1,2,3\n' | mp --header : -C , touch ran
	usage_error a twice
	[ ! -e ran ]
	args echo '{z}' '{size of it}' ::: x
	expect 0 '{z} {size of it} x' ''
}

@test "combinations: a column of a name that a record does not have: not started" {
	printf 'a,b\nx\np,q\n' >table
	args --header : -C , echo '{b}' :::: table
	expect 125 q
	says '^mpmap: #1: not started: '
}

@test "combinations: a short record does not lend a column of the next source" {
	printf 'a,b\nx\np,q\n' >table
	args --header : -C , echo '{b}' :::: table ::: c 9
	expect 125 q
	says '^mpmap: #1: not started: '
}

@test "combinations: --header of an empty input runs nothing, and is a success" {
	mp --header : touch ran
	expect 0 '' ''
	mp --header : touch ran '{x}' ::: x a :::
	expect 0 '' ''
	[ ! -e ran ]
}

@test "combinations: hostile names are names" {
	long=$(head -c 5000 /dev/zero | tr '\0' n)
	for name in '%s%n' '$(touch ran)' '`touch ran`' $'new\nline' $'\e[31mred' 'a b' '*' "it's" '"' "$long"; do
		args --header : "$TOOL" args "{$name}" ::: "$name" value
		expect 0 '"value"' ''
		args --header : echo "{$name}" ::: "$name" 1 ::: "$name" 2
		expect 2 ''
		says_lines 1
		not grep -q $'\e' err
	done
	# what has a meaning already keeps it
	for name in '#' '%' 1 . / // /. '' -1; do
		args --header : echo "{$name}" ::: "$name" v
		expect 0
		not same out "$name"
	done
	args --header : echo '{a}b}' '{x}' ::: 'a}b' v ::: x w ::: a z
	expect 0 'zb} w' ''
	[ ! -e ran ]
}

@test "combinations: colsep is an extended expression, with \\t \\n \\s \\d \\w \\xHH" {
	while read -r expression record expected; do
		args -C "$expression" "$TOOL" args ::: "$(printf %b "$record")"
		expect 0 "$(printf '"%s"\n' ${expected//,/ })" ''
	done <<-'END'
		\t a\tb a,b
		\n a\nb a,b
		\s+ a\040\t\nb a,b
		\d+ a12b3c a,b,c
		\w+ -a_1-b- -,-,-
		\x2c a,b a,b
		\x2C a\054b a,b
		\. a.b a,b
		\x2e a.b a,b
		[.] a.b a,b
		[\t;] a\tb;c a,b,c
		[\d\s] a1b\040c a,b,c
		[[:digit:]]+ a12b a,b
		[]a] 1]2a3 1,2,3
		(and|or) 1and2or3 1,2,3
		x{2} axxb a,b
		\\ a\0134b a,b
		\| a|b a,b
	END
}

@test "combinations: an escape in the brackets of a colsep stands for itself" {
	args -C '[a\x5d]' echo ::: '1a2]3'
	expect 0 '1 2 3' ''
	args -C '[\x5e,]' echo ::: '1^2,3'
	expect 0 '1 2 3' ''
	args -C '[a\x2dz]' echo ::: '1b2-3'
	expect 0 '1b2 3' ''
}

@test "combinations: ^ in a colsep is the start of the record" {
	args -C '^x' "$TOOL" args ::: xxa
	expect 0 $'""\n"xa"' ''
}

@test "combinations: a colsep that is no expression, or matches the empty string, is a usage error" {
	for expression in '(' '[a' 'a{2' '*' 'x*' '' '(a|)' '^' '$' ',?'; do
		mp -C "$expression" touch ran ::: a
		case $expression in
		'*') [ "$(cat status)" -eq 2 ] || rm -f ran ;;
		*) usage_error colsep ;;
		esac
	done
	[ ! -e ran ]
}

@test "combinations: columns of records with any byte, and with no end" {
	printf 'a\377,b\001\n,\n,,,\n' | args -C , "$TOOL" args
	expect 0 $'"a\\xff"\n"b\\x01"\n""\n""\n""\n""\n""\n""' ''
	LIMIT=20
	{ seq -s , 20000 && echo x; } | args -C , sh -c 'echo $#' sh
	expect 0 $'20000\n1' ''
}

@test "combinations: -I STR stands for the record instead of {}" {
	args -I @@ "$TOOL" args 'x@@y' '{}' '{.}' '{1}' '{#}' '@' ::: a.b
	expect 0 $'"xa.by"\n"{}"\n"a"\n"a.b"\n"1"\n"@"' ''
	args -I '{#}' echo '{#}' ::: a
	expect 0 a ''
	args -I @@ "$TOOL" args '{}' ::: a
	expect 0 $'"{}"\n"a"' ''
	args --replace=X -C , echo X '<X>' ::: a,b
	expect 0 'a b <a b>' ''
}

@test "combinations: -I '' turns all replacement strings off" {
	args -I '' "$TOOL" args '{}' '{.}{#}' '{%}' '{1}' ::: 'a b'
	expect 0 $'"{}"\n"{.}{#}"\n"{%}"\n"{1}"\n"a b"' ''
	args -I '' echo '{7}' ::: a ::: b
	expect 0 '{7} a b' ''
	args --header : -I '' echo '{z}' ::: x a
	expect 0 '{z} a' ''
}

@test "combinations: --shell has sources, columns and groups as \$1 \$2 ..." {
	args --shell 'echo "$#:$1-$2"' ::: 'a b' ::: '$(touch ran)'
	expect 0 '2:a b-$(touch ran)' ''
	args -C , --shell 'echo "$#:$1-$2"' ::: a,b
	expect 0 2:a-b ''
	args -n 2 --shell 'echo "$#:$1-$2"' ::: a b c
	expect 0 $'2:a-b\n1:c-' ''
	[ ! -e ran ]
}

@test "combinations: --shell without a SCRIPT runs every record, or refuses what it cannot" {
	mp -n 2 --shell ::: 'echo 1' 'echo 2'
	[ "$(cat status)" -eq 2 ] || same out $'1\n2'
	mp --shell ::: 'echo 1' ::: 'echo 2'
	expect 2 ''
	mp --stdin --shell ::: 'echo 1'
	expect 2 ''
}
