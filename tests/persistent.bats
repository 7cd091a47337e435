#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Commands that persist: what the command line may say of them, and how records get to them.

load helper

# excludes PERSISTENT OPTION: fails unless the two are refused together, in any order
excludes() {
	mp "$1" "$2" touch ran ::: a
	usage_error "^mpmap: ${1%%=*} and --" || return 1
	mp "$2" "$1" touch ran ::: a
	usage_error "^mpmap: ${1%%=*} and --" || return 1
	[ ! -e ran ]
}

@test "persistent: options about what is run for each record do not go with it" {
	for persistent in --filter --coproc --coproc=stdio --coproc=fd; do
		for option in --tty --zygote --stdin -n2 -nmax -u --line-buffer --delay=1 --dry-run --verbose -I% "-I{}"; do
			excludes "$persistent" "$option"
		done
	done
}

@test "persistent: a filter gets records as they are" {
	for option in --csv "--csv=;" -C, --header=: --json --jsonl --results=r; do
		mp --filter "$option" touch ran <<<a
		usage_error --filter "$(sed -E 's/^-C.*/--colsep/; s/=.*//' <<<"$option")"
	done
	mp --filter cat ::: a ::: b
	usage_error 'several sources' --coproc
	mp --filter cat :::: /dev/null /dev/null
	usage_error 'several sources'
	[ ! -e ran ] && [ ! -e r ]
}

@test "persistent: without COMMAND nothing can be started" {
	mp --filter <<<a
	usage_error '--filter: no COMMAND'
	mp --coproc ::: a
	usage_error '--coproc: no COMMAND'
	mp --coproc --jsonl <<<'"a"'
	usage_error '--coproc: no COMMAND'
	mp --filter --shell <<<a
	usage_error '--filter and --shell'
}

@test "persistent: a condition, as GNU parallel's --filter has, is answered with what --filter means here" {
	for condition in '{1} < {2}' '{1}<{2}' '{} ne {2}' '{1} =~ /x/'; do
		mp --filter "$condition" touch ran ::: 1 ::: 2
		usage_error "$(printf %s "$condition" | sed 's/[{}]/\\&/g')" 'before mpmap'
		[ ! -e ran ]
	done
}

@test "persistent: a command speaks in one way" {
	mp --filter --coproc cat ::: a
	usage_error --filter --coproc
	mp --coproc=fd --coproc cat ::: a
	usage_error --coproc
	mp --coproc=pipe cat ::: a
	usage_error "'pipe'" stdio fd
	mp --coproc=cat ::: a
	usage_error "'cat'" '--coproc COMMAND'
	mp --filter=cat ::: a
	usage_error '--filter'
}

