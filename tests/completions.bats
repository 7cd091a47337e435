#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Completions: made from the option table, kept up to date, and offering the right things at the right place.

load helper

folder=$BATS_TEST_DIRNAME/../completions
generate=${MPMAP%/*}/completions/generate

# is_fresh SHELL FILE: the kept file is what is made now
is_fresh() {
	"$generate" "$1" >made
	diff "$folder/$2" made || complain "completions/$2 is out of date (make completions)"
}

# offers [WORD]...: what bash offers for the last word, sorted, is in the file out; the shell runs PRELUDE before
offers() {
	bash --norc --noprofile -c '
		source "$1/mpmap.bash"
		eval "$2"
		COMP_WORDS=("${@:3}") COMP_CWORD=$(($# - 3))
		_mpmap
		((${#COMPREPLY[@]} == 0)) || printf "%s\n" "${COMPREPLY[@]}" | sort -u
	' bash "$folder" "${PRELUDE:-}" "$@" >out 2>err
	same err ''
}

# fish_offers LINE: likewise what fish offers for the command line, without its descriptions
fish_offers() {
	local home=$BATS_TEST_TMPDIR/home
	mkdir -p "$home"
	HOME=$home XDG_CONFIG_HOME=$home XDG_DATA_HOME=$home XDG_CACHE_HOME=$home fish -c "
		source '$folder/mpmap.fish'
		${PRELUDE:-}
		complete -C '$1'" 2>err | cut -f 1 | sort -u >out
	same err ''
}

some_files() {
	mkdir files files/folder
	cd files || return 1
	touch ape 'a bat'
}

@test "completions: the files are what the option table makes" {
	is_fresh bash mpmap.bash
	is_fresh zsh _mpmap
	is_fresh fish mpmap.fish
}

@test "completions: those of mpmap-state are what the table of verbs makes, and parse" {
	is_fresh state-bash mpmap-state.bash
	is_fresh state-zsh _mpmap-state
	is_fresh state-fish mpmap-state.fish
	bash -n "$folder/mpmap-state.bash"
	needs fish zsh
	zsh -n "$folder/_mpmap-state"
	fish -n "$folder/mpmap-state.fish"
}

# state_offers [WORD]...: what bash offers for the last word of mpmap-state's
state_offers() {
	PATH=${MPMAP%/*}:$PATH bash --norc --noprofile -c '
		compopt() { :; }
		source "$1/mpmap-state.bash"
		COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2))
		_mpmap_state
		((${#COMPREPLY[@]} == 0)) || printf "%s\n" "${COMPREPLY[@]}"
	' bash "$folder" "$@" >out 2>err
	same err ''
}

@test "completions: bash offers mpmap-state's verbs, their options, and names that there are" {
	state_offers mpmap-state lo
	same out lock
	state_offers mpmap-state --socket serve s
	same out $'serve\nset\nstat'
	state_offers mpmap-state pop --a
	same out --ack
	state_offers mpmap-state event ''
	same out $'set\nclear\nwait'
	start_it "${MPMAP%/*}/mpmap-state" serve --socket "$PWD/socket" -- bash -c '"$1" add ape; "$1" set bat x; read -r _ <>"$2"' bash \
		"${MPMAP%/*}/mpmap-state" "$BATS_TEST_TMPDIR/no-input"
	export MPMAP_STATE=$PWD/socket
	has_names() { state_offers mpmap-state get '' && [ "$(cat out)" = $'ape\nbat' ]; }
	wait_until has_names
	kill -TERM "$pid"
	finish
}

@test "completions: every verb of mpmap-state is in its manual, with its options" {
	local page=$BATS_TEST_DIRNAME/../man/mpmap-state.1 verb option
	"$generate" state-fish >made
	sed -n "s/.*use_subcommand -a \([a-z]*\) .*/\1/p" made | sort >verbs
	[ "$(wc -l <verbs)" -ge 30 ]
	while read -r verb; do
		grep -qE "^\.It .*Cm $verb( |\$)" "$page" || complain "not in the manual: $verb"
	done <verbs
	for option in $(sed -n "s/.* -l \([a-z]*\).*/\1/p" made); do
		grep -qE "Fl -$option" "$page" || complain "not in the manual: --$option"
	done
}

@test "completions: every option is in the manual, and the manual has no other" {
	"$generate" names | sed -E 's/^--?//' | sort -u >names
	grep '^\.It .*Fl' "$BATS_TEST_DIRNAME/../man/mpmap.1" | grep -oE 'Fl -?[A-Za-z0-9][A-Za-z0-9-]*' |
		sed -E 's/Fl -?//' | sort -u >manual
	diff names manual || complain '(< the option table, > the manual)'
}

@test "completions: every option is in --help" {
	mp --help
	expect 0
	"$generate" names >names
	while read -r name; do
		grep -qE -- "^  .*$name([[ ,=]|\$)" out || complain "not in --help: $name"
	done <names
}

@test "completions: every option is in each shell's" {
	"$generate" names >names
	while read -r name; do
		grep -qE -- "[' ]${name}[' ]" "$folder/mpmap.bash" || complain "bash: $name"
		grep -qE -- "\)${name}[+=]?-?\[" "$folder/_mpmap" || complain "zsh: $name"
		case $name in
		--*) grep -qE -- " -l ${name#--} " "$folder/mpmap.fish" || complain "fish: $name" ;;
		*) grep -qE -- " -s ${name#-} " "$folder/mpmap.fish" || complain "fish: $name" ;;
		esac
	done <names
}

@test "completions: the scripts are in their shell's syntax" {
	bash -n "$folder/mpmap.bash"
	needs zsh fish
	zsh -n "$folder/_mpmap"
	fish -n "$folder/mpmap.fish"
}

@test "completions: bash completes options, up to the command" {
	offers mpmap --star
	same out --start-method
	offers mpmap -
	"$generate" names | sort | cmp - out
	for before in -k -j4 '-j 4' '-kj 4' '--jobs 4' '--jobs = 4' '--jobs=4' '-d x' '-d -'; do
		# shellcheck disable=SC2086
		offers mpmap $before --star
		same out --start-method
	done
	for before in echo '-j4 echo' '-j 4 echo' '-a x echo' --; do
		# shellcheck disable=SC2086
		offers mpmap $before --sta
		same out ''
	done
}

@test "completions: bash completes the values of options" {
	some_files
	offers mpmap --start-method ''
	same out $'fork\nforkserver\nspawn'
	# how readline divides --start-method= and --start-method=s, and how when COMP_WORDBREAKS has no =
	offers mpmap --start-method =
	same out $'fork\nforkserver\nspawn'
	offers mpmap --start-method = s
	same out spawn
	offers mpmap --start-method=s
	same out --start-method=spawn
	for option in -a -ka --arg-file; do
		offers mpmap "$option" a
		same out $'a bat\nape'
	done
	offers mpmap --workdir ''
	same out folder
	offers mpmap --jobs ''
	same out ''
}

@test "completions: bash completes the command, then files" {
	some_files
	offers mpmap xarg
	same out xargs
	offers mpmap -j 4 -- xarg
	same out xargs
	offers mpmap xargs ap
	same out ape
	offers mpmap xargs ::: ap
	same out ape
}

@test "completions: bash leaves the command's arguments to bash-completion where it is there" {
	some_files
	for function in _comp_command_offset _command_offset; do
		PRELUDE="$function() { COMPREPLY=(\"from word \$1\"); }"
		offers mpmap -j 4 git comm
		same out 'from word 3'
		offers mpmap git comm
		same out 'from word 1'
		offers mpmap git ::: ap
		same out ape
		offers mpmap --uno
		same out --unordered
	done
}

@test "completions: fish completes options, their values, the command and its arguments" {
	needs fish
	some_files
	fish_offers 'mpmap --star'
	same out --start-method
	fish_offers 'mpmap -j 4 -k --star'
	same out --start-method
	fish_offers 'mpmap --start-method '
	same out $'fork\nforkserver\nspawn'
	fish_offers 'mpmap -a ap'
	same out ape
	fish_offers 'mpmap --workdir '
	same out folder/
	for before in '' '-j 4 ' '--jobs 4 -k ' '-- '; do
		fish_offers "mpmap ${before}xarg"
		same out xargs
	done
	PRELUDE='complete -c made-up -f -l staging'
	fish_offers 'mpmap -k made-up --sta'
	same out --staging
	fish_offers 'mpmap echo ::: ap'
	same out ape
}
