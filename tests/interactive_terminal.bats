#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The interactive mode at a terminal, as its user sees it.

# Scripts are for the tasks' shell. Results have a text that was not typed: result-$1.
# shellcheck disable=SC2016

load helper
load screen

# type_marker NAME: types a line and waits for the result of its arithmetic, so that earlier lines have been carried out
type_marker() {
	type_line "! echo $1-\$((1 + 1))" && wait_for_line "^$1-2\$"
}

# before FIRST SECOND: checks that the screen has both, in this order
before() {
	look
	[ "$(grep -nE -m 1 -- "$1" screen | cut -d : -f 1)" -lt "$(grep -nE -m 1 -- "$2" screen | cut -d : -f 1)" ] ||
		complain "not $1 before $2: $(<screen)"
}

# hold_tasks GATE RECORD...: types a map whose tasks write result-RECORD once GATE exists, and waits for its $tasks
hold_tasks() {
	local known
	known=$(event_count task_start)
	type_line "map --shell '\"\$TOOL\" hold $1; echo result-\$1' ::: ${*:2}"
	wait_for_event task_start $((known + $# - 1))
	mapfile -t tasks < <(event_field task_pid task_start | tail -n +$((known + 1)))
	wait_for_prompt
}

are_alive() {
	local pid
	for pid; do
		not is_gone "$pid" || return 1
	done
}

# Waits until it has ended and left no process, while the terminal is still open.
ends_well() {
	wait_until is_gone "$mpmap" && wait_until only_terminal_left
}

@test "prompt: it shows the pool's state, results appear above it, quit ends it" {
	trace_on
	open_prompt -j2
	hold_tasks gate 1 2
	press Enter
	wait_for_last_line '^mpmap.*[0-9].*>$'
	touch gate
	wait_for_line '1\.2.*result-2$'
	before '1\.1.*result-1$' '1\.2.*result-2$'
	wait_for_prompt
	type_marker well
	type_line quit
	ends_well
}

@test "prompt: it is also shown without operands if input and output are a terminal" {
	export XDG_STATE_HOME=$PWD/state
	open_terminal 80 24 "$MPMAP"
	wait_for_prompt
	mpmap=$(terminal display-message -p '#{pane_pid}')
	type_marker well
	press C-d
	ends_well
}

@test "prompt: it works under every start method" {
	check() {
		trace_on
		open_prompt -j2
		hold_tasks gate 1 2
		touch gate
		wait_for_line '1\.2.*result-2$'
		kill -KILL "$(event_field worker_pid worker_start | head -n 1)"
		wait_for_event worker_exit
		type_line "map --shell 'echo more-\$1' ::: 1 2 3"
		wait_for_line '2\.3.*more-3$'
		[ "$(event_count worker_start)" -le 3 ]
		press C-d
		ends_well
		terminal kill-server
	}
	under_methods check
}

@test "prompt: a half-typed line is unchanged when results appear above it" {
	needs_readline
	trace_on
	open_prompt -j3
	hold_tasks gate1 1 2
	hold_tasks gate2 3
	type_text '! echo ä漢-$((1 + 1))x-end'
	press Left Left Left Left
	wait_for_last_line "$PROMPT"' ! echo ä漢-\$\(\(1 \+ 1\)\)x-end$'
	at=$(cursor)
	touch gate1
	wait_for_line '1\.2.*result-2$'
	before '1\.1.*result-1$' '1\.2.*result-2$'
	wait_for_last_line "$PROMPT"' ! echo ä漢-\$\(\(1 \+ 1\)\)x-end$'
	[ "${at%,*}" = "$(cursor | cut -d , -f 1)" ] || complain "cursor at $(cursor), $at before"
	[ "$(grep -c 'ä漢' screen)" -eq 1 ] || complain "$(<screen)"
	touch gate2
	wait_for_line '2\.1.*result-3$'
	press BSpace
	press Enter
	wait_for_line '^ä漢-2-end$'
}

@test "prompt: a line of several rows is unchanged when results appear above it" {
	needs_readline
	local line rows
	line=$(printf 'word%02d ' {1..30})
	trace_on
	open_prompt -j2
	hold_tasks gate 1 2
	type_text "! echo $line"
	wait_for_last_line 'word30$'
	touch gate
	wait_for_line '1\.2.*result-2$'
	wait_for_last_line 'word30$'
	rows=$(tail -n 3 screen | tr -d '\n')
	[[ $rows =~ ^mpmap.*\>\ !\ echo\ "${line% }"$ ]] || complain "$(<screen)"
	[ "$(grep -c 'word01' screen)" -eq 1 ] || complain "$(<screen)"
	press Enter
	wait_until paragraph_is "${line% }"
}

# True if a line of the screen, wrapped or not, is this text.
paragraph_is() {
	look && [[ $(tr -d '\n' <screen) =~ [0-9]"$1" ]] || [[ $(terminal capture-pane -Jp) == *$'\n'"$1"* ]]
}

@test "prompt: results of a run appear in order, and do not wait for another run" {
	trace_on
	open_prompt -j3
	type_line "map --shell '\"\$TOOL\" hold gate\$1; echo result-\$1' ::: 1 2"
	wait_for_event task_start 2
	touch gate2
	wait_for_event task_end 1
	type_line "map --shell 'echo other-\$1' ::: 3"
	wait_for_line '2\.1.*other-3$'
	not grep -q 'result-2$' screen
	touch gate1
	wait_for_line '1\.2.*result-2$'
	before '1\.1.*result-1$' '1\.2.*result-2$'
}

@test "prompt: errors, failures and unended lines appear above it, too" {
	open_prompt -j1
	type_line "map --shell 'printf end-\$1; echo error-\$1 >&2; exit \$1' ::: 0 3"
	wait_for_line 'error-3$'
	wait_for_line 'end-3$'
	wait_for_line 'exit status 3'
	wait_for_prompt
	type_marker well
}

@test "prompt: a map with --out writes to its file, and only standard error is shown; a retry is shown whole" {
	open_prompt -j2
	type_line "map --out=file --shell 'echo result-\$1; echo error-\$1 >&2; exit 3' ::: 1 2"
	wait_for_line '1\.2.*error-2$'
	wait_for_line '^\[1\] ended'
	same file $'result-1\nresult-2'
	not grep -q 'result-[12]$' screen
	type_line 'map -o json --out=array echo ::: 1'
	wait_for_line '^\[2\] done'
	jq -e 'length == 1' array
	type_line 'retry 1'
	wait_for_line '3\.1.*result-1$'
	same file $'result-1\nresult-2'
}

@test "prompt: typing during a flood of results is not lost" {
	open_prompt -j2
	type_line 'map seq ::: 3000 3000 3000'
	type_line '! touch typed'
	wait_until test -e typed
	type_line wait
	wait_for_line '1\.3.*3000$'
	wait_for_prompt
	type_marker well
}

# complains LINE WORD: types LINE and waits for an error, a line that has WORD and is not a prompt
complains() {
	type_line '! clear'
	wait_until screen_is_clear
	type_line "$1"
	wait_for_prompt
	wait_until has_complaint "$2" && return
	echo 'the screen:' && cat screen
	return 1
}

screen_is_clear() {
	look && [ "$(wc -l <screen)" -eq 1 ] && last_line_is "$PROMPT\$"
}

has_complaint() {
	look && [ "$(wc -l <screen)" -ge 3 ] && [ "$(wc -l <screen)" -le 4 ] && grep -v "$PROMPT" screen | grep -Eq -- "$1"
}

@test "prompt: an error is one line, and leaves the pool unchanged" {
	trace_on
	open_prompt -j2
	hold_tasks gate 1 2
	echo 'source itself' >itself
	complains 'mpa echo ::: 1' 'mpa.*map'
	complains "map echo 'a" quote
	complains 'map --bogus echo ::: a' --bogus
	complains 'out 9.9' '9([^0-9]|$)'
	complains 'workers 0' 0
	complains 'source missing' missing
	complains 'source itself' itself
	press Enter
	wait_for_prompt
	are_alive "$mpmap" "${tasks[@]}"
	touch gate
	wait_for_line '1\.2.*result-2$'
	[ "$(event_count worker_exit)" -eq 0 ]
}

@test "prompt: ^C clears the line, and the run continues" {
	trace_on
	open_prompt -j2
	hold_tasks gate 1 2
	type_text '! touch ran'
	wait_for_last_line '! touch ran$'
	press C-c
	wait_for_prompt
	press Enter
	type_marker well
	[ ! -e ran ]
	are_alive "$mpmap" "${tasks[@]}"
	touch gate
	wait_for_line '1\.2.*result-2$'
}

@test "prompt: ^C during wait stops the waiting, and nothing else" {
	trace_on
	open_prompt -j2
	hold_tasks gate 1 2
	type_line 'wait 1'
	# no prompt while it waits
	wait_for_last_line '^$|[^>]$'
	type_text 'x'
	press C-c
	wait_for_prompt
	are_alive "$mpmap" "${tasks[@]}"
	type_line wait
	touch gate
	wait_for_line '1\.2.*result-2$'
	wait_for_prompt
	type_marker well
}

@test "prompt: commands, options, IDs and names of commands are completed" {
	needs_readline
	open_prompt
	check() {
		type_text "$1"
		press Tab
		wait_for_last_line "$PROMPT $2\$"
		press C-u
		wait_for_prompt
	}
	check ma map
	check wor workers
	check 'map --unor' 'map --unordered'
	check 'map --start-m' 'map --start-method=?'
	check 'help sou' 'help source'
	check 'map -j2 --ta' 'map -j2 --tag'
	type_line 'map true ::: 1'
	wait_for_prompt
	check 'show las' 'show last'
	type_text w
	press Tab Tab
	wait_for_line 'wait +workers'
}

@test "prompt: names of files are completed, with blanks and quotes" {
	needs_readline
	head -c 4321 /dev/zero >'blanks in "it".txt'
	mkdir folder
	head -c 1234 /dev/zero >'folder/one two'
	open_prompt
	type_text "map --shell 'wc -c <\"\$1\"' ::: blan"
	press Tab
	wait_for_line 'it.*\.txt'
	press Enter
	wait_for_line '1\.1.* 4321$|1\.1.*[^0-9]4321$'
	type_text 'map wc -c ::: fold'
	press Tab
	wait_for_last_line 'folder/$'
	press Tab
	wait_for_last_line 'two.?$'
	press Enter
	wait_for_line '2\.1.*1234 folder/one two$'
	type_text "map wc -c < 'folder/on"
	press Tab
	wait_for_last_line "folder/one two'\$"
	press C-u
}

@test "prompt: history is searched, ^C inside the search ends just that" {
	needs_readline
	open_prompt
	type_line "map --shell 'echo result-\$1' ::: alpha"
	wait_for_line '1\.1.*result-alpha$'
	type_marker other
	press C-r
	type_text 'alph'
	wait_for_last_line 'search.*alph.*::: alpha$'
	press Enter
	wait_for_line '2\.1.*result-alpha$'
	press C-r
	type_text 'oth'
	wait_for_last_line 'search.*oth.*echo other'
	press C-c
	wait_for_prompt
	type_marker well
	press Up Up
	wait_for_last_line 'alpha$'
	press Enter
	wait_for_line '3\.1.*result-alpha$'
}

@test "prompt: the history is there in the next session, for this user only" {
	open_prompt
	type_marker first
	type_line 'map echo ::: secret'
	wait_for_line '1\.1.*secret$'
	type_line history
	wait_for_line 'map echo ::: secret$'
	leave_prompt
	ends_well
	needs_readline
	[ "$(stat -c %a state/mpmap/history)" = 600 ] || complain "$(ls -l state/mpmap)"
	[ "$(stat -c %a state/mpmap)" = 700 ] || complain "$(ls -ld state/mpmap)"
	grep -qx 'map echo ::: secret' state/mpmap/history
	open_prompt
	press C-r
	type_text secr
	wait_for_last_line '::: secret$'
	press Enter
	wait_for_line '1\.1.*secret$'
}

@test "prompt: ~/.inputrc may have a part for mpmap" {
	needs_readline
	printf '%s\n' '$if mpmap' '"\C-t": "! echo bound-$((1 + 1))\C-m"' '$endif' '$if other' '"\C-o": "other"' '$endif' >.inputrc
	HOME=$PWD open_prompt
	press C-t
	wait_for_line '^bound-2$'
}

@test "prompt: a resize while typing leaves the line unchanged" {
	needs_readline
	local columns line='! echo resized-$((1 + 1))'
	trace_on
	open_prompt -j1
	hold_tasks gate 1
	type_text "$line"
	wait_for_last_line 'resized-\$\(\(1 \+ 1\)\)$'
	for columns in 60 100 50 80; do
		resize "$columns" 20
		wait_for_last_line "$PROMPT"' ! echo resized-\$\(\(1 \+ 1\)\)$'
		[ "$(grep -c '^mpmap.*resized' screen)" -eq 1 ] || complain "$columns columns: $(<screen)"
	done
	touch gate
	wait_for_line '1\.1.*result-1$'
	wait_for_last_line "$PROMPT"' ! echo resized-\$\(\(1 \+ 1\)\)$'
	press Enter
	wait_for_line '^resized-2$'
}

@test "prompt: a resize loses nothing of a line of several rows" {
	needs_readline
	local line
	line=$(printf 'word%02d ' {1..20})
	open_prompt
	type_text "! echo ${line}>long; "
	resize 40 24
	type_text 'echo resized-$((1 + 1))'
	resize 120 24
	press Enter
	wait_for_line '^resized-2$'
	same long "${line% }"
	wait_for_prompt
}

@test "prompt: pasted lines are carried out one by one, bracketed or not" {
	local way
	open_prompt
	for way in -p ''; do
		paste $'! echo one-$((1 + 1))\nmap --shell \'echo two-$1\' ::: 2\n\n! echo three-$((1 + 1))\n' ${way:+"$way"}
		press Enter
		# without readline the prompts of later lines may precede their output
		wait_for_line 'one-2$'
		wait_for_line 'two-2$'
		wait_for_line 'three-2$'
		before 'one-2$' 'three-2$'
		wait_for_prompt
		press C-l
		type_line '! clear'
		wait_until not screen_shows 'three-2$'
	done
}

@test "prompt: pasted text without a newline waits for Enter" {
	needs_readline
	open_prompt
	paste '! echo pasted-$((1 + 1))' -p
	wait_for_last_line 'pasted-\$\(\(1 \+ 1\)\)$'
	press Enter
	wait_for_line '^pasted-2$'
}

@test "prompt: ^Z stops it and its tasks, fg goes on with both" {
	trace_on
	export XDG_STATE_HOME=$PWD/state
	open_shell
	type_line '"$MPMAP" --interactive -j2'
	wait_for_prompt
	hold_tasks gate 1 2
	mpmap=$(event_field pid worker_start | head -n 1)
	for _ in 1 2; do
		press C-z
		wait_for_stop
		rm -f modes
		type_line 'clear; stty -a | tr " " "\n" >modes.new; mv modes.new modes'
		wait_until test -e modes
		# the shell has the terminal
		grep -qx icrnl modes
		type_line fg
		wait_until all_in SRD "$mpmap" "${tasks[@]}"
		wait_for_last_line "$PROMPT"
		press C-u
		type_marker back
		terminal clear-history
		type_line '! clear'
		wait_until screen_is_clear
	done
	touch gate
	wait_for_line '1\.2.*result-2$'
	wait_for_line '^\[1\] done'
	type_line quit
	shell_status 0
}

@test "prompt: ^Z keeps a half-typed line" {
	needs_readline
	export XDG_STATE_HOME=$PWD/state
	open_shell
	type_line '"$MPMAP" --interactive'
	wait_for_prompt
	type_text '! echo half-$((1 + 1))'
	wait_for_last_line 'half-\$\(\(1 \+ 1\)\)$'
	press C-z
	wait_for_line '^\[1\]\+ +Stopped'
	type_line fg
	wait_for_last_line "$PROMPT"' ! echo half-\$\(\(1 \+ 1\)\)$'
	press Enter
	wait_for_line '^half-2$'
	press C-d
	shell_status 0
}

@test "prompt: a program in the foreground continues when only mpmap is continued" {
	local pids
	export XDG_STATE_HOME=$PWD/state
	open_shell
	type_line '"$MPMAP" --interactive -j1'
	wait_for_prompt
	type_line '! echo $PPID $$ >pids.new; mv pids.new pids; "$TOOL" hold gate; echo over-$((1 + 1))'
	wait_until test -e pids
	read -ra pids <pids
	for _ in 1 2; do
		press C-z
		wait_for_line '^\[1\]\+ +Stopped'
		wait_until all_in T "${pids[@]}"
		kill -CONT "${pids[0]}"
		wait_until all_in SR "${pids[@]}"
		type_line 'clear; fg'
		wait_until not screen_shows Stopped
	done
	touch gate
	wait_for_line '^over-2$'
	wait_for_prompt
	type_line quit
	shell_status 0
}

@test "prompt: ^D asks once when tasks run, the second one ends all" {
	trace_on
	open_prompt -j2
	hold_tasks gate 1 2
	press C-d
	wait_for_line '[Rr]un|[Tt]ask'
	wait_for_prompt
	are_alive "$mpmap" "${tasks[@]}"
	press C-d
	ends_well
}

# screen_asked COUNT: true if leaving has been asked about that often
screen_asked() {
	look && [ "$(grep -c 'again ends it' screen)" -ge "$1" ]
}

@test "prompt: quit ends the running tasks, too" {
	trace_on
	open_prompt -j2
	hold_tasks gate 1 2
	type_line quit
	wait_for_line '^1 run is still going: quit again ends it, wait waits$'
	are_alive "$mpmap" "${tasks[@]}"
	# any other line in between, and it asks again
	type_marker other
	type_line q
	wait_until screen_asked 2
	are_alive "$mpmap" "${tasks[@]}"
	type_line exit
	ends_well
}

@test "prompt: a run says its number, waiting has an end, a progress bar is one line, clear clears" {
	trace_on
	open_prompt -j3
	hold_tasks gate 1 2
	wait_for_line '^\[1\] begun$'
	type_line 'wait 1 0.2'
	wait_for_line '^not done yet \(wait waits on\)$'
	wait_for_prompt
	type_line "map -q --shell 'printf \"10 %%\\r\"; printf \"50 %%\\r100 %%\\r\\nleft\\roverwritten\\r\\n\"' ::: 1"
	wait_for_line '^\[2\.1\] 100 %$'
	wait_for_line '^\[2\.1\] overwritten$'
	not grep -Eq '50 %$|^\[2\] begun' screen
	touch gate
	type_line 'wait 1m'
	wait_for_line '^\[1\] done'
	wait_for_prompt
	type_line 'jobs | grep -c -v xyz > counted'
	wait_until test -s counted
	type_line 'out 1 | head -n 1'
	wait_for_line '^result-1$'
	type_line clear
	wait_until not screen_shows result
	wait_for_prompt
	type_marker well
	leave_prompt
	ends_well
}

@test "prompt: of two runs jobs lists both, cancel ends one, wait waits for the other" {
	trace_on
	open_prompt -j4
	hold_tasks gate1 1 2
	mapfile -t first < <(printf '%s\n' "${tasks[@]}")
	hold_tasks gate2 3 4
	touch gate-none
	type_line '! clear'
	type_line jobs
	wait_for_line '(^|[^0-9])1[^0-9].*gate1'
	wait_for_line '(^|[^0-9])2[^0-9].*gate2'
	grep -E 'gate1' screen | grep -Eq '(^|[^0-9])0[^0-9]+2([^0-9]|$)' || complain "no progress: $(<screen)"
	type_line 'cancel 1'
	wait_until is_gone "${first[0]}"
	wait_until is_gone "${first[1]}"
	are_alive "$mpmap" "${tasks[@]}"
	touch gate2
	type_line 'wait 2'
	wait_for_line '2\.2.*result-4$'
	wait_for_prompt
	type_line '! clear'
	type_line jobs
	wait_for_line 'cancel'
	not grep -q result-1 screen
}

@test "prompt: pause holds tasks back, resume starts them" {
	trace_on
	open_prompt -j1
	type_line "map --shell '\"\$TOOL\" hold gate; echo result-\$1' ::: 1 2 3"
	wait_for_event task_start 1
	type_line pause
	wait_for_prompt
	type_marker paused
	touch gate
	wait_for_line '1\.1.*result-1$'
	wait_until at_rest 0
	[ "$(event_count task_start)" -eq 1 ]
	type_line resume
	wait_for_line '1\.3.*result-3$'
}

@test "prompt: show, retry failed and workers answer" {
	trace_on
	open_prompt -j2
	type_line "map --shell 'mkdir dir-\$1; exit \$?' ::: 1 2"
	type_line wait
	wait_for_prompt
	type_line "map --shell '[ -e dir-\$1 ] && rmdir dir-\$1 && exit 7; echo again-\$1' ::: 1 3"
	wait_for_line '2\.2.*again-3$'
	type_line wait
	wait_for_line 'exit status 7'
	type_line 'show 2.1'
	wait_for_line '[Ww]orker.*ForkWorker-[0-9]'
	type_line 'retry failed'
	wait_for_line 'again-1$'
	[ "$(event_count task_start)" -eq 5 ]
	type_line 'workers 3'
	type_line '! clear'
	type_line workers
	wait_for_line '(^|[^0-9])3([^0-9]|$)'
}

@test "prompt: long output is shown by the pager, which gives the terminal back" {
	printf '%s\n' '#!/bin/sh' 'echo "paged $(wc -l)"' >pager
	chmod +x pager
	export PAGER=$PWD/pager
	open_prompt
	type_line "map --shell 'seq \$1; seq \$1 >&2' ::: 500"
	type_line wait
	wait_for_prompt
	type_line '! clear'
	type_line 'out 1.1'
	wait_for_line '^paged 500$'
	wait_for_prompt
	type_line '! clear'
	type_line 'errors 1.1'
	wait_for_line '^paged 500$'
	wait_for_prompt
	type_marker well
}

@test "prompt: a pager may read keys, be left early, or be missing" {
	needs less
	export PAGER='less -FRX' LESSHISTFILE=-
	open_prompt
	type_line 'map seq ::: 3000'
	wait_for_line '3000$'
	wait_for_prompt
	type_line 'out 1.1'
	wait_for_line '^:$'
	press q
	wait_for_prompt
	type_marker well
	type_line quit
	ends_well
	PAGER=$PWD/none open_prompt
	type_line 'map seq ::: 500'
	wait_for_line '500$'
	type_line 'out 1.1'
	type_marker still
}

@test "prompt: a command of the shell has the terminal, and ^C is for it" {
	open_prompt
	type_line '! echo begun-$((1 + 1)); cat'
	wait_for_line '^begun-2$'
	type_line 'for cat'
	wait_until said_twice 'for cat'
	press C-d
	wait_for_prompt
	type_line '! echo again-$((1 + 1)); cat; echo not-$((1 + 1))'
	wait_for_line '^again-2$'
	type_line 'once more'
	wait_until said_twice 'once more'
	press C-c
	wait_for_prompt
	not grep -q '^not-2' screen
	type_marker well
}

@test "prompt: no home is made that is not there, but what belongs into one that is" {
	check() {
		open_screen 80 24 "exec env $* \"\$MPMAP\" --interactive -j1"
		wait_for_prompt
		type_marker well
		type_line quit
		wait_until test -e status
	}
	check -u XDG_STATE_HOME "HOME=$PWD/ghost"
	check "XDG_STATE_HOME=$PWD/ghost/.local/state" "HOME=$PWD/ghost/"
	[ ! -e ghost ]
	mkdir home
	needs_readline
	check -u XDG_STATE_HOME "HOME=$PWD/home"
	[ -s home/.local/state/mpmap/history ]
	check "XDG_STATE_HOME=$PWD/ghost2/state" "HOME=$PWD/ghost"
	[ -s ghost2/state/mpmap/history ]
}

said_twice() {
	look && [ "$(grep -cx -- "$1" screen)" -eq 2 ]
}

@test "prompt: the end of the terminal leaves nothing but the history" {
	check() {
		trace_on
		open_prompt -j2
		hold_tasks gate 1 2
		terminal kill-session
		wait_until is_gone "$mpmap"
		no_processes_left
		[ -z "${MPMAP_READLINE-yes}" ] || file_has state/mpmap/history 'hold gate'
		open_prompt -j2
		type_text 'half a line'
		terminal kill-session
		wait_until is_gone "$mpmap"
		no_processes_left
	}
	under_methods check
}

@test "prompt: the terminal is restored, however it ends" {
	local way
	export XDG_STATE_HOME=$PWD/state
	for way in quit ^D TERM HUP QUIT ABRT SEGV BUS; do
		echo "$way"
		rm -f stty.* gate
		trace_on
		open_screen 80 24 'trap : INT; ulimit -c 0; stty -g >stty.before; "$MPMAP" --interactive -j2; echo $? >way; stty -g >stty.after'
		wait_for_prompt
		hold_tasks gate 1 2
		type_text '! half'
		wait_for_last_line '! half$'
		mpmap=$(event_field pid worker_start | head -n 1)
		case $way in
		quit | ^D)
			press C-c
			wait_for_prompt
			touch gate
			type_line wait
			wait_for_line '1\.2.*result-2$'
			wait_for_prompt
			if [ "$way" = quit ]; then type_line quit; else press C-d; fi
			;;
		*) kill "-$way" "$mpmap" ;;
		esac
		wait_until test -e status
		cmp stty.before stty.after || complain "the terminal is not as before: $way"
		wait_until only_terminal_left
		case $way in
		quit | ^D) ;;
		*) [ "$(<way)" -gt 128 ] || complain "$way: status $(<way)" ;;
		esac
		terminal kill-server
	done
}

@test "prompt: killed with SIGKILL it leaves no process" {
	trace_on
	open_prompt -j2
	hold_tasks gate 1 2
	kill -KILL "$mpmap"
	ends_well
}

@test "prompt: no escape codes are written to a pipe" {
	needs script
	export XDG_STATE_HOME=$PWD/state
	open_shell
	type_line '"$MPMAP" --interactive >out'
	wait_for_last_line '.'
	type_line "map --shell 'echo result-\$1' ::: 1"
	wait_until file_has out result-1
	type_line quit
	shell_status 0
	not grep -q $'\e' out
	printf '%s\n' '# a script' 'map echo ::: a' '! echo b' jobs help >script
	TERM=xterm SHELL=/bin/sh run_it script -qefc '"$MPMAP" --interactive <script' raw
	expect 0
	not grep -q $'\e' raw
	not grep -q 'mpmap.*>' raw
}
