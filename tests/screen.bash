# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A real terminal for the outside tests: a tmux server of the test's own, which ends with it. Load it after helper.
#
# What is shown is looked at by capture-pane, and waited for; keys are sent as somebody would type them.

# How many there have been in a test; a server that ends removes its socket some time later, so each has one of its own.
screens=0
SCREEN_SHELL_PROMPT='ready> '

eval "helper_$(declare -f teardown)"

teardown() {
	for ((; screens > 0; screens--)); do
		terminal kill-server 2>/dev/null || :
	done
	helper_teardown
}

terminal() {
	LC_ALL=C.UTF-8 tmux -u -S "$BATS_TEST_TMPDIR/tmux$screens" -f "$BATS_TEST_TMPDIR/tmux.conf" "$@" 3>&- 4>&- 7>&- 8>&-
}

# open_terminal COLUMNS ROWS COMMAND...; the screen stays when the command has ended
open_terminal() {
	needs tmux || return 1
	unset TMUX NO_COLOR
	screens=$((screens + 1))
	printf 'set -g %s\n' 'status off' 'remain-on-exit on' "remain-on-exit-format ''" 'default-shell /bin/sh' \
		>"$BATS_TEST_TMPDIR/tmux.conf"
	# tmux ignores some signals, and so would what it starts
	terminal new-session -d -x "$1" -y "$2" -c "$PWD" "$TOOL" under default -- "${@:3}"
}

# open_screen COLUMNS ROWS SCRIPT: a script of sh runs on the terminal, and leaves its exit status in the file status
open_screen() {
	rm -f status
	printf '%s\n' "$3" >script
	open_terminal "$1" "$2" sh -c 'trap : INT QUIT; sh ./script; echo $? >status.new; mv status.new status'
}

# open_shell: somebody sits before an interactive bash
open_shell() {
	printf '%s\n' "PS1='$SCREEN_SHELL_PROMPT'" 'unset HISTFILE PROMPT_COMMAND' "bind 'set enable-bracketed-paste off'" >rc
	open_terminal "${1:-80}" "${2:-24}" bash --noprofile --rcfile rc -i
	wait_until screen_shows "^$SCREEN_SHELL_PROMPT?$"
}

# What the interactive mode asks with, before what has been typed.
PROMPT='^mpmap[^>]*>'

# open_prompt [OPTION]...: somebody sits before the interactive mode; $mpmap is its pid
open_prompt() {
	export XDG_STATE_HOME=$PWD/state
	open_terminal 80 24 "$MPMAP" --interactive "$@"
	mpmap=$(terminal display-message -p '#{pane_pid}')
	wait_for_prompt
}

# The last line of the screen matches an extended expression.
last_line_is() {
	look && tail -n 1 screen | grep -Eq -- "$1"
}

wait_for_last_line() {
	wait_until last_line_is "$1" && return
	echo 'the screen:' && cat screen
	return 1
}

# Nothing has been typed, and something can be. Without readline an empty line that was typed ahead leaves a prompt before it.
wait_for_prompt() {
	wait_for_last_line "$PROMPT( mpmap[^>]*>)*\$"
}

# Lines are edited with readline: the Makefile knows.
needs_readline() {
	[ -n "${MPMAP_READLINE-yes}" ] || skip 'built without readline'
}

# type_text TEXT: as a line, without its end
type_text() {
	terminal send-keys -l -- "$1"
}

# paste TEXT [OPTION]: from the clipboard; with -p a program that asked for it is told where it begins and ends
paste() {
	terminal set-buffer -- "$1" \; paste-buffer "${@:2}"
}

# resize COLUMNS ROWS
resize() {
	terminal resize-window -x "$1" -y "$2"
}

# Types a line.
type_line() {
	terminal send-keys -l -- "$1" \; send-keys Enter
}

# press KEY...: C-c, C-z, C-d
press() {
	terminal send-keys "$@"
}

# What the screen shows now, in the file screen; empty lines at its end are not in it.
look() {
	terminal capture-pane -p >screen.all && printf '%s\n' "$(<screen.all)" >screen
}

screen_shows() {
	look && grep -Eq -- "$1" screen
}

wait_for_line() {
	wait_until screen_shows "$1" && return
	echo 'the screen:' && cat screen
	return 1
}

# The screen is this and nothing else.
screen_is() {
	look && [ "$(<screen)" = "$1" ]
}

# The whole screen matches an extended expression of bash.
screen_matches() {
	look && [[ $(<screen) =~ ^$1$ ]]
}

wait_for_screen() {
	wait_until screen_matches "$1" && return
	echo 'the screen:' && cat screen
	return 1
}

cursor() {
	terminal display-message -p '#{cursor_x},#{cursor_y}'
}

# The columns that a line of the screen takes: width_of LINE
width_of() {
	printf '%s\n' "$1" | LC_ALL=C.UTF-8 wc -L
}

# Every byte that comes to the terminal from now on is in the file raw too.
record_terminal() {
	: >raw
	terminal pipe-pane 'exec cat >>raw'
}

# The state of a process: is_state PID LETTERS
is_state() {
	local state
	state=$(awk '/^State:/ { print $2 }' "/proc/$1/status" 2>/dev/null) && [[ -n $state && $2 = *"$state"* ]]
}

# A script is at its end: ended STATUS
ended() {
	wait_until test -e status || return 1
	[ "$(<status)" = "$1" ] || complain "exit status $(<status), expected $1"
}

# The same of what bash ran in the foreground, or got as a job: shell_status STATUS
shell_status() {
	rm -f status
	# shellcheck disable=SC2016
	type_line 'echo $? >status.new; mv status.new status'
	ended "$1"
}

# Of what the test started, the server of the terminal is all that runs.
only_terminal_left() {
	local server
	server=$(terminal display-message -p '#{pid}')
	"$TOOL" marked "MPMAP_TEST_ID=$MPMAP_TEST_ID" >left || :
	! grep -v "^$server " left
}

# Lets time pass in which nothing should happen.
let_pass() {
	read -rt "$1" _ <>"$BATS_TEST_TMPDIR/no-input" || :
}

# Job control: all_in STATES PID...
all_in() {
	local pid
	for pid in "${@:2}"; do
		is_state "$pid" "$1" || return 1
	done
}

# Once the tasks up to COUNT have started: $mpmap and $tasks, the pids.
wait_for_tasks() {
	wait_for_event task_start "$1"
	mpmap=$(event_field pid run_start)
	mapfile -t tasks < <(event_field task_pid task_start)
}

# They have stopped, and the shell has taken note.
wait_for_stop() {
	wait_until all_in T "$mpmap" "${tasks[@]}" || {
		ps -o pid,pgid,tpgid,stat,args "$mpmap" "${tasks[@]}"
		return 1
	}
	wait_for_line '^\[1\]\+ +Stopped'
}
