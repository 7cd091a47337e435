#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The folder of --results itself: new, empty, of a previous run, or with other files, which are never touched.

load helper
load object

@test "results: DIR may be new or empty, its name end with a slash, its place is where mpmap was started" {
	mp_well --results new echo ::: a
	[ "$(stat -c %a new)" = 700 ]
	mkdir -m 750 empty
	mp_well --results empty/ echo ::: a
	[ "$(stat -c %a empty)" = 750 ]
	exactly empty/000000001/stdout $'a\n'
	mp_well --results none echo
	[ -d none ]
	[ -z "$(ls -A none)" ]
	mkdir folder
	mp_well --workdir folder --results there --shell pwd ::: a
	same there/000000001/stdout "$PWD/folder"
	mp_well --force --results fresh echo ::: a
	mp_well --force --results none echo ::: a
	exactly none/000000001/stdout $'a\n'
}

# refuses WORD OPTION...: nothing is run, nothing in results is changed
refuses() {
	local word=$1
	shift
	find results precious -printf '%y %p %s %i %l\n' | sort >before
	mp "$@" --results results touch ran ::: a || return 1
	usage_error "^mpmap: .*results.*$word" || return 1
	[ ! -e ran ] || return 1
	find results precious -printf '%y %p %s %i %l\n' | sort | cmp before -
}

@test "results: DIR that is not empty is refused" {
	mkdir precious results
	for make in 'touch results/notes' 'touch results/.hidden' 'mkdir results/folder' 'ln -s /nowhere results/link'; do
		rm -rf results
		mkdir results
		$make
		refuses ''
		refuses '' --force
	done
}

@test "results: a previous run's is replaced with --force only" {
	mp_well --results results echo ::: a b c d e
	mp --results results touch ran ::: a
	usage_error '^mpmap: .*results.*--force'
	[ ! -e ran ]
	holds_tasks 1 2 3 4 5
	exactly results/000000005/stdout $'e\n'
	mp_well --results results --force echo ::: x y
	holds_tasks 1 2
	exactly results/000000001/stdout $'x\n'
}

@test "results: a run that cannot begin removes nothing" {
	mp_well --results results echo ::: x
	for option in --no-such-option --ungroup '--workdir missing' '-j @missing' '--initializer=' '-o xml' '-a missing' '--joblog missing/log'; do
		# shellcheck disable=SC2086
		mp --results results --force $option touch ran
		[[ $(cat status) == [12] ]] || complain "$option: exit status $(cat status)"
		says_lines 1
		exactly results/000000001/stdout $'x\n'
	done
	mp --results results --force touch ran '{3}' ::: z ::: w
	usage_error '^mpmap: '
	holds_tasks 1
	[ ! -e ran ]
}

@test "results: with --force nothing is deleted that is not a previous run's" {
	mkdir precious
	echo gold >precious/file
	for make in 'touch results/notes' 'mkdir results/00000001' 'mkdir results/x00000001' 'mkdir results/000000001x' 'touch results/000000009' \
		'touch results/000000001/notes' 'mkdir results/000000002/folder' 'ln -s ../../precious results/000000001/link' 'touch results/.000000001.1' \
		'ln -s ../precious results/.000000009.1' \
		'mkdir results/.git' 'ln -s ../precious results/000000009' 'mkfifo results/000000009' 'mkdir results/..000000001.1'; do
		rm -rf results
		mp_well --results results echo ::: a b
		$make
		refuses '' --force
	done
}

@test "results: what a previous run's names point to is left alone" {
	mkdir precious
	echo gold >precious/file
	mp_well --results results echo ::: a b
	ln -sf ../../precious/file results/000000001/stdout
	ln -f precious/file results/000000002/stderr
	mkdir results/.000000007.2
	ln -s ../../precious/file results/.000000007.2/meta.json
	mp --results results --force --shell 'echo "$1"; echo error >&2' ::: x y
	expect 0 $'x\ny' $'error\nerror'
	same precious/file gold
	holds_tasks 1 2
	exactly results/000000001/stdout $'x\n'
}

@test "results: nothing is written through a link that is made during the run" {
	local link
	mkdir precious
	# a task's folder while it is filled, when it is finished, and a file in it
	for link in .000000002.1 000000002; do
		rm -rf results
		mp -j1 --results results --shell '[ "$1" != 1 ] || ln -s ../precious "results/$2"; echo "$1"' ::: 1 2 3 ::: "$link"
		expect 1
		says '^mpmap: --results: .*#2 in results: '
		[ -z "$(ls -A precious)" ] || complain "written: $(ls -A precious)"
	done
	rm -rf results
	echo gold >precious/stdout
	mp -j1 --results results --shell '[ "$1" != 1 ] || { mkdir results/.000000002.1 && ln -s ../../precious/stdout results/.000000002.1/stdout; }; echo "$1"' ::: 1 2
	expect 1
	same precious/stdout gold
	# DIR itself may be one
	mkdir elsewhere
	ln -s elsewhere link
	mp_well --results link echo ::: a
	exactly elsewhere/000000001/stdout $'a\n'
}

@test "results: DIR cannot be made or written: status 1, one line with its name, nothing is run" {
	: >file
	for name in missing/results file file/results /proc/results; do
		mp --results "$name" touch ran ::: a
		expect 1 ''
		says_lines 1
		says "^mpmap: .*$name"
	done
	mp --results '' touch ran ::: a
	usage_error '^mpmap: --results'
	[ ! -e ran ]
}

@test "results: a folder of somebody else" {
	needs setpriv
	needs_root
	open_folder
	mkdir -m 755 closed closed/empty
	for name in closed/new closed/empty; do
		run_it setpriv "--reuid=$((100000 + RANDOM))" --clear-groups ./mpmap --results "$name" touch ran ::: a
		expect 1 ''
		says_lines 1
		says "^mpmap: .*$name.*Permission denied"
		[ ! -e ran ] || [ "$name" = closed/empty ]
		rm -f ran
	done
}
