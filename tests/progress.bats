#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The progress bar on a real terminal, and the plain progress lines.

# The scripts are for the shell on the terminal.
# shellcheck disable=SC2016

load helper
load screen

bar='\[[=>]*[> ]*\] '
time='[0-9]+:[0-9][0-9]'
# The line that stays: concluded COUNT [FAILED]
concluded() { echo "mpmap: $1 tasks? in [0-9.]+ s${2:+, $2 failed}"; }
long=$(printf 'word%.0s ' {1..80})

# holding COLUMNS ROWS RECORD...: one ./task after the other holds until there is a gate; how the run ended is then in status
holding() {
	printf '%s\n' "${@:3}" >records
	printf '%s\n' '#!/bin/sh' 'exec "$TOOL" hold gate' >task
	chmod +x task
	rm -f gate
	open_screen "$1" "$2" "${BEFORE:-:}; exec \"\$MPMAP\" --progress=bar -j1 -a records ./task"
}

# Checks that the screen has one line of at most this many columns.
one_line_within() {
	look
	[ "$(wc -l <screen)" -eq 1 ] && [ -s screen ] && [ "$(width_of "$(<screen)")" -le "$1" ]
}

# raw_run COMMAND: on a terminal of script(1), in the background; the bytes are in raw
raw_run() {
	needs script || return 1
	rm -f raw
	SHELL=/bin/sh TERM=${TERM_NAME:-xterm} start_it script -qefc "$1" raw
}

raw_frames() {
	tr '\r' '\n' <raw | grep -cE '[0-9]/~?[0-9]+\+?, ' || :
}

frames_are() {
	[ -e raw ] && [ "$(raw_frames)" -ge "$1" ]
}

failing='"$MPMAP" --progress=bar -j1 --shell "[ \$1 = 1 ] && exit 3; exec \"\$TOOL\" hold gate" ::: 1 2'

@test "progress: whole on one line at 20, 40, 80 and 200 columns, and one line stays at the end" {
	local expected
	for columns in 20 40 80 200; do
		case $columns in
		20) expected="0/2, 0%, $time" ;;
		40) expected="${bar}0/2, 0%, $time, 1 running" ;;
		*) expected="${bar}0/2, 0%, $time, 1 running, #1 $time \./t.*" ;;
		esac
		holding "$columns" 24 "$long" two
		wait_for_screen "$expected"
		one_line_within $((columns - 1))
		[ "$columns" -le 40 ] || [ "$(width_of "$(<screen)")" -ge $((columns - 2)) ] || complain "$(<screen)"
		[ "$(cursor)" = 0,0 ] || complain "cursor at $(cursor)"
		touch gate
		ended 0
		[ "$columns" = 20 ] || wait_for_screen "$(concluded 2)"
		terminal kill-server
	done
}

@test "progress: wide and combining characters, and a locale that has none" {
	local record='漢字かな交じり文' line
	for record in "$record$record$record$record$record$record$record$record$record$record" "$(printf 'e\314\201%.0s' {1..200})" "$(printf '😀👍🏽❤️👩‍👩‍👧🇩🇪%.0s' {1..20})" \
		"$(printf '한국어ｆｕｌｌ%.0s' {1..20})" $'\tA\e[31mB\x7f\xff\xfe'"$long"; do
		for columns in 79 80 81; do
			holding "$columns" 24 "$record" two
			wait_for_screen "${bar}0/2, 0%, $time, 1 running, #1 $time \./t.*"
			one_line_within $((columns - 1))
			[ "$(cursor)" = 0,0 ] || complain "cursor at $(cursor)"
			touch gate
			ended 0
			wait_for_screen "$(concluded 2)"
			terminal kill-server
		done
	done
}

@test "progress: in a locale without them, other characters are question marks" {
	BEFORE='LC_ALL=C' holding 80 24 'äöü' two
	wait_for_screen "${bar}0/2, 0%, $time, 1 running, #1 $time \./task '\?\?\?'?"
	touch gate
	ended 0
}

# There is one bar, on the last line, as wide as it can be now; all above it is numbers.
resized_to() {
	local last
	look
	last=$(tail -n 1 screen)
	[ "$(grep -vxEc '[0-9]+' screen)" -eq 1 ] && [[ $last =~ 0/2,\ .*running ]] &&
		[ "$(width_of "$last")" -lt "$1" ] && [ "$(width_of "$last")" -ge $(($1 - 14)) ]
}

@test "progress: a resize leaves one bar and no remains, wherever it is on the screen" {
	for above in 0 30; do
		BEFORE="seq $above" holding 80 12 "$long" two
		wait_until resized_to 80
		for columns in 40 120 30 81; do
			terminal resize-window -x "$columns"
			wait_until resized_to "$columns" || complain "$(<screen)"
		done
		touch gate
		ended 0
		look
		not grep -q running screen
		terminal kill-server
	done
}

@test "progress: output and messages in between stay whole, with the bar below" {
	local i expected='' line=$'[^\n]*'
	open_screen 80 24 'exec "$MPMAP" --progress=bar -j1 --shell "
		\"\$TOOL\" hold \"gate\$1\"; echo \"output \$1\"; echo \"error \$1\" >&2" ::: 1 2 3 4'
	wait_for_screen "${bar}0/4, $line"
	for i in 1 2 3; do
		touch "gate$i"
		expected+="output $i"$'\n'"error $i"$'\n'
		wait_for_screen "$expected${bar}$i/4, $line"
	done
	touch gate4
	ended 0
	wait_for_screen "${expected}output 4"$'\n'"error 4"$'\n'"$(concluded 4)"
}

@test "progress: with stdout elsewhere the bar stays below the tasks' errors" {
	local i expected='' line=$'[^\n]*'
	open_screen 80 24 'exec "$MPMAP" --progress=bar -j1 --shell "
		\"\$TOOL\" hold \"gate\$1\"; echo \"output \$1\"; echo \"error \$1\" >&2" ::: 1 2 3 >out'
	wait_for_screen "${bar}0/3, $line"
	for i in 1 2; do
		touch "gate$i"
		expected+="error $i"$'\n'
		wait_for_screen "$expected${bar}$i/3, $line"
	done
	touch gate3
	ended 0
	wait_for_screen "${expected}error 3"$'\n'"$(concluded 3)"
	same out $'output 1\noutput 2\noutput 3'
}

@test "progress: stdout is the same terminal by another name" {
	open_screen 80 24 'exec "$MPMAP" --progress=bar -j1 --shell "
		\"\$TOOL\" hold \"gate\$1\"; echo \"output \$1\"" ::: 1 2 >/dev/tty'
	wait_for_screen "${bar}0/2, .*"
	touch gate1
	wait_for_screen $'output 1\n'"${bar}1/2, .*"
	touch gate2
	ended 0
	wait_for_screen $'output 1\noutput 2\n'"$(concluded 2)"
}

@test "progress: SIGUSR1 says its lines above the bar" {
	trace_on
	holding 80 24 one two
	wait_for_screen "${bar}0/2, .*"
	kill -USR1 "$(event_field pid run_start)"
	wait_for_screen "mpmap: 0 of 2 tasks done.*"$'\n'"${bar}0/2, [^"$'\n'"]*"
	touch gate
	ended 0
	look
	not grep -q '\[>' screen
}

@test "progress: no bar on a line that is not at its end" {
	printf 'no newline' >part1
	echo ' yet' >part2
	printf last >part3
	open_screen 80 24 'exec "$MPMAP" --progress=bar -j1 --shell "
		\"\$TOOL\" hold \"gate\$1\"; cat \"part\$1\"; \"\$TOOL\" hold \"after\$1\"" ::: 1 2 3'
	wait_for_screen "${bar}0/3, .*"
	touch gate1
	wait_for_screen 'no newline'
	touch after1
	let_pass 0.5
	screen_is 'no newline'
	touch gate2
	wait_for_screen $'no newline yet\n'"${bar}1/3, .*"
	touch after2 gate3 after3
	ended 0
	wait_for_screen $'no newline yet\nlast\n?'"$(concluded 3)"
}

@test "progress: nothing of the bar is left after ^C" {
	holding 80 24 one two
	wait_for_screen "${bar}0/2, .*"
	press C-c
	ended 130
	look
	[[ $(<screen) = @(|^C)"mpmap: ended by SIGINT: 0 done, 1 stopped, 1 not begun" ]] || complain "$(<screen)"
}

@test "progress: nothing of the bar is left beside a summary of failures" {
	open_screen 80 24 "exec $failing"
	wait_for_screen "${bar}1/2, 50%, 1 failed, .*"
	touch gate
	ended 123
	wait_for_screen "$(concluded 2 1)"$'\nmpmap: 1 of 2 tasks failed: 1 by exit status\nmpmap: #1: exit status 3: .*'
	not grep -q running screen
}

# now: microseconds
now() {
	echo "${EPOCHREALTIME/./}"
}

@test "progress: no frame in the first 200 ms" {
	local begun ends tries=0
	needs script
	# a run as short as that, from before it is started to its end, however busy the machine is
	while :; do
		trace_on
		SHELL=/bin/sh TERM=xterm run_it script -qefc '"$MPMAP" true ::: 1; exec "$MPMAP" --progress=bar true ::: 2' raw
		mapfile -t ends < <(event_field time run_end)
		[ $((ends[1] - ends[0])) -ge 200000000 ] || break
		[ $((tries += 1)) -lt 50 ] || complain 'this machine is too slow'
	done
	unset MPMAP_TRACE
	[ "$(raw_frames)" -eq 0 ]
	begun=$(now)
	raw_run '"$MPMAP" --progress=bar "$TOOL" hold ::: gate'
	wait_until frames_are 1
	[ $(($(now) - begun)) -ge 200000 ]
	touch gate
	finish
	expect 0
}

@test "progress: at most ten frames a second" {
	local begun frames took
	begun=$(now)
	raw_run '"$MPMAP" --progress=bar -j2 --shell "sleep 0.01" ::: $(seq 200)'
	finish
	took=$(($(now) - begun))
	expect 0
	frames=$(raw_frames)
	[ "$frames" -ge 1 ] && [ "$frames" -le $((took / 100000 + 1)) ] || complain "$frames frames in $took us"
}

@test "progress: an unknown total, then a known one" {
	open_feed
	open_screen 80 24 'exec "$MPMAP" --progress=bar -j2 sh -c "[ \$1 = 1 ] || exec \"\$TOOL\" hold gate" x <feed'
	printf '%s\n' 1 2 3 >&7
	wait_for_screen "1/3\+, $time, [0-9.]+/s, 2 running, #2 .*"
	close_feed
	wait_for_screen "${bar}1/3, 33%, $time, ETA [0-9:]+, .*"
	touch gate
	ended 0
	wait_for_screen "$(concluded 3)"
}

@test "progress: failures are red, unless colours are not wanted" {
	local how
	for how in '31:' "31:--color=always" "31:NO_COLOR=1 --color=always" "31:NO_COLOR= --color=auto" \
		':--color=never' ':NO_COLOR=1' ':MPMAP_COLOR=never' "31:MPMAP_COLOR=never --color=always"; do
		echo "$how"
		rm -f gate
		local words=" ${how#*:} " option=
		[[ $words != *--color* ]] || option=--color${words##*--color}
		raw_run "env -u NO_COLOR ${words%%--*} ${failing/--/$option --}"
		wait_until frames_are 1
		wait_until grep -q '1 failed' raw
		touch gate
		finish
		expect 123
		if [ "${how%%:*}" = 31 ]; then
			grep -q $'\e\\[31m1 failed\e\\[m' raw || complain "$(cat -v raw)"
		else
			not grep -q $'\e\\[[0-9]*m' raw
		fi
	done
}

@test "progress: a terminal that can do nothing gets plain lines" {
	local kind
	for kind in bar auto plain; do
		rm -f plain
		TERM_NAME=dumb raw_run "\"\$MPMAP\" --progress=$kind \"\$TOOL\" hold plain ::: 1"
		wait_until grep -Eq "^mpmap: 0/1, 0%, 0:0[2-9], 1 running" raw
		touch plain
		finish
		expect 0
		grep -Eq "^$(concluded 1)" raw
		not grep -q $'\e' raw
	done
}

@test "progress: MPMAP_PROGRESS is the default" {
	raw_run 'MPMAP_PROGRESS=bar "$MPMAP" "$TOOL" hold ::: gate'
	wait_until frames_are 1
	touch gate
	finish
	expect 0
	raw_run 'MPMAP_PROGRESS=none "$MPMAP" sleep ::: 0.5'
	finish
	[ "$(raw_frames)" -eq 0 ]
	raw_run 'MPMAP_PROGRESS=bar "$MPMAP" --progress=none sleep ::: 0.5'
	finish
	[ "$(raw_frames)" -eq 0 ]
	MPMAP_PROGRESS=bars mp echo ::: a
	usage_error MPMAP_PROGRESS bars 'bar, plain'
	mp --progress=bars echo ::: a
	usage_error bars 'bar, plain'
	mp --color=red echo ::: a
	usage_error red 'always'
}

@test "progress: not on a terminal: the bar is nothing, else there are plain lines" {
	mp --progress=bar sleep ::: 0.5
	expect 0 '' ''
	MPMAP_PROGRESS=bar mp sleep ::: 0.5
	expect 0 '' ''
	start --progress -j2 "$TOOL" hold gate ::: 1 2 3
	wait_until file_has err '^mpmap: 0/3, 0%, 0:0[2-9], 2 running$'
	touch gate
	finish
	expect 0
	not grep -vEq "^mpmap: [0-3]/3, |^$(concluded 3)\$" err
	grep -Eq "^$(concluded 3)\$" err
}

@test "progress: plain lines at growing intervals, or every so many seconds" {
	local times
	start --progress=plain -j1 "$TOOL" hold gate ::: 1
	wait_until file_has err ', 0:0[89], '
	touch gate
	finish
	expect 0
	# at 2, 4 and 8 s, however busy the machine is
	times=$(grep -oE '0:0[0-9]' err | tr '\n' ' ')
	[[ $times =~ ^0:0[2-3]\ 0:0[4-6]\ 0:0[89]\ $ ]] || complain "$times"
	rm gate
	start --progress=plain:0.3 -j1 "$TOOL" hold gate ::: 1
	wait_until has_lines 4
	touch gate
	finish
	expect 0
	grep -Eq "^$(concluded 1)\$" err
	for value in plain: plain:0 plain:x plain:-1 bar:2; do
		mp --progress=$value true ::: 1
		usage_error "--progress '$value'" 'plain:SECS'
	done
	mp --progress=plain true ::: 1 2 3
	expect 0 ''
	grep -Eqx "$(concluded 3)" err
}

has_lines() {
	[ "$(wc -l <err)" -ge "$1" ]
}

@test "progress: nothing is shown that was not asked for" {
	open_screen 80 24 'exec "$MPMAP" -j2 --shell "exec \"\$TOOL\" hold gate" ::: 1 2 3'
	let_pass 0.5
	screen_is '' || complain "$(<screen)"
	touch gate
	ended 0
	screen_is ''
	mp -j2 sleep ::: 0.3 0.3
	expect 0 '' ''
}

# shown COLUMNS SCRIPT SCREEN [STATUS]: the screen while tasks wait for a gate; they end with that status
shown() {
	rm -f gate
	open_screen "$1" 24 "$2"
	wait_for_screen "$3" || return 1
	one_line_within $(($1 - 1))
	touch gate
	ended "${4:-0}"
	terminal kill-server
}

# A task that ends at once if its record is at most 5, and fails if it is 3; others wait for the gate.
make_quick_task() {
	printf '%s\n' '#!/bin/sh' '[ "$1" -le 5 ] || exec "$TOOL" hold gate' '[ "$1" != 3 ]' >task
	chmod +x task
	seq 60 >records
}

@test "progress: the bar is there from the start for files, a pipe that has ended, and combinations" {
	local columns run='"$MPMAP" --progress -j2' rest
	make_quick_task
	seq 3000000 >large
	seq 60 | jq -c '[.]' >values
	for columns in 40 80 200; do
		rest=".*"
		[ "$columns" != 80 ] || rest=", ETA $time, [0-9.]+/s, #6 $time!? \./task 6"
		[ "$columns" != 200 ] || rest=", ETA $time, [0-9.]+/s, 2 running, #6 $time!? \./task 6, #7 $time!? \./task 7"
		shown "$columns" "$run -a records ./task" "${bar}5/60, 8%, 1 failed, $time$rest" 123
		shown "$columns" "$run ./task <records" "${bar}5/60, 8%, 1 failed, $time$rest" 123
		shown "$columns" "seq 60 | $run ./task" "${bar}5/60, 8%, 1 failed, $time$rest" 123
	done
	shown 80 "seq 60 | $run -n 3 ./task" "${bar}2/20, 10%, $time, .*"
	shown 80 "$run -n 3 -a records ./task" "${bar}2/20, 10%, $time, .*"
	shown 80 "$run ./task {2} ::: a b c ::: \$(seq 20)" "${bar}5/60, 8%, 1 failed, $time.*" 123
	shown 80 "$run --jsonl -a values ./task {1}" "${bar}5/~(5[5-9]|6[0-9]), [78]%, 1 failed, $time.*" 123
	shown 80 "$run --csv --header : -a records ./task" "${bar}4/59, 6%, 1 failed, $time.*" 123
	# guessed from its size
	rm gate
	open_screen 80 24 "$run --halt now,fail=3 -a large ./task"
	wait_for_screen "${bar}5/~[0-9]{7}, 0%, 1 failed, $time, ETA [0-9:]+.*"
	press C-c
	ended 130
}

@test "progress: no bar while a FIFO is open, at 40, 80 and 200 columns" {
	local columns rest
	make_quick_task
	for columns in 40 80 200; do
		rm -f gate
		open_feed
		open_screen "$columns" 24 '"$MPMAP" --progress -j2 ./task <feed'
		printf '%s\n' {1..9} >&7
		rest=', [0-9.]+/s.*'
		[ "$columns" != 40 ] || rest='.*'
		wait_for_screen "5/[789]\+, 1 failed, $time$rest"
		one_line_within $((columns - 1))
		touch gate
		close_feed
		ended 123
		wait_for_screen "$(concluded 9 1)"$'\n.*'
		terminal kill-server
	done
}

@test "progress: tasks that take far longer than the median are marked" {
	make_quick_task
	open_screen 200 24 '"$MPMAP" --progress -j2 -a records ./task'
	wait_for_screen ".*, #6 0:0[1-9]! \./task 6, #7 0:0[1-9]! \./task 7"
	terminal capture-pane -p -e >colors
	grep -q $'\e\[33m#6 0:0[1-9]!\e' colors
	touch gate
	ended 123
}

@test "progress: none with --quiet, no bar with --ungroup" {
	local option
	for option in --quiet --ungroup; do
		raw_run "\"\$MPMAP\" --progress=bar $option sleep ::: 0.5"
		finish
		expect 0
		[ "$(raw_frames)" -eq 0 ]
	done
}

@test "progress: none in the background, and there again in the foreground" {
	trace_on
	open_shell 120
	record_terminal
	type_line '"$MPMAP" --progress=bar -j1 --shell "[ \$1 != 3 ] && sleep 0.3 || exec \"\$TOOL\" hold gate" ::: 1 2 3 &'
	wait_for_event task_start 1 '.seq == 3'
	let_pass 0.3
	look
	not grep -q running screen
	not grep -q ' running, ' raw
	type_line fg
	wait_for_line "^${bar}2/3, 66%, $time, ETA 0:[0-9]+, "
	press C-z
	wait_for_line Stopped
	look
	not grep -q running screen
	type_line bg
	wait_for_line '&$'
	let_pass 0.3
	look
	not grep -q running, screen
	type_line fg
	wait_for_line "^${bar}2/3, "
	touch gate
	wait_for_event run_end
	shell_status 0
	look
	not grep -q running, screen
}

@test "progress: the summary is red on a terminal, unless colours are not wanted" {
	local how
	for how in '31:' '31:NO_COLOR=1 --color=always' ':--color=never' ':NO_COLOR=1' ':TERM=dumb'; do
		echo "$how"
		local words=" ${how#*:} " option=
		[[ $words != *--color* ]] || option=--color${words##*--color}
		raw_run "env -u NO_COLOR ${words%%--*} \"\$MPMAP\" $option false ::: 1 2"
		finish
		expect 123
		if [ "${how%%:*}" = 31 ]; then
			grep -q $'^mpmap: \e\\[31m2 of 2 tasks failed\e\\[m: 2 by exit status' raw || complain "$(cat -v raw)"
		else
			grep -q '^mpmap: 2 of 2 tasks failed: 2 by exit status' raw && not grep -q $'\e\\[[0-9]*m' raw
		fi
	done
	mp --color=always false ::: 1 2
	expect 123
	not grep -q $'\e' err
}
