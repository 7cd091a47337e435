# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A real terminal for the outside tests: a tmux server of the test's own, which ends with it. Load it after helper.
#
# The screen is read by capture-pane, with waits for what it is to show; keys are sent as if typed.

# The number of servers so far in a test. Each has a socket of its own, since an ended server removes its socket later.
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

# open_terminal COLUMNS ROWS COMMAND...: runs a command on a terminal; the screen remains after its end
open_terminal() {
	needs tmux || return 1
	unset TMUX NO_COLOR
	screens=$((screens + 1))
	printf 'set -g %s\n' 'status off' 'remain-on-exit on' "remain-on-exit-format ''" 'default-shell /bin/sh' \
		>"$BATS_TEST_TMPDIR/tmux.conf"
	# tmux ignores some signals, and so would what it starts
	terminal new-session -d -x "$1" -y "$2" -c "$PWD" "$TOOL" under default -- "${@:3}"
}

# open_screen COLUMNS ROWS SCRIPT: runs a script of sh on a terminal, and stores its exit status in the file status
open_screen() {
	rm -f status
	printf '%s\n' "$3" >script
	open_terminal "$1" "$2" sh -c 'trap : INT QUIT; sh ./script; echo $? >status.new; mv status.new status'
}

# open_shell: runs an interactive bash on a terminal
open_shell() {
	printf '%s\n' "PS1='$SCREEN_SHELL_PROMPT'" 'unset HISTFILE PROMPT_COMMAND' "bind 'set enable-bracketed-paste off'" >rc
	open_terminal "${1:-80}" "${2:-24}" bash --noprofile --rcfile rc -i
	wait_until screen_shows "^$SCREEN_SHELL_PROMPT?$"
}

# The prompt of the interactive mode, as an expression.
PROMPT='^mpmap[^>]*>'

# open_prompt [OPTION]...: runs the interactive mode on a terminal; $mpmap is its pid
open_prompt() {
	export XDG_STATE_HOME=$PWD/state
	open_terminal 80 24 "$MPMAP" --interactive "$@"
	mpmap=$(terminal display-message -p '#{pane_pid}')
	wait_for_prompt
}

# True if the last line of the screen matches an extended expression.
last_line_is() {
	look && tail -n 1 screen | grep -Eq -- "$1"
}

wait_for_last_line() {
	wait_until last_line_is "$1" && return
	echo 'the screen:' && cat screen
	return 1
}

# True if the prompt waits for a line, or mpmap has ended.
asked_or_gone() {
	is_gone "$mpmap" || last_line_is "$PROMPT\$"
}

# Leaves the prompt, which asks once if tasks still run.
leave_prompt() {
	type_line quit
	wait_until asked_or_gone
	is_gone "$mpmap" || type_line quit
}

# Waits for an empty prompt. Without readline an empty line that was typed ahead leaves a prompt before it.
wait_for_prompt() {
	wait_for_last_line "$PROMPT( mpmap[^>]*>)*\$"
}

# Skips the test in a build without readline, which the Makefile reports.
needs_readline() {
	[ -n "${MPMAP_READLINE-yes}" ] || skip 'built without readline'
}

# type_text TEXT: types a text without Enter
type_text() {
	terminal send-keys -l -- "$1"
}

# paste TEXT [OPTION]: pastes a text; with -p it is bracketed for programs that have requested that
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

# Stores the contents of the screen in the file screen, without empty lines at its end.
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

# True if the screen shows this and nothing else.
screen_is() {
	look && [ "$(<screen)" = "$1" ]
}

# True if the whole screen matches an extended expression of bash.
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

# width_of LINE: prints how many columns a line of the screen takes
width_of() {
	printf '%s\n' "$1" | LC_ALL=C.UTF-8 wc -L
}

# Stores every byte that the terminal receives from now on in the file raw, too.
record_terminal() {
	: >raw
	terminal pipe-pane 'exec cat >>raw'
}

# is_state PID LETTERS: true if the process is in one of the states
is_state() {
	local state
	state=$(awk '/^State:/ { print $2 }' "/proc/$1/status" 2>/dev/null) && [[ -n $state && $2 = *"$state"* ]]
}

# ended STATUS: waits for the end of the script, and fails unless it has that exit status
ended() {
	wait_until test -e status || return 1
	[ "$(<status)" = "$1" ] || complain "exit status $(<status), expected $1"
}

# shell_status STATUS: fails unless the last command in bash, in the foreground or a job, has that exit status
shell_status() {
	rm -f status
	# shellcheck disable=SC2016
	type_line 'echo $? >status.new; mv status.new status'
	ended "$1"
}

# True if the terminal's server is the only process of the test that runs.
only_terminal_left() {
	local server
	server=$(terminal display-message -p '#{pid}')
	"$TOOL" marked "MPMAP_TEST_ID=$MPMAP_TEST_ID" >left || :
	! grep -v "^$server " left
}

# all_in STATES PID...: true if all processes are in one of the states
all_in() {
	local pid
	for pid in "${@:2}"; do
		is_state "$pid" "$1" || return 1
	done
}

# wait_for_tasks COUNT: waits until that many tasks have started; stores the pids in $mpmap and $tasks
wait_for_tasks() {
	wait_for_event task_start "$1"
	mpmap=$(event_field pid run_start)
	mapfile -t tasks < <(event_field task_pid task_start)
}

# Waits until mpmap and its tasks have stopped, and the shell has noticed.
wait_for_stop() {
	wait_until all_in T "$mpmap" "${tasks[@]}" || {
		ps -o pid,pgid,tpgid,stat,args "$mpmap" "${tasks[@]}"
		return 1
	}
	wait_for_line '^\[1\]\+ +Stopped'
}
