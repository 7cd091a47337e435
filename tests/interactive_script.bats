#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The interactive mode with a script from a pipe, file or fifo: no prompt, no line editing, and the results of batch mode.

# Scripts are for the tasks' shell.
# shellcheck disable=SC2016

load helper

# run_script LINE...: runs a script of these lines to its end; it must write no control sequence
run_script() {
	printf '%s\n' "$@" >script
	run_it "$MPMAP" --interactive <script && is_plain out && is_plain err
}

# The same with two tasks at a time, on any machine.
run_two() {
	MPMAP_JOBS=2 run_script "$@"
}

is_plain() {
	[ "$(tr -dc '\033' <"$1" | wc -c)" -eq 0 ] || complain "$1 has escape codes: $(cat -v "$1")"
}

# Masks in the file out what differs from run to run.
mask() {
	jq -c 'del(.worker, .slot, .pid, .start, .duration, .user, .sys, .max_rss)' out >masked && mv masked out
}

# as_batch LINE [COMMAND...]: checks that "map LINE" gives the results of batch mode; COMMAND (mask) changes both outputs first
as_batch() {
	local way
	for way in batch script; do
		rm -rf "$way"
		mkdir "$way"
		cd "$way" || return 1
		seq 7 >numbers
		printf 'a,1\nb,2\n' >table
		printf '"s" 5\n' >values
		if [ "$way" = batch ]; then
			MPMAP_JOBS=2 run_it sh -c "exec \"\$MPMAP\" $1" || return 1
		else
			run_two "map $1" || return 1
			rm script
		fi
		"${@:2}" || return 1
		cd .. || return 1
	done
	diff -r batch script >differs || complain "map $1 (< batch, > script): $(head -n 20 differs)"
}

# stops_at NUMBER WORD...: checks that the script stopped at that line, with one message that has all WORDs
stops_at() {
	local word
	expect 2 || return 1
	says_lines 1 || return 1
	for word in '^mpmap: ' "(^|[^0-9])$1([^0-9]|\$)" "${@:2}"; do
		says "$word" || return 1
	done
	[ ! -e ran ] || complain "something ran behind it: $(cat script)"
}

# error_line LINE WORD...: checks that LINE, as the second line, stops the script
error_line() {
	rm -f ran
	run_script 'map echo ::: before' "$1" 'map touch ::: ran' && expect 2 before && stops_at 2 "${@:2}"
}

# feed_script [OPTION...]: starts mpmap, which reads lines as the test writes them
feed_script() {
	trace_on
	open_feed
	start --interactive "$@" <feed
}

say() {
	printf '%s\n' "$@" >&7
}

# Feeds a map whose tasks run until the gate exists.
HOLD="map --shell 'exec \"\$TOOL\" hold gate' :::"

# Waits until the lines written so far have been carried out.
all_done() {
	marks=$((${marks:-0} + 1))
	say "! touch done-$marks" && wait_until test -e "done-$marks"
}

end_feed() {
	say quit && close_feed && finish
}

# Prints the pids of the workers that were started, each once.
workers_started() {
	event_field worker_pid worker_start | sort -n
}

@test "interactive: each map is as in batch mode, byte for byte" {
	as_batch 'echo ::: a "b c" ""'
	as_batch '-j1 echo one {} {#} ::: x y'
	as_batch "--tag printf '%s\n' ::: a b"
	as_batch "-o jsonl sh -c 'echo out; echo err >&2; exit \$1' - ::: 0 3" mask
	as_batch "--shell 'echo \"<\$1>\"; echo \"e \$1\" >&2' ::: a 'b  c'"
	as_batch '-n 3 echo < numbers'
	as_batch 'echo {2}{1} ::: a b ::: 1 2'
	as_batch 'echo <numbers'
	as_batch '--stdin cat < numbers'
	as_batch "-j1 --retries 2 --shell 'echo \$MPMAP_ATTEMPT; [ \$MPMAP_ATTEMPT = \$1 ]' ::: 1 2 3"
	as_batch "--shell 'echo \$1; exit \$((\$1 % 3))' < numbers"
	as_batch "--shell '[ \$1 != 2 ] || kill -9 \$\$; echo \$1' < numbers"
}

@test "interactive: other sources, columns, files and endings are as in batch mode" {
	as_batch 'echo :::: numbers ::: -'
	as_batch '-a numbers -j3 --chunksize 2 echo'
	as_batch '-C , --header=: echo {2} < table'
	as_batch '-C , echo {2} < table'
	as_batch '--json echo < values'
	as_batch '--results=kept -q echo ::: a' find kept -name meta.json -delete
	as_batch '--dry-run echo ::: "a b"'
	as_batch "-q --shell 'exit \$1' ::: 1"
	as_batch "-j1 --halt now,success=1 --shell 'echo \$1; exit \$1' ::: 1 0 2"
	as_batch 'there-is-no-such-command ::: a'
	as_batch "--shell 'head -c \${1}00000 /dev/zero | tr \"\\0\" \$1' < numbers"
}

@test "interactive: many maps in one script give the results of single maps" {
	seq 1000 >numbers
	run_two 'map echo < numbers' 'map -j1 --shell "echo out; echo err >&2; exit 1" ::: 1' 'map --tag echo ::: x' 'map printf %s ::: a b'
	expect 0
	{ cat numbers && printf 'out\nx\tx\nab'; } | cmp - out
	exactly err $'err\nmpmap: the only task failed: by exit status\n'"$(sed -n 3p err)"$'\n'
	says '^mpmap: #1: exit status 1: '
}

@test "interactive: the status is that of the last map" {
	run_script 'map false ::: 1' 'map true ::: 1'
	expect 0
	run_script 'map true ::: 1' 'map false ::: 1'
	expect 123
	run_script 'map false ::: 1' "map --shell 'kill -9 \$\$' ::: 1" '# nothing' '' 'jobs' 'workers'
	expect 125
	run_script 'map false ::: 1' quit
	expect 123
}

@test "interactive: comments, empty lines and an empty script do nothing" {
	run_script '' '# map touch ::: ran' '   # map touch ::: ran' $' \t ' 'map echo ::: "# none"' '#'
	expect 0 '# none' ''
	[ ! -e ran ]
	mp --interactive
	expect 0 '' ''
	printf 'map echo ::: a\nmap echo ::: b' >script
	mp --interactive <script
	expect 0 $'a\nb' ''
}

@test "interactive: words are quoted as in a shell" {
	run_script "map printf '<%s>\n' ::: ""'a  b' \"c'd\" e\\ f 'g\"h' i\"j  k\"'l' \\\\"
	expect 0 $'<a  b>\n<c\'d>\n<e f>\n<g"h>\n<ij  kl>\n<\\>' ''
	run_script 'map echo ::: '"'\$HOME' '*' '\`id\`' '~' ';' '|' '&' '<' '#'"
	expect 0 $'$HOME\n*\n`id`\n~\n;\n|\n&\n<\n#' ''
	run_script "  map   echo   :::	a  "
	expect 0 a ''
}

@test "interactive: an unknown command is named, with the nearest one" {
	error_line 'wokers 3' wokers workers
	error_line 'jos' jos jobs
	error_line 'hisotry' hisotry history
	error_line 'xyzzyxyzzy' xyzzyxyzzy
}

@test "interactive: unended quotes and wrong options are errors" {
	error_line "map echo ::: 'a" 'quote'
	error_line 'map echo ::: "a b' 'quote'
	error_line 'map --bogus echo ::: a' '--bogus'
	error_line 'map --unordred echo ::: a' '--unordred' '--unordered'
	error_line 'map -j x echo ::: a' 'x'
	error_line 'map --interactive echo ::: a' interactive
	error_line 'map'
}

@test "interactive: IDs that do not exist or are malformed are errors" {
	error_line 'out 9' 9
	error_line 'out 1.2' '1\.2|task 2'
	error_line 'errors 3.1' '(^|[^0-9])3([^0-9]|$)'
	error_line 'show 1.0' 0
	error_line 'show nothing' nothing
	error_line 'wait 7' 7
	error_line 'cancel 99999999999999999999' 99999999999999999999
	error_line 'out 1.' '1\.'
}

@test "interactive: workers and set refuse wrong values" {
	error_line 'workers 0' 0
	error_line 'workers x' x
	error_line 'workers -1' '-1'
	error_line 'workers 16385' 'from 1 to 16384'
	error_line 'set nonsense 3' nonsense
	error_line 'set jobs x' x
}

@test "interactive: source refuses a missing file and itself, and stops at an error" {
	error_line 'source missing' missing
	error_line 'source'
	error_line 'source .'
	echo 'source itself' >itself
	rm -f ran
	run_script 'map echo ::: before' 'source itself' 'map touch ::: ran'
	expect 2 before
	says_lines 1
	says itself
	printf 'source two\n' >one
	printf 'map echo ::: in-two\nsource one\nmap touch ::: ran\n' >two
	run_script 'source one' 'map touch ::: ran'
	expect 2 in-two
	says_lines 1
	printf '\nnonsense\nmap touch ::: ran\n' >wrong
	run_script 'source wrong' 'map touch ::: ran'
	expect 2 ''
	says_lines 1
	says nonsense
	[ ! -e ran ]
}

@test "interactive: --interactive takes no operands" {
	mp --interactive echo </dev/null
	usage_error interactive
	mp --interactive ::: a </dev/null
	usage_error interactive
}

@test "interactive: source runs the lines of a file" {
	printf '# of a file\nmap echo ::: one\nsource deeper\n' >file
	printf 'map echo ::: two' >deeper
	run_script 'source file' 'map echo ::: three' 'source deeper'
	expect 0 $'one\ntwo\nthree\ntwo' ''
}

@test "interactive: apply runs a command once" {
	run_script 'apply echo "a  b" c' 'apply sh -c "echo out; echo err >&2"'
	expect 0 $'a  b c\nout' 'err'
}

@test "interactive: out and errors show the output of ended runs again" {
	run_two "map --shell 'echo out \$1; echo err \$1 >&2' ::: a b" '! echo --' 'out 1.2' '! echo --' 'out last' '! echo --' 'errors 1.1'
	expect 0
	head -n 7 out >begin
	same begin $'out a\nout b\n--\nout b\n--\nout a\nout b'
	[ "$(cat out err | grep -c '^err a$')" -eq 2 ]
	[ "$(cat out err | grep -c '^err b$')" -eq 1 ]
}

@test "interactive: outputs come back with all their bytes" {
	"$TOOL" spew 200000 3 >noise
	printf '%s\n' 'map cat ::: noise noise' 'out 1.2' 'out 1' >script
	mp --interactive <script
	expect 0
	cat noise noise noise noise noise | cmp - out
}

@test "interactive: show describes a task" {
	run_two "map --retries 1 --shell 'exit \$1' ::: 0 3" 'show 1.2'
	expect 123
	for word in 'exit \$1' '(^|[^0-9])3([^0-9]|$)' 'failed' 'ForkWorker-[0-9]+' '[Aa]ttempts? .*2'; do
		grep -Eq -- "$word" out || complain "show does not tell: $word: $(cat out)"
	done
	run_script "map --shell 'kill -9 \$\$' ::: 0" 'show 1.1'
	grep -q SIGKILL out || complain "show does not tell the signal: $(cat out)"
}

@test "interactive: workers N takes as many as -j does" {
	run_script 'workers 16384' workers
	expect 0 $'16384 workers at most, 0 there, 0 of them with a run' ''
}

@test "interactive: jobs, stats, history and help answer" {
	run_two 'map echo ::: one two three' 'jobs'
	expect 0
	[ "$(sed 1,3d out | grep -c '3')" -ge 1 ] || complain "jobs: $(cat out)"
	run_two 'map true ::: 1' 'stats'
	expect 0
	grep -q [Ww]orker out || complain "stats: $(cat out)"
	run_script 'map true ::: 1' 'history'
	expect 0
	run_script 'workers'
	expect 0
	grep -q '[0-9]' out || complain "workers: $(cat out)"
}

@test "interactive: help is one screen, help COMMAND has the details" {
	run_script help
	expect 0
	[ "$(wc -l <out)" -le 24 ] && [ "$(wc -L <out)" -le 80 ] || complain "not one screen: $(cat out)"
	for word in map jobs show out errors wait cancel retry set quit :::; do
		grep -Eq -- "(^|[^a-z])$word([^a-z]|\$)" out || complain "help does not have: $word"
	done
	run_script 'help map'
	expect 0
	for word in '--jobs|-j' '--shell' ':::'; do
		grep -Eq -- "$word" out || complain "help map does not have: $word"
	done
	for word in map apply jobs workers out errors show wait cancel retry pause resume set stats history source cd clear '!' help '?' quit exit q; do
		echo "help $word" && echo '! echo --end--'
	done >script
	mp --interactive <script
	expect 0
	[ "$(grep -c '^--end--$' out)" -eq 24 ]
	[ "$(uniq out | grep -c '^--end--$')" -eq 24 ] || complain "a command has no help: $(cat out)"
}

@test "interactive: retry failed runs the failed tasks, and no others" {
	run_two "map --shell 'echo \$1 >>runs; if mkdir had-\$1 2>/dev/null && [ \$1 -gt 2 ]; then exit 1; fi; echo well \$1' ::: 1 2 3 4" 'retry failed'
	expect 0
	[ "$(sort runs | tr '\n' ' ')" = '1 2 3 3 4 4 ' ] || complain "$(sort runs)"
	same out $'well 1\nwell 2\nwell 3\nwell 4'
	run_script 'map true ::: 1' 'retry failed'
	[ "$(<status)" -ne 123 ]
}

@test "interactive: all and failed select the tasks of several runs" {
	run_two "map --shell 'echo out \$1; echo err \$1 >&2; exit \$1' ::: 0 3" "map --shell 'printf err >&2; exit \$1' ::: 4" '! echo --' 'errors all' \
		'! echo --' 'show failed' '! echo --' 'show all' '! echo --' 'errors failed' '! echo --' 'show 1.2'
	expect 123
	awk -v RS='--\n' '{ printf "%s", $0 >("part" NR) }' out
	same part2 $'[1.1] err 0\n[1.2] err 3\n[2.1] err'
	grep -q '^task  *2\.1$' part3
	grep -q '^outcome  *failed: exit status 4$' part3
	not grep -q '^task  *1' part3
	[ "$(grep -c '^run [12]' part4)" -eq 2 ]
	grep -q '^state .*: exit status 123, a task failed$' part4
	same part5 '[2.1] err'
	grep -q '^task  *1\.2$' part6
	run_script 'map true ::: 1' 'show failed'
	expect 0 'nothing failed in run 1'
	run_two "map --shell 'echo \$1; exit \$1' ::: 1 2" "map --shell 'echo \$1; exit \$1' ::: 3" 'retry all' 'retry 1.2' jobs
	expect 123
	head -n 7 out | tr -d '\n' | grep -q '^1231232'
	[ "$(grep -c retry out)" -eq 3 ] || complain "$(<out)"
}

@test "interactive: wrong operands of a command are errors of its line" {
	error_line '!' '! needs a COMMAND'
	error_line 'jobs < file' 'jobs reads no file'
	error_line 'jobs now' "jobs takes no argument: 'now' is one too many"
	error_line 'out 1 2' "'2' is too much"
	error_line 'source' 'source: an argument is missing'
	error_line '< file' 'without a command'
	error_line 'help nothing' "no command 'nothing'"
	error_line 'map -j1 ::: a' 'no COMMAND'
	error_line 'map --tty true ::: a' 'tty: the terminal'
	error_line 'apply' 'apply: an argument is missing'
	run_script 'map --help' && expect 0
	cp out help
	run_script 'help map' && expect 0 && cmp out help
}

@test "interactive: show says what the exit status of a run means" {
	# shows WORDS COMMAND...: the run of a map of the command has this state
	shows() {
		run_script "map ${*:2} ::: 1" 'show 1' 'map true ::: 1'
		grep -Eq "^state +failed: $1\$" out || complain "$(<out)"
	}
	shows 'exit status 123, a task failed' false
	shows 'exit status 126, the command cannot be executed' /dev/null
	shows 'exit status 127, the command was not found' ./absent
	shows 'exit status 124, stopped early \(--halt, --until\)' --halt now,fail=1 false
	shows 'exit status 124, stopped early \(--halt, --until\)' --until 1 true
}

@test "interactive: a setting that is refused leaves the one before" {
	run_script 'set retries 2' 'set retries x'
	expect 2
	says 'line 2'
	run_it "$MPMAP" --interactive -j1 < <(printf '%s\n' 'set retries 2' 'set retries 3' set)
	expect 0 $'-j1\n--retries=3'
}

@test "interactive: set affects later maps, workers the pool" {
	run_script 'set jobs 1' "map --shell 'echo \$MPMAP_SLOT' ::: 1 2 3" "map --shell 'echo \$MPMAP_SLOT' < /dev/null" 'map -j2 true ::: 1'
	expect 0 $'1\n1\n1' ''
	feed_script
	say 'workers 3' "$HOLD 1 2 3"
	wait_for_event task_start 3
	touch gate
	end_feed
	expect 0
	[ "$(event_field worker task_start | sort -u | wc -l)" -eq 3 ]
}

@test "interactive: set OPTION on is for options without a value; apply ignores zygote" {
	run_script 'set unordered on' 'set zygote on' set 'apply echo a' 'set zygote off' 'set unordered off' set
	expect 0 $'--unordered\n--zygote\na\nnothing is set (set OPTION VALUE; help map lists the options)' ''
	run_script 'set retries on'
	expect 2
	run_script 'set leftovers kill' 'set leftovers'
	expect 2
	says '^mpmap: line 2: set leftovers: the value is missing \(set leftovers WHAT; '
}

@test "interactive: wait, pause and resume are harmless in a script" {
	run_script 'map echo ::: a' wait 'wait 1' 'wait all' pause resume 'map echo ::: b'
	expect 0
	grep -qx a out
	grep -qx b out
}

@test "interactive: a command of the shell, and quit" {
	run_script '! echo one; echo two | tr a-z A-Z' 'map echo ::: three' quit 'map touch ::: ran'
	expect 0 $'one\nTWO\nthree' ''
	[ ! -e ran ]
}

@test "interactive: neither tasks nor maps read the script" {
	run_script "map --shell 'cat; echo \$1' ::: a" 'map -j1 cat ::: /proc/self/fd/0' 'map echo ::: b'
	expect 0 $'a\nb' ''
	run_script 'map echo' 'map echo ::: c'
	[ "$(<status)" -ne 0 ] || same out c
	not grep -q map out
}

@test "interactive: a line is carried out before the next one arrives" {
	feed_script
	say 'map echo ::: a'
	wait_until file_has out '^a$'
	printf 'map echo' >&7
	let_it_wait
	say ' ::: b'
	wait_until file_has out '^b$'
	close_feed
	finish
	expect 0 $'a\nb' ''
}

# Waits until what was written has been read.
let_it_wait() {
	wait_until stays_asleep feed
	same out a
}

@test "interactive: later maps start no process but their tasks" {
	check() {
		feed_script -j3
		say "$HOLD 1 2 3"
		wait_for_event task_start 3
		workers_started >first
		[ "$(wc -l <first)" -eq 3 ]
		touch gate
		say "map sh -c 'echo \$PPID \$MPMAP_WORKER' ::: 1 2 3 4 5 6 7 8 9" 'map true ::: 1 2 3'
		end_feed
		expect 0
		workers_started | cmp first -
		[ "$(event_count worker_start)" -eq 3 ] || complain "$(events worker_start)"
		[ "$(event_count forkserver_start)" -le 1 ]
		[ "$(event_count task_start)" -eq 15 ]
		awk '{ print $1 }' out | sort -nu >parents
		[ -z "$(comm -13 <(sort first) <(sort parents))" ] || complain "tasks of others: $(cat out)"
		not grep -qv " $(worker_name)-[123]\$" out
	}
	under_methods check
}

@test "interactive: a worker killed between two maps is replaced" {
	check() {
		feed_script -j2
		say "$HOLD 1 2"
		wait_for_event task_start 2
		touch gate
		all_done
		kill -KILL "$(workers_started | head -n 1)"
		wait_until is_gone "$(workers_started | head -n 1)"
		say 'map echo ::: a b c d'
		all_done
		end_feed
		expect 0 $'a\nb\nc\nd'
		[ "$(event_count task_lost)" -eq 0 ]
	}
	under_methods check
}

@test "interactive: a worker killed with its task costs only that task" {
	feed_script -j2
	say "map --shell '[ \$1 = 1 ] && exec \"\$TOOL\" hold gate; echo \$1' ::: 1 2 3"
	wait_for_start 1
	kill -KILL "$(worker_pid "$worker")"
	all_done
	grep -Eq '^mpmap: #1: lost: ' err || complain "not said to be lost"
	say 'map echo ::: well'
	end_feed
	expect 0 $'2\n3\nwell'
}

@test "interactive: nothing is left after SIGTERM, SIGHUP and SIGKILL" {
	check() {
		local signal
		for signal in TERM HUP KILL; do
			rm -f gate
			feed_script -j2
			say "$HOLD 1 2 3"
			wait_for_event task_start 2
			kill "-$signal" "$pid"
			finish
			close_feed
			expect $((128 + $(kill -l "$signal")))
			no_processes_left
			[ "$(event_count task_start)" -eq 2 ]
		done
	}
	under_methods check
}

@test "interactive: nothing is left when it is killed while the pool is idle" {
	check() {
		local signal
		for signal in TERM KILL; do
			feed_script -j2
			say 'map echo ::: 1 2 3'
			all_done
			kill "-$signal" "$pid"
			finish
			close_feed
			expect $((128 + $(kill -l "$signal")))
			no_processes_left
		done
	}
	under_methods check
}

@test "interactive: SIGINT ends a script, and later lines are not run" {
	feed_script -j2
	say "$HOLD 1 2 3" 'map touch ::: ran'
	wait_for_event task_start 2
	kill -INT "$pid"
	finish
	close_feed
	expect 130
	no_processes_left
	[ ! -e ran ]
}

@test "interactive: it ends when the reader of the output is gone" {
	printf '%s\n' 'map yes ::: a' 'map touch ::: ran' >script
	LIMIT=20 run_it bash -c '"$MPMAP" --interactive <script | head -n 1; exit "${PIPESTATUS[0]}"'
	expect 141 a ''
	no_processes_left
	[ ! -e ran ]
	echo 'map echo ::: a' >script
	run_it sh -c '"$MPMAP" --interactive <script >/dev/full'
	expect 1
	says '^mpmap: .*No space left'
}

# Prints how many descriptors the parent and each worker have open, and their memory in KiB.
descriptors() {
	local one
	for one in $(mpmap_pids); do
		find "/proc/$one/fd" -mindepth 1 2>/dev/null | wc -l
	done | sort -n | tail -n 1
}

@test "interactive: two hundred maps do not add descriptors, memory or processes" {
	local fds memory processes i lines=()
	measures_memory
	feed_script -j2
	for ((i = 0; i < 20; i++)); do say 'map echo ::: a b'; done
	all_done
	fds=$(descriptors) memory=$(mpmap_memory) processes=$(mpmap_pids | wc -l)
	for ((i = 20; i < 200; i++)); do lines+=('map echo ::: a b'); done
	say "${lines[@]}"
	all_done
	[ "$(wc -l <out)" -eq 400 ]
	[ "$(mpmap_pids | wc -l)" -eq "$processes" ] || complain "$(mpmap_pids | wc -l) processes, $processes before"
	[ "$(descriptors)" -le $((fds + 2)) ] || complain "$(descriptors) descriptors, $fds before"
	[ "$(mpmap_memory)" -le $((memory + 8192)) ] || complain "$(mpmap_memory) KiB, $memory before"
	end_feed
	expect 0
	same err ''
}

@test "interactive: kept output is bounded" {
	local memory
	measures_memory
	ln -s /dev/null out
	feed_script -j2 --buffer 4M
	say "map '$TOOL' spew 1000000 ::: 1 2"
	all_done
	memory=$(mpmap_memory)
	for _ in {1..30}; do say "map '$TOOL' spew 4000000 ::: 1 2"; done
	LIMIT=200 all_done
	[ "$(mpmap_memory)" -le $((memory + 130000)) ] || complain "$(mpmap_memory) KiB, $memory before"
	end_feed
	expect 0
	same err ''
	[ -z "$(ls -A "$TMPDIR")" ] || complain "left in TMPDIR: $(ls -A "$TMPDIR")"
}

@test "interactive: a line may be long and have any bytes" {
	local line
	line=$(seq -s ' ' 20000)
	run_script "map -n max echo ::: $line" "map -j1 echo ::: 'ä€😀' "$'\xff\xfe'
	expect 0 "$line"$'\nä€😀\n\xff\xfe' ''
	printf 'map echo ::: a\0b\nmap touch ::: ran\n' >script
	mp --interactive <script
	not expect 0 >/dev/null
	[ ! -e ran ]
	head -c 5000 /dev/urandom | tr -d 'm!\n' >script
	mp --interactive <script
	[ "$(<status)" -le 2 ]
	no_processes_left
}

@test "interactive: an empty script starts no worker, and a script has no history" {
	trace_on
	export XDG_STATE_HOME=$PWD/state HOME=$PWD
	run_script '# nothing' jobs help
	expect 0
	[ "$(event_count worker_start)" -eq 0 ]
	run_script 'map true ::: 1'
	[ ! -e state/mpmap/history ] || complain "$(cat state/mpmap/history)"
}

@test "interactive: --help, --version and options that cannot be set are errors of their line" {
	local line
	for line in 'map --version' 'map --help echo ::: a' 'map -j2 --help' 'set version' 'set help' 'set interactive'; do
		run_script 'map echo ::: a' "$line" ': >ran'
		stops_at 2
	done
}

@test "interactive: options are parsed anew for each map, and apply takes its words literally" {
	run_script 'map -j2 -u -k echo ::: 1' 'map -k true ::: 1' 'set shell' 'apply echo -j {} ::: "a  b"'
	expect 0 $'1\n-j {} ::: a  b' ''
}

@test "interactive: --quiet affects only its own run" {
	run_script 'map -q --halt now,fail=1 false ::: 1' 'map false ::: 1'
	expect 123
	says_lines 2
}

@test "interactive: a run without tasks is done at once" {
	run_script 'map echo :::' 'map echo ::: a'
	expect 0 a ''
}

@test "interactive: earlier runs do not change the error of a wrong line" {
	run_script 'map echo < .' 'nonsense' ': >ran'
	expect 2
	says 'line 2: unknown command'
}

@test "interactive: --interactive with a COMMAND is a usage error" {
	run_it "$MPMAP" --interactive echo
	expect 2 ''
	says '--interactive'
	run_it "$MPMAP" --interactive ::: a
	expect 2 ''
	run_it "$MPMAP" --interactive --tty
	expect 2 ''
}

@test "interactive: a signal ends a script while it waits for a named pipe that nobody writes to" {
	local map
	mkfifo fifo
	for map in 'map --header : echo {a} :::: fifo' 'map echo :::: fifo ::: x'; do
		echo "$map" >script
		start --interactive <script
		wait_until eval 'find "/proc/$pid/fd" -lname "*/fifo" | grep -q .'
		kill -TERM "$pid"
		finish
		expect 143 ''
		says_lines 1
		says 'interrupted while waiting for fifo$'
	done
}

@test "interactive: functions find their interpreters running, whichever workers a run has needed" {
	local line lines=()
	for line in 1 2 3 4 5 6; do
		lines+=("map --chunksize=1 --bash 'echo \$\$' ::: 1 2 3 4" wait "map --bash 'echo \$\$' ::: 1" wait)
	done
	run_two "${lines[@]}"
	expect 0
	[ "$(sort -u out | wc -l)" -le 2 ] || complain "$(sort -u out | wc -l) interpreters of 2 workers"
}

@test "interactive: exit, q and ? are commands, clear and cd too" {
	for word in exit q quit; do
		run_script 'map echo ::: one' "$word" 'map touch ::: ran'
		expect 0 one ''
	done
	run_script '?' '! echo --' help
	expect 0
	awk -v RS='--\n' '{ printf "%s", $0 >("part" NR) }' out
	cmp part1 part2
	run_script clear 'clear now'
	expect 2 ''
	mkdir -p a/b
	run_script 'cd a' 'map --shell "pwd -P; echo \$1" ::: 1' 'map --workdir b --shell "pwd -P" ::: 1' '! pwd -P' \
		'cd b' 'set workdir ..' 'map --shell "pwd -P" ::: 1' 'map true :::: here'
	expect 2
	same out "$PWD/a
1
$PWD/a/b
$PWD/a
$PWD/a"
	says '^mpmap: line 8: cannot open here: No such file'
	HOME=$PWD run_script 'cd a/b' 'map --workdir .. --shell "pwd -P" ::: 1' 'cd' 'map --shell "pwd -P; [ \$1 = 1 ]" ::: 1 2' 'cd /' 'retry failed'
	same out "$PWD/a
$PWD
$PWD
$PWD"
	run_script 'cd missing'
	expect 2 '' 'mpmap: line 1: cd: missing: No such file or directory'
}

@test "interactive: the first runs keep their folder when they are run again after cd" {
	mkdir sub
	run_script 'map --shell "pwd -P; false" ::: 1' 'map --workdir sub --shell "pwd -P; false" ::: 1' 'cd /' 'retry 1' 'retry 2' 'retry 2'
	same out "$PWD
$PWD/sub
$PWD
$PWD/sub
$PWD/sub"
}

@test "interactive: ranges behind ::: are items, unless quoted" {
	run_script "map echo {} {1..3} ::: {1..3} a{08..11}b '{1..2}' {5..1..2} {1..2}{7..8} {1.5} {-1..1} x{1..2}y*"
	expect 0 "$(printf '%s {1..3}\n' 1 2 3 a08b a09b a10b a11b '{1..2}' 5 3 1 17 18 27 28 '{1.5}' -1 0 1 'x1y*' 'x2y*')" ''
	touch x1yz
	run_script 'map echo ::: x{1..2}y*' 'map echo ::: \{1..2} "a"{1..2}"{3..4}"' 'map echo ::: {1..3..0} {a..c} {}'
	expect 0 $'x1yz\nx2y*\n{1..2}\na1{3..4}\na2{3..4}\n{1..3..0}\n{a..c}\n{}' ''
	run_script 'map echo ::: {1..9999999}'
	expect 2 ''
	says '^mpmap: line 1: \{1\.\.9999999} in column 14 has more than 1000000 items'
	run_script 'map echo ::: {1..10000}{1..10000}'
	expect 2 ''
}

@test "interactive: what a command shows goes to a file, or through a command" {
	run_script "map --shell 'echo out-\$1; echo err-\$1 >&2' ::: {1..3}" 'out 1 > f' 'out 1.2 >>f' "errors 1 | grep 2 | tr a-z A-Z" \
		'out 1|wc -l' 'show 1 > "a b"' 'jobs > /missing/x' 'out 9 > g' 
	expect 2
	same f $'out-1\nout-2\nout-3\nout-2'
	[ "$(grep -v '^out-' out)" = $'[1.2] ERR-2\n3' ]
	grep -q '^run 1 ' 'a b'
	[ ! -e g ]
	says '/missing/x'
	says 'line 8: there is no run 9'
	run_script 'wait > f'
	expect 2
	says '> in column 6 is for a shell'
	run_script 'map echo > f'
	expect 2
}

@test "interactive: wait takes a time" {
	run_script 'map true ::: 1' 'wait 1 10' 'wait 10s' 'wait all 1m' 'wait'
	expect 0 '' ''
	run_script 'map true ::: 1' 'wait 1 soon'
	expect 2 '' "mpmap: line 2: wait: 'soon' is not a time (10 or 10s, 5m, 1h)"
}
