#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The prompt in the middle of a key, on a terminal that is not read, and on one of any size.

# Scripts are for the tasks' shell.
# shellcheck disable=SC2016

load helper
load screen

# type_bytes BYTES: types bytes as they are, with printf's escapes
type_bytes() {
	printf "$1" >bytes
	terminal load-buffer bytes \; paste-buffer -r
}

# Keys that are not whole: a paste, a character in a search and in a search for a character, an empty macro, a prefix.
halves=('\033[200~a\rb' '\022\351' '\035\351' '\030(\030)\030e' '\030')

@test "prompt: in the middle of a key results are shown and signals are acted on" {
	needs_readline
	local half
	for half in "${halves[@]}"; do
		trace_on
		rm -f gate
		open_prompt -j2
		type_line "map --shell '\"\$TOOL\" hold gate; echo result-\$1' ::: 1 2"
		wait_for_event task_start 2
		wait_for_prompt
		type_bytes "$half"
		touch gate
		wait_for_line '1\.2.*result-2$' || complain "after $half"
		kill -TERM "$mpmap"
		wait_until is_gone "$mpmap" || complain "after $half"
		wait_until only_terminal_left
		terminal kill-server
	done
}

@test "prompt: in the middle of a key ^C brings a new prompt, and tasks are timed out" {
	needs_readline
	local half
	open_prompt -j1
	for half in "${halves[@]}"; do
		type_bytes "$half"
		press C-c
		wait_for_prompt
		# what still comes of a paste at once is dropped
		[[ $half != *200* ]] || let_pass 0.3
		type_line '! echo well-$((1 + 1))'
		wait_for_line '^well-2$' || complain "after $half"
		wait_for_prompt
		type_line '! clear'
		wait_until not screen_shows '^well-2$'
	done
	type_line "map --timeout 0.5 --shell 'exec \"\$TOOL\" hold never' ::: 1"
	type_bytes '\033[200~'
	wait_for_line 'timed out'
}

@test "prompt: a paste without an end is given up" {
	needs_readline
	open_prompt
	type_bytes '\033[200~! echo pasted-$((1 + 1))'
	wait_for_last_line "$PROMPT"' ! echo pasted-\$\(\(1 \+ 1\)\)$'
	press Enter
	wait_for_line '^pasted-2$'
	wait_for_prompt
	# its end comes late
	type_bytes '\033[201~! echo lat'
	type_bytes 'e-$((1 + 1))\r'
	wait_for_line '^late-2$'
}

@test "prompt: a paste that comes in pieces is one paste" {
	needs_readline
	open_prompt
	type_bytes '\033[200'
	type_bytes '~! echo pie'
	let_pass 0.3
	type_bytes 'ces-$((1 + 1))\033[20'
	let_pass 0.3
	not screen_shows pieces
	type_bytes '1~'
	wait_for_last_line 'pieces-\$\(\(1 \+ 1\)\)$'
	press Enter
	wait_for_line '^pieces-2$'
	# in a search it is what is searched for
	press C-r
	paste 'pie' -p
	wait_for_last_line 'search.*pie.*pieces'
	press Enter
	wait_for_prompt
}

@test "prompt: a line that follows another is left to the program of the first" {
	needs_readline
	open_prompt
	paste $'! read x; echo "got-$x"\nnothing\n' -r
	wait_for_line '^got-nothing$'
}

@test "prompt: a signal ends it while its terminal is stopped or not read" {
	export XDG_STATE_HOME=$PWD/state TERM=xterm LC_ALL=C.UTF-8
	# stopped, then typed at, with the bell
	printf '\023abc\177\177\177\177\177' | "$TOOL" unheard TERM 0 "$MPMAP" --interactive
	printf '\023abc\r' | "$TOOL" unheard HUP 0 "$MPMAP" --interactive
	# stopped, and then a program, which waits for the terminal
	printf '\023! echo a\r' | "$TOOL" unheard TERM 0 "$MPMAP" --interactive
	printf '\023quit\r' | "$TOOL" unheard TERM 0 "$MPMAP" --interactive
	# a flood of results, and of an answer without a pager
	printf '%s\r' 'map sh -c "yes | head -200000" ::: 1' | "$TOOL" unheard TERM 4000 "$MPMAP" --interactive
	export PAGER=
	printf '%s\r' 'map seq ::: 400000' 'wait' 'out 1.1' | "$TOOL" unheard TERM 4000 "$MPMAP" --interactive
	no_processes_left
}

@test "prompt: what a stopped terminal has not taken comes when it goes on, and in order" {
	trace_on
	open_prompt -j2
	type_line "map --shell '\"\$TOOL\" hold gate; echo result-\$1' ::: 1 2"
	wait_for_event task_start 2
	wait_for_prompt
	press C-s
	touch gate
	wait_for_event task_end 2
	type_text '! echo after-$((1 + 1))'
	press Enter
	let_pass 0.3
	not screen_shows 'result-.$'
	press C-q
	wait_for_line '^after-2$'
	[ "$(grep -nE -m 1 'result-2$' screen | cut -d : -f 1)" -lt "$(grep -nE -m 1 '^after-2$' screen | cut -d : -f 1)" ] ||
		complain "$(<screen)"
	wait_for_prompt
}

@test "prompt: it works on a terminal that cannot be opened anew" {
	needs_faults
	MPMAP_FAULT=reopen:1+:EMFILE open_prompt -j2
	type_line 'map seq ::: 30 3000'
	wait_for_line '1\.2.*3000$'
	wait_for_prompt
	type_line '! echo well-$((1 + 1))'
	wait_for_line '^well-2$'
	type_line quit
	wait_until only_terminal_left
}

@test "prompt: it works on a terminal of any size, also while that changes" {
	local term size
	export XDG_STATE_HOME=$PWD/state LC_ALL=C.UTF-8
	for term in dumb xterm vt100 ''; do
		for size in '1 2' '1 3' '24 2' '0 0'; do
			# shellcheck disable=SC2086
			"$TOOL" sizes "$term" $size "$MPMAP" --interactive
		done
	done
}

@test "prompt: the end of a word that ends within a character, in the mode of vi" {
	needs_readline
	MPMAP_TEST_LOCALE=C.UTF-8
	export LC_ALL=C.UTF-8
	echo 'set editing-mode vi' >inputrc
	export INPUTRC=$PWD/inputrc
	local key
	for key in e E 3e; do
		open_prompt -j1
		type_bytes 'a\342\202a\303\251 ?\360\237'
		type_bytes "\\0330$key$key$key$key"
		kill -TERM "$mpmap"
		wait_until is_gone "$mpmap" || complain "after $key"
		wait_until only_terminal_left
		terminal kill-server
	done
}

@test "prompt: random keys, with a task that runs" {
	export XDG_STATE_HOME=$PWD/state LC_ALL=C.UTF-8
	"$TOOL" keys "${MPMAP_TEST_SEED:-$RANDOM}" 120 "$MPMAP" --interactive -j2
}
