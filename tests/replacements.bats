#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Replacement strings and sources as GNU parallel has them: a table that was made by it, and that both must print.

load helper

table=$BATS_TEST_DIRNAME/replacements.txt

# The files that the table names, and show, which prints its arguments.
some_sources() {
	export PATH=$PWD/bin:$PATH
	mkdir bin
	printf '#!/bin/sh\n[ $# -eq 0 ] || printf "<%%s>" "$@"\necho\n' >bin/show
	chmod +x bin/show
	printf '%s\n' a b c >one
	printf '%s\n' 1 2 3 >two
	printf 'a\n\nb\n' >empty
	: >nothing
	printf '%s\n' a/b.c d /e.f g/ .h >paths
	printf '%s\n' a/b:c/d.e /f:g >colons
	printf '%s\n' a,b c,d >pairs
	printf '%s\n' a,b.c,d e,f/g.h,i j,,k >table
	printf '%s\n' a,,b,c ,d,e,f >spread
	printf '%s\n' a1b c22d >digits
	printf 'a\tb\nc\td\n' >tabs
	printf '%s\n' name,size a,1 b,2 >named
	printf '%s\n' file a b >header
}

# Prints the rows of the table that a test checks: each STEPth from FIRST.
rows() {
	grep -v '^#' "$table" | awk -v step="${STEP:-1}" -v first="${FIRST:-0}" 'NR % step == first'
}

# fill COMMAND...: the rows as COMMAND makes them are in the file made; what it says on standard error counts as well
fill() {
	local line words input
	rows | while IFS= read -r line; do
		line=${line%%=>*}
		read -ra words <<<"$line"
		input=/dev/null
		case ${words[0]} in
		'<'*)
			input=${words[0]#<}
			words=("${words[@]:1}")
			;;
		esac
		echo "$line=> $("$@" "${words[@]}" <"$input" 2>&1 | tr '\n' ' ')"
	done | sed 's/ *$//' >made
}

# --plus is parallel's, for what it does not replace without.
as_mpmap() {
	local word
	for word; do
		shift
		[ "$word" = --plus ] || set -- "$@" "$word"
	done
	timeout 20 "$MPMAP" -j1 "$@"
}

# Its groups are asked for by -N, and its commands are for the shell.
as_parallel() {
	[ "$1" != -n ] || set -- -N "${@:2}"
	PARALLEL_HOME=$PWD SHELL=/bin/sh timeout 20 parallel -k -j1 "$@"
}

as_the_table() {
	rows | diff - made || complain '(< the table, > what is made)'
}

@test "replacements: the table has at least 60 rows" {
	[ "$(grep -c '=>' "$table")" -ge 60 ]
	grep -v '^#' "$table" | sort | uniq -d >twice
	same twice ''
}

@test "replacements: mpmap makes the table" {
	some_sources
	fill as_mpmap
	as_the_table
}

@test "replacements: mpmap makes the table with more jobs, in any chunks" {
	some_sources
	grep -vE '^#|%' "$table" >kept
	table=kept
	for words in '-j4' '-j2 --chunksize 3'; do
		# shellcheck disable=SC2086
		fill as_mpmap $words
		as_the_table
	done
}

@test "replacements: GNU parallel makes the table: a quarter of it, by a seed" {
	needs parallel
	parallel --version 2>&1 | grep -q '^GNU parallel' || skip 'the parallel here is another'
	some_sources
	STEP=4 FIRST=$((${MPMAP_TEST_SEED:-$RANDOM} % 4))
	echo "MPMAP_TEST_SEED=$FIRST"
	fill as_parallel
	as_the_table
}
