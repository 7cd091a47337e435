#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The examples of the man pages do what they show: each is run, and its output compared.

# An example is a ".Bd -literal" block of the section EXAMPLES. Lines after "$ " are commands,
# lines after "> " continue them, all others are what the commands print. A block that shows
# nothing printed is only run.

load examples

setup() {
	export PATH="${MPMAP%/*}:$PATH" LC_ALL=C
	mkdir "$examples"
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
	extract_examples "$1" EXAMPLES
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
	for page in mpmap.1 mpmap-state.1 mpmap-plugin.3 mpmap-json.5 mpmap-coproc.7; do
		extract_examples "$page" EXAMPLES
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

@test "the examples of mpmap-state(1) do what it shows, and its programs count together" {
	check_examples mpmap-state.1
	cd "$examples"
	cp mpmap-state.1-*.folder/count mpmap-state.1-*.folder/count.{c,bash} .
	[ "$(wc -l <count.c)" -le 40 ]
	mpmap-state serve -- bash -c 'mpmap-state set n 0
		for i in 1 2 3 4 5 6 7 8; do ./count 500 & clients+=($!); done
		. ./count.bash 500
		for client in "${clients[@]}"; do wait "$client" || exit; done
		mpmap-state get n' >counted
	[ "$(cat counted)" = 4500 ]
	mpmap-state serve -- bash -c 'mpmap-state set n 0; env -u MPMAP_STATE ./count 500 && mpmap-state get n' >counted
	[ "$(cat counted)" = 500 ]
	[ "$(MPMAP_STATE=/nowhere ./count 2>&1; echo $?)" = 7 ]
}

@test "the examples of mpmap-plugin(3) do what it shows" {
	CPATH=$pages/../include check_examples mpmap-plugin.3
}

@test "the examples of mpmap-json(5) do what it shows" {
	check_examples mpmap-json.5
}

@test "the example of mpmap-journal(5) does what it shows" {
	check_examples mpmap-journal.5
}

@test "the examples of mpmap-coproc(7) do what it shows" {
	check_examples mpmap-coproc.7
}
