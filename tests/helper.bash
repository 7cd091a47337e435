# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Helpers of the outside tests: a folder for each test, bounded runs, comparisons, waits, a check for leftovers.
#
# Environment: MPMAP and TOOL are the absolute paths of the program and of tests/tool. With MPMAP_TEST_STRICT set, a test
# that cannot run fails. MPMAP_TEST_LOCALE is the locale that the program runs in, C if it is not set. Each test runs in
# $WORK, with an empty standard input. The files out, err and status there are the output and the exit status of its last
# run. A test fails if a process that it started is left when it ends.

shopt -s lastpipe

# Seconds until Bats ends a test: the last resort, beyond all limits below.
export BATS_TEST_TIMEOUT=${MPMAP_TEST_TIMEOUT:-300}

# Signals that tests send must kill in a build with --enable-asan too, whose sanitizers would report them as crashes.
# Such a build also refuses an LD_PRELOAD of the user by default.
uncaught=handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigill=0:handle_sigfpe=0
export ASAN_OPTIONS=$uncaught:verify_asan_link_order=0:${ASAN_OPTIONS-} UBSAN_OPTIONS=$uncaught:${UBSAN_OPTIONS-}

setup() {
	WORK=$BATS_TEST_TMPDIR/work
	STARTED=()
	mkdir -p "$WORK" "$BATS_TEST_TMPDIR/tmp"
	cd "$WORK" || return 1
	mkfifo "$BATS_TEST_TMPDIR/no-input"
	PATH=$(searchable_path)
	unset MPMAP_JOBS MPMAP_START_METHOD MPMAP_PROGRESS MPMAP_COLOR MPMAP_TRACE MPMAP_FAULT MPMAP_STATE MPMAP_STATE_PYTHON MPMAP_STATE_KEYFILE MPMAP_STATE_FD MPMAP_STATE_OWNER
	export LC_ALL=${MPMAP_TEST_LOCALE:-C} TMPDIR=$BATS_TEST_TMPDIR/tmp
	export MPMAP_TEST_ID=$BASHPID-$RANDOM$RANDOM-$EPOCHREALTIME
	exec </dev/null
}

# Prints PATH without the folders that this user may not search: with such a folder, execvp never reports "not found".
searchable_path() {
	local folder kept=() IFS=:
	for folder in $PATH; do
		[ ! -x "$folder" ] || kept+=("$folder")
	done
	echo "${kept[*]}"
}

teardown() {
	local pid left
	exec 7>&- 8>&-
	cd /
	[ -z "${OPEN_FOLDER:-}" ] || rm -rf "$OPEN_FOLDER"
	# only processes that are known to be ours: the pid of an ended process may belong to another by now
	"$TOOL" marked "MPMAP_TEST_ID=$MPMAP_TEST_ID" | while read -r pid _; do
		[[ " ${STARTED[*]} " != *" $pid "* ]] || kill -KILL "$pid" 2>/dev/null || :
	done
	if ! left=$("$TOOL" marked "MPMAP_TEST_ID=$MPMAP_TEST_ID" 10); then
		printf 'left after the test:\n%s\n' "$left"
		while read -r pid _; do
			kill -KILL "$pid" 2>/dev/null || :
		done <<<"$left"
		return 1
	fi
}

# Prints why the test fails, and the stderr of the run; fails.
complain() {
	printf "%.400s\n" "$*"
	[ ! -s err ] || { echo 'its stderr:' && head -c 2000 err | cat -v; }
	return 1
}

# Fails if the command succeeds; the ! of bash does not fail a test.
not() {
	! "$@" || complain "unexpected: $*"
}

skip_or_fail() {
	[ -z "${MPMAP_TEST_STRICT:-}" ] || complain "cannot be tested here: $*" || return 1
	skip "$*"
}

# Turns off the leak check of sanitizers, which never ends where mpmap is traced or all its children are killed.
no_leak_check() {
	export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
}

needs() {
	local name
	for name; do
		command -v "$name" >/dev/null || skip_or_fail "$name is not installed" || return 1
		[ "$name" != strace ] || no_leak_check
	done
}

needs_faults() {
	! echo x | MPMAP_FAULT=input_read:1:EIO timeout 20 "$MPMAP" true 2>/dev/null ||
		skip_or_fail 'built without --enable-faults'
}

needs_root() {
	[ "$(id -u)" -eq 0 ] || skip_or_fail 'only root can do this'
}

# Runs a command in the foreground; fails only if that takes more than LIMIT (60) seconds.
run_it() {
	local status=0
	rm -f status
	timeout --foreground -k 5 "${LIMIT:-60}" "$@" >out 2>err 3>&- 4>&- || status=$?
	echo "$status" >status
	[ "$status" -ne 124 ] || complain "not at its end after ${LIMIT:-60} s: $*"
}

mp() {
	run_it "$MPMAP" "$@"
}

# Runs mpmap; fails unless its exit status is 0 and its stderr is empty.
mp_well() {
	mp "$@" && expect 0 && same err ''
}

# attempts_note N: what is said of N tasks that needed more than one attempt
attempts_note() {
	printf 'mpmap: %s task%s needed more than one attempt' "$1" "$([ "$1" -eq 1 ] || echo s)"
}

# mp_again N ARG...: runs mpmap; fails unless its exit status is 0 and N tasks needed more than one attempt.
mp_again() {
	mp "${@:2}" && expect 0 && same err "$(attempts_note "$1")"
}

# same FILE TEXT: fails unless FILE holds TEXT, with a newline after it if TEXT is not empty.
same() {
	exactly "$1" "${2:+$2$'\n'}"
}

exactly() {
	printf %s "$2" | cmp -s - "$1" && return
	echo "$1 is not what it should be:"
	diff <(printf %s "$2") "$1" | head -n 20 | cut -c 1-300 | cat -v
	complain "(< expected, > found)"
}

# expect STATUS [STDOUT [STDERR]]: fails unless the last run ended with that status and wrote that.
expect() {
	[ "$(cat status)" = "$1" ] || complain "exit status $(cat status), expected $1" || return 1
	[ $# -lt 2 ] || same out "$2" || return 1
	[ $# -lt 3 ] || same err "$3"
}

# Fails unless a line of err matches the extended expression.
says() {
	grep -Eq -- "$1" err || complain "stderr does not say: $1"
}

says_not() {
	! grep -Eq -- "$1" err || complain "stderr says: $1"
}

says_lines() {
	[ "$(wc -l <err)" -eq "$1" ] || complain "stderr has $(wc -l <err) lines, expected $1"
}

# Fails unless the run ended with status 2 and one line, which matches all the expressions, and wrote no output.
usage_error() {
	local word
	expect 2 '' || return 1
	says_lines 1 || return 1
	for word; do
		says "$word" || return 1
	done
}

# Runs a check under every start method, each in a clean folder. It triples the cost: only where the method matters.
under_methods() {
	local METHOD
	for METHOD in fork spawn forkserver; do
		echo "start method $METHOD"
		rm -rf "${WORK:?}/$METHOD"
		mkdir "$WORK/$METHOD"
		cd "$WORK/$METHOD" || return 1
		export METHOD MPMAP_START_METHOD=$METHOD
		"$@"
	done
	unset MPMAP_START_METHOD
}

worker_name() {
	case ${METHOD:-fork} in
	fork) echo ForkWorker ;;
	spawn) echo SpawnWorker ;;
	forkserver) echo ForkServerWorker ;;
	esac
}

# Starts mpmap in the background: $pid is its process. Descriptors 7 and 8 of the test are closed in it.
start() {
	start_it "$MPMAP" "$@"
}

start_it() {
	# The files of an earlier run must not be read as those of this run, which makes them a moment later.
	rm -f status out err
	"$TOOL" under default -- "$@" <&0 >out 2>err 3>&- 4>&- 7>&- 8>&- &
	pid=$!
	STARTED+=("$pid")
}

# Makes a standard input that the test feeds through descriptor 7: open_feed; start ... <feed; echo x >&7; close_feed
open_feed() {
	rm -f feed
	mkfifo feed
	exec 7<>feed
}

close_feed() {
	exec 7>&-
}

# True if the process has ended, whether or not its parent has waited for it.
is_gone() {
	local state
	state=$(awk '/^State:/ { print $2 }' "/proc/$1/status" 2>/dev/null) || :
	[ -z "$state" ] || [ "$state" = Z ]
}

# Waits for the end of the run that start began, and stores its exit status.
finish() {
	local status=0
	wait_until is_gone "$pid" || return 1
	wait "$pid" || status=$?
	echo "$status" >status
}

# Runs mpmap to its end, whatever its exit status: a halted run has 124, which mp takes for a run that it gave up.
run_to_end() {
	start "$@" && finish
}

# Polls until the command succeeds; fails after LIMIT (60) seconds. No other function polls.
wait_until() {
	local deadline=$((SECONDS + ${LIMIT:-60}))
	until "$@"; do
		if [ "$SECONDS" -ge "$deadline" ]; then
			[ ! -f trace ] || { echo 'the trace ends so:' && tail -n 20 trace; }
			complain "waited in vain for: $*" || return 1
		fi
		read -rt 0.02 _ <>"$BATS_TEST_TMPDIR/no-input" || :
	done
}

# Lets time pass in which nothing should happen.
let_pass() {
	read -rt "$1" _ <>"$BATS_TEST_TMPDIR/no-input" || :
}

file_has() {
	[ -e "$1" ] && grep -Eq -- "$2" "$1"
}

file_holds() {
	[ -e "$1" ] && [ "$(wc -l <"$1")" -ge "$2" ]
}

# The trace.
trace_on() {
	rm -f trace
	export MPMAP_TRACE=$PWD/trace
}

# events NAME [FILTER]: prints the events of that name for which the jq condition FILTER holds.
events() {
	[ ! -e trace ] || jq -c "select(.event == \"$1\") | select(${2:-true})" trace 2>/dev/null || :
}

event_count() {
	events "$@" | wc -l
}

# event_field FIELD NAME [FILTER]
event_field() {
	events "$2" "${3:-}" | jq -r ".$1"
}

has_events() {
	if [ -z "${3:-}" ]; then
		[ -e trace ] && [ "$(grep -c "\"event\":\"$1\"" trace)" -ge "$2" ]
	else
		[ "$(event_count "$1" "$3")" -ge "$2" ]
	fi
}

# wait_for_event NAME [COUNT [FILTER]]
wait_for_event() {
	wait_until has_events "$1" "${2:-1}" "${3:-}"
}

# at_rest COUNT: true if COUNT workers run a task and all the others have parked or ended.
at_rest() {
	[ -e trace ] && jq -es --argjson running "$1" '
		[.[] | select(.event | test("^(worker_(start|take|park|exit|free)|task_(start|end))$"))] | sort_by(.time) | group_by(.worker) |
		map(last.event) | length > 0 and
		(map(select(. == "task_start")) | length) == $running and
		all(. == "task_start" or . == "worker_park" or . == "worker_exit" or . == "worker_free")' trace >/dev/null 2>&1
}

# state_is PATTERN: requests mpmap's state (SIGUSR1); true if the first line of the answer matches the expression.
# The answers are lines of err.
state_is() {
	local before
	before=$(grep -cE ' tasks? done, ' err) || :
	kill -USR1 "$pid"
	wait_until has_answers $((before + 1)) || return 1
	grep -E ' tasks? done, ' err | tail -n 1 | grep -Eq -- "$1"
}

has_answers() {
	[ "$(grep -cE ' tasks? done, ' err)" -ge "$1" ]
}

# stays_asleep PIPE: true if what was written to PIPE has been read from it, and all processes of this test sleep.
stays_asleep() {
	[ "$("$TOOL" unread <"$1")" -eq 0 ] && all_asleep
}

# True if all processes of this test's run sleep.
all_asleep() {
	local process
	"$TOOL" marked "MPMAP_TEST_ID=$MPMAP_TEST_ID" | while read -r process _; do
		grep -q '^State:[[:space:]]*S' "/proc/$process/status" || return 1
	done
}

# wait_for_start SEQ: waits until task SEQ runs; $worker is the name of its worker.
wait_for_start() {
	wait_for_event task_start 1 ".seq == $1"
	worker=$(event_field worker task_start ".seq == $1" | tail -n 1)
}

# Prints the pid of the worker of that name.
worker_pid() {
	event_field worker_pid worker_start ".worker == \"$1\""
}

# Processes.
no_processes_left() {
	"$TOOL" marked "MPMAP_TEST_ID=$MPMAP_TEST_ID" 20 >left || complain "left: $(cat left)"
}

# Prints the pids of the parent, the workers and the forkserver of this test's run.
mpmap_pids() {
	local pid
	"$TOOL" marked "MPMAP_TEST_ID=$MPMAP_TEST_ID" | while read -r pid _; do
		[ ! "/proc/$pid/exe" -ef "$MPMAP" ] || echo "$pid"
	done
}

# For tests that measure memory, before mpmap starts: lets a build with --enable-asan keep less of the freed memory.
measures_memory() {
	export ASAN_OPTIONS=$ASAN_OPTIONS:quarantine_size_mb=0:thread_local_quarantine_size_kb=0:malloc_context_size=2
}

# Prints the sum of the proportional memory of mpmap's processes, in KiB.
mpmap_memory() {
	local pid
	for pid in $(mpmap_pids); do
		cat "/proc/$pid/smaps_rollup" 2>/dev/null || :
	done | awk '/^Pss:/ { sum += $2 } END { print sum + 0 }'
}

# Watches the memory of mpmap's processes until it ends; the most is in $memory, in KiB.
watch_memory() {
	local now
	memory=0
	watch_once() {
		now=$(mpmap_memory)
		[ "$now" -le "$memory" ] || memory=$now
		is_gone "$pid"
	}
	LIMIT=120 wait_until watch_once
	echo "at most $memory KiB"
	[ "$memory" -gt 0 ]
}

# Enters a new folder in which every user may write and run the program.
open_folder() {
	OPEN_FOLDER=$(mktemp -d /tmp/mpmap-test.XXXXXX)
	chmod 777 "$OPEN_FOLDER"
	cp "$MPMAP" "$OPEN_FOLDER/mpmap"
	cp "$TOOL" "$OPEN_FOLDER/tool"
	cd "$OPEN_FOLDER" || return 1
}

# Checks that records come out in order with every chunk size; called by the order files, one for each start method.
# Each size gets enough records for its chunks to overtake each other in every way, the default COUNT: check_order COUNT.
check_order() {
	local size records
	while read -r size records; do
		echo "chunk size $size, $records records"
		seq "$records" >numbers
		mp -j4 --chunksize "$size" echo <numbers
		expect 0
		same err ''
		cmp numbers out
	done <<<$'1 1000\n2 1000\n3 1000\n7 1000\n64 2000\n1000 4000\nauto '"$1"
	# all 10,000 with each size, where no task costs a process
	seq 10000 >numbers
	for size in 1 2 3 7 64 1000 auto; do
		mp -j4 --chunksize "$size" --dry-run echo <numbers
		expect 0
		same err ''
		sed 's/^/echo /' numbers | cmp - out
	done
}

check_order_unordered() {
	local size
	seq 2000 >numbers
	for size in 7 auto; do
		mp -j4 --unordered --chunksize "$size" echo <numbers
		expect 0
		sort -n out | cmp numbers -
	done
}

# Checks tasks of very different durations: both outputs are in order, and no line is torn.
check_order_uneven() {
	seq 400 >numbers
	mp -j8 --shell 'sleep 0.0$(( $1 * 7919 % 9 )); echo "$1"; echo "$1" >&2' <numbers
	expect 0
	cmp numbers out
	cmp numbers err
}
