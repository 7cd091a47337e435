#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The examples of the man pages do what they show: each is run, and its output compared.

# An example is a ".Bd -literal" block of the section EXAMPLES. Lines after "$ " are commands,
# lines after "> " continue them, all others are what the commands print. A block that shows
# nothing printed is only run.

pages=$BATS_TEST_DIRNAME/../man

setup() {
	export PATH="${MPMAP%/*}:$PATH" LC_ALL=C
	examples=$BATS_TEST_TMPDIR/examples
	mkdir "$examples"
}

# Writes PAGE-N.sh and PAGE-N.expected into the folder $examples for each example of the page.
extract_examples() {
	awk -v dir="$examples" -v page="$1" '
	function plain(line,    text, at, name) {
		text = ""
		while ((at = index(line, "\\")) > 0) {
			text = text substr(line, 1, at - 1)
			line = substr(line, at)
			for (name in escape)
				if (substr(line, 1, length(name)) == name)
					break
			if (substr(line, 1, length(name)) != name) {
				print "line " NR ": unknown escape: " line > "/dev/stderr"
				exit failed = 1
			}
			text = text escape[name]
			line = substr(line, length(name) + 1)
		}
		return text line
	}
	BEGIN {
		escape["\\e"] = "\\"; escape["\\-"] = "-"; escape["\\&"] = ""
		escape["\\(aq"] = "\047"; escape["\\(dq"] = "\""; escape["\\(ga"] = "`"
		escape["\\(ti"] = "~"; escape["\\(ha"] = "^"
	}
	/^\.Sh / { examples = ($2 == "EXAMPLES") }
	examples && /^\.Bd -literal/ {
		file = sprintf("%s/%s-%02d", dir, page, ++count)
		printf "" > (file ".sh")
		printf "" > (file ".expected")
		inside = 1
		next
	}
	/^\.Ed/ { inside = 0 }
	inside && /^(\$ |>( |$))/ { print plain(substr($0, 3)) > (file ".sh"); next }
	inside { print plain($0) > (file ".expected") }
	END { exit failed }
	' "$pages/$1"
}

# Says what is wrong with the example whose script is $1, or nothing.
check_example() {
	local script=$1 expected=${1%.sh}.expected printed=${1%.sh}.printed status=0
	local folder=${1%.sh}.folder
	mkdir "$folder"
	(cd "$folder" && exec timeout 240 bash -e "$script") </dev/null >"$printed" 2>&1 || status=$?
	if [ "$status" -ne 0 ]; then
		printf 'exit status %s\n' "$status"
		cat "$printed"
	elif [ -s "$expected" ]; then
		diff -u --label 'the man page' --label 'what it prints' "$expected" "$printed" || true
	fi
}

# All examples of a page do what it shows.
check_examples() {
	local wrong=0 script complaint name
	extract_examples "$1"
	for script in "$examples"/*.sh; do
		complaint=$(check_example "$script")
		if [ -n "$complaint" ]; then
			name=${script##*/}
			printf 'example %s:\n%s\n%s\n\n' "${name%.sh}" "$(cat "$script")" "$complaint"
			wrong=$((wrong + 1))
		fi
	done
	[ "$wrong" -eq 0 ]
}

@test "the man pages have examples, and each begins with a command" {
	for page in mpmap.1 mpmap-json.5 mpmap-coproc.7; do
		extract_examples "$page"
		scripts=("$examples/$page"-*.sh)
		[ "${#scripts[@]}" -ge 7 ]
	done
	for script in "$examples"/*.sh; do
		[ -s "$script" ]
		grep -q mpmap "$script"
	done
}

@test "the examples of mpmap(1) do what it shows" {
	check_examples mpmap.1
}

@test "the examples of mpmap-json(5) do what it shows" {
	check_examples mpmap-json.5
}

@test "the examples of mpmap-coproc(7) do what it shows" {
	check_examples mpmap-coproc.7
}
