#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The manual pages on a terminal of 80 columns, by groff and by mandoc.

load helper

pages=("$BATS_TEST_DIRNAME"/../man/*.[1-8])

# render_groff COLUMNS PAGE: renders a page as man(1) does, without bold and underlined letters
render_groff() {
	groff -mdoc -Tutf8 -ww -P-cbu "-rLL=$1n" "-rLT=$1n" "$2"
}

# render_mandoc COLUMNS PAGE
render_mandoc() {
	mandoc -Tutf8 -O "width=$1" "$2" | col -bx
}

# True if no line of a rendered page is wider than COLUMNS, and the page is there at all.
fits() {
	[ "$(wc -l <"$2")" -gt 50 ] || complain "only $(wc -l <"$2") lines"
	[ "$(LC_ALL=C.UTF-8 wc -L <"$2")" -le "$1" ] || {
		LC_ALL=C.UTF-8 awk -v columns="$1" 'length($0) > columns' "$2"
		return 1
	}
}

@test "man pages: groff has no warning, and no line is over the width of the terminal" {
	needs groff
	# man(1) leaves two columns of a terminal free
	for columns in 80 78; do
		for page in "${pages[@]}"; do
			LC_ALL=C.UTF-8 render_groff "$columns" "$page" >page 2>warnings
			fits "$columns" page || complain "${page##*/} in $columns columns"
			same warnings ''
		done
	done
}

@test "man pages: mandoc has no warning, and no line is over the width of the terminal" {
	needs mandoc col
	for page in "${pages[@]}"; do
		LC_ALL=C.UTF-8 render_mandoc 80 "$page" >page
		fits 80 page || complain "${page##*/}"
		# the order of sections is the reader's: first examples, then options
		mandoc -T lint -W warning "$page" | grep -v 'sections out of conventional order' >warnings || :
		same warnings ''
	done
}

@test "man pages: the footer has the version of the program" {
	needs groff
	version=$("$MPMAP" --version | head -n 1)
	for page in "${pages[@]}"; do
		LC_ALL=C.UTF-8 render_groff 80 "$page" | tail -n 1 >footer
		grep -q "^$version  " footer || complain "${page##*/}: $(<footer)"
	done
}

@test "man pages: examples come first, then the options, then the rest" {
	needs groff
	LC_ALL=C.UTF-8 render_groff 80 "$BATS_TEST_DIRNAME/../man/mpmap.1" | grep -E '^[A-Z][A-Z .]+$' | head -n 6 >sections
	same sections $'NAME\nSYNOPSIS\nDESCRIPTION\nEXAMPLES\nOPTIONS\nTASKS AND WORKERS'
}

@test "man pages: a row of a table is one line" {
	needs groff mandoc col
	for renderer in groff mandoc; do
		LC_ALL=C.UTF-8 "render_$renderer" 78 "$BATS_TEST_DIRNAME/../man/mpmap.1" >page
		for row in '{}  *the value, as it is  *src/a\.tar\.gz' '{/\.\.}  *without directory, two extensions  *a' \
			'{-N} {-N\.} \.\.\.  *likewise of value N from the last' '{#:04}  *the number with zeros, 4 digits  *0001' \
			'--stdin --block  *many records, to their end  *whatever it likes'; do
			grep -qx -- " *$row" page || complain "$renderer: $row"
		done
		LC_ALL=C.UTF-8 "render_$renderer" 78 "$BATS_TEST_DIRNAME/../man/mpmap-json.5" >page
		for row in 'value  *{}  *{1} {2} \.\.\.  *{key}  *appended' \
			'array  *compact JSON  *the elements  *stays as it is  *each element'; do
			grep -qx -- " *$row" page || complain "$renderer: $row"
		done
	done
}
