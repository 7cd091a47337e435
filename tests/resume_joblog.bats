#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --resume by a job log, without a journal: by number, and only if the commands are those of the log.

# Scripts are for the tasks' shell.
# shellcheck disable=SC2016

load helper

HEADER=$'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand'

# Each task notes that it was begun, and prints its record; those that end with 9 fail.
script='echo "$1" >>begun; echo "out $1"; case $1 in *9) exit 3;; esac'

# line NUMBER [EXITVAL [SIGNAL [COMMAND]]]: prints a line of a log of "echo NUMBER"
line() {
	printf '%s\t:\t1700000000.000\t     0.001\t0\t2\t%s\t%s\t%s\n' "$1" "${2:-0}" "${3:-0}" "${4:-echo $1}"
}

# log LINE...: makes the file log
log() {
	printf '%s\n' "$HEADER" "$@" >log
}

resume() {
	mp -j2 --joblog log --resume "$@"
}

# The notes of a run by a log, of which DONE of ALL had been done.
notes() {
	says_lines 2 || return 1
	says '^mpmap: --resume by log: tasks are known by their numbers, and only their commands are compared; what they wrote is not written again$' || return 1
	says "^mpmap: $1 of $2 tasks? had been done before \(log\)\$"
}

refused() {
	expect 2 '' || return 1
	says "$1" || return 1
	says_lines "${2:-1}"
}

@test "resume_joblog: after kill -9, exactly what is not in the log is run" {
	start -j1 --chunksize 1 --joblog log --shell "[ \"\$1\" != 5 ] || [ -e gate ] || \"\$TOOL\" hold gate; $script" ::: $(seq 8)
	wait_until grep -q '^4' log
	kill -KILL "$pid"
	finish
	touch gate
	rm begun
	resume --shell "[ \"\$1\" != 5 ] || [ -e gate ] || \"\$TOOL\" hold gate; $script" ::: $(seq 8)
	expect 0 $'out 5\nout 6\nout 7\nout 8'
	notes 4 8
	[ "$(sort begun | tr '\n' ' ')" = '5 6 7 8 ' ]
	[ "$(sed 1d log | cut -f 1 | sort -n | tr '\n' ' ')" = '1 2 3 4 5 6 7 8 ' ]
	[ "$(grep -c Seq log)" = 1 ]
	resume --shell "[ \"\$1\" != 5 ] || [ -e gate ] || \"\$TOOL\" hold gate; $script" ::: $(seq 8)
	expect 0 ''
	notes 8 8
	[ "$(wc -l <log)" = 9 ]
}

@test "resume_joblog: what failed is run again with --retry-failed only, and is a failure until then" {
	mp -j1 --joblog log --shell '[ ! -e fail ] || case $1 in 2) exit 5;; 3) kill -9 $$;; esac; echo "$1" >>begun' ::: 1 2 3 4
	touch fail
	rm begun log
	mp -j1 --joblog log --shell '[ ! -e fail ] || case $1 in 2) exit 5;; 3) kill -9 $$;; esac; echo "$1" >>begun' ::: 1 2 3 4
	expect 125 ''
	rm fail begun
	resume --shell '[ ! -e fail ] || case $1 in 2) exit 5;; 3) kill -9 $$;; esac; echo "$1" >>begun' ::: 1 2 3 4 5
	expect 125 ''
	says '^mpmap: 2 of 5 tasks failed'
	says '^mpmap: #2: exit status 5: '
	says '^mpmap: #3: .*SIGKILL'
	same begun 5
	resume --retry-failed --shell '[ ! -e fail ] || case $1 in 2) exit 5;; 3) kill -9 $$;; esac; echo "$1" >>begun' ::: 1 2 3 4 5
	expect 0 ''
	notes 3 5
	[ "$(sort begun | tr '\n' ' ')" = '2 3 5 ' ]
	# the last line of a number counts
	resume --retry-failed --shell '[ ! -e fail ] || case $1 in 2) exit 5;; 3) kill -9 $$;; esac; echo "$1" >>begun' ::: 1 2 3 4 5
	expect 0 ''
	notes 5 5
}

@test "resume_joblog: a task that took too long has failed; --halt and --retries count this session's" {
	log "$(line 1 -1 15 | sed 's/ 0.001/ 7.500/')" "$(line 2 1)"
	resume --halt now,fail=1 echo ::: 1 2 3
	expect 125 3
	says '^mpmap: 2 of 3 tasks failed'
	says '^mpmap: #1: timed out after 7.5 s: echo 1$'
	says '^mpmap: #2: exit status 1: echo 2$'
	resume --retry-failed --retries 1 echo ::: 1 2 3
	expect 0 $'1\n2'
	notes 1 3
}

@test "resume_joblog: another command or input is refused with the first line that differs" {
	log "$(line 2)" "$(line 1)" "$(line 3)"
	resume echo ::: 0 2 3 4
	refused "^mpmap: --resume: log:3: #1 was 'echo 1', and is 'echo 0' \(without --resume a new run begins\)\$"
	resume printf ::: 1 2 3 4
	refused "^mpmap: --resume: log:3: #1 was 'echo 1', and is 'printf 1'"
	resume echo ::: 1 2 4 5
	refused "^mpmap: --resume: log:4: #3 was 'echo 3', and is 'echo 4'" 2
	# a task that has been run is not taken back
	log "$(line 1)" "$(line 4)"
	resume -j1 echo ::: 1 2 3 5 6
	expect 1
	says "^mpmap: --resume: log:3: #4 was 'echo 4', and is 'echo 5'"
	[ "$(grep -c '^4' log)" = 1 ]
	not grep -q '^5' log
}

@test "resume_joblog: texts are shortened and escaped" {
	local long
	long=$(printf '%0200d' 0)
	log "$(line 1 0 0 "echo ${long}a$long")"
	resume echo ::: "${long}b$long"
	refused "^mpmap: --resume: log:2: #1 was '[.]{3}0{20}a0{39}[.]{3}', and is '[.]{3}0{20}b0{39}[.]{3}'"
	log "$(line 1 0 0 $'echo \e[31m\xff')"
	resume echo ::: 1
	refused "was 'echo .x1b.31m.xff', and is 'echo 1'"
}

@test "resume_joblog: a log that is none" {
	resume echo ::: 1
	refused '^mpmap: --resume: there is no job log log \(without --resume a new run begins\)$'
	[ ! -e log ]
	printf '\0\1\2garbage\n' >log
	resume echo ::: 1
	refused '^mpmap: --resume: log is not a job log: its first line is not Seq, Host, ...$'
	printf 'garbage' >log
	resume echo ::: 1
	refused 'is not a job log'
	same log garbage 2>/dev/null || [ "$(cat log)" = garbage ]
	mkfifo pipe
	mp --joblog pipe --resume echo ::: 1
	refused '^mpmap: --resume: pipe is not a regular file, which a job log has to be$'
	mp --joblog . --resume echo ::: 1
	refused 'is not a regular file'
	local wrong
	for wrong in 'x' $'1\t:\t1\t1\t0\t0\t0\t0' $'x\t:\t1\t1\t0\t0\t0\t0\techo 1' $'0\t:\t1\t1\t0\t0\t0\t0\techo 1' \
		$'99999999999999999999\t:\t1\t1\t0\t0\t0\t0\techo 1' $'999999999999\t:\t1\t1\t0\t0\t0\t0\techo 1' \
		$'1\t:\t1\t1\t0\t0\tx\t0\techo 1' $'1\t:\t1\t1\t0\t0\t0\t-1\techo 1' ''; do
		log "$(line 1)" "$wrong" "$(line 2)"
		resume echo ::: 1 2
		refused '^mpmap: --resume: log:3 is not a line of a job log$' || complain "$wrong"
	done
}

@test "resume_joblog: a log that has nothing, or whose last line is torn" {
	local bytes
	: >log
	resume echo ::: 1
	expect 0 1 'mpmap: 0 of 1 task had been done before (log)'
	[ "$(wc -l <log)" = 2 ]
	log "$(line 1)" "$(line 2)"
	cp log whole
	for bytes in $(seq 0 "$(wc -c <whole)"); do
		[ $((bytes % 7)) = 0 ] || [ "$bytes" -gt 110 ] || continue
		head -c "$bytes" whole >log
		resume --dry-run echo ::: 1 2 >/dev/null
		resume echo ::: 1 2
		expect 0 || complain "cut after $bytes bytes"
		[ "$(head -n 1 log)" = "$HEADER" ]
		[ "$(sed 1d log | cut -f 1,9 | sort)" = $'1\techo 1\n2\techo 2' ] || complain "cut after $bytes bytes"
	done
}

@test "resume_joblog: gaps, equal numbers, headers between, and numbers beyond the input" {
	log "$(line 7)" "$(line 2 1)" "$HEADER" "$(line 2)" "$(line 60000)" "$(line 200000)"
	resume echo ::: $(seq 8)
	expect 0 "$(seq 8 | grep -v '[27]')"
	says_lines 3
	says '^mpmap: log has tasks up to #200000, and the input ended before: is it the one of this log\?$'
	log "$(line 2)" "$(line 2 7)"
	resume echo ::: 1 2
	expect 123 1
}

@test "resume_joblog: many lines in any order" {
	seq 100000 >in
	{
		echo "$HEADER"
		grep -v '[37]$' in | sort -R --random-source=in | awk -v OFS='\t' '{ print $1, ":", "1.000", "     0.001", 0, 2, 0, 0, "echo " $1 }'
	} >log
	resume --dry-run echo <in
	expect 0
	grep '[37]$' in | sed 's/^/echo /' | cmp - out
	notes 80000 100000
}

@test "resume_joblog: --out is a new file, >> appends" {
	log "$(line 1)"
	resume --out=file echo ::: 1 2
	expect 0 ''
	same file 2
	resume --out=file echo ::: 1 2
	refused "^mpmap: --out: file exists, and a job log does not say what of it counts \(another file, or without --out: '>> file'\)\$"
	resume --out=file --force echo ::: 1 2
	usage_error '^mpmap: --resume by a job log and --force --out: what the file has would be lost, and is not written again$'
	same file 2
}

@test "resume_joblog: formats, folders of results, orders, tasks in JSON" {
	log "$(line 1)" "$(line 3)"
	resume -o jsonl echo ::: 1 2 3 4
	expect 0
	[ "$(jq -c .seq out | tr '\n' ' ')" = '2 4 ' ]
	log "$(line 1)" "$(line 3)"
	resume -o json echo ::: 1 2 3 4
	[ "$(jq -c 'map(.seq)' out)" = '[2,4]' ]
	local order
	for order in --unordered --line-buffer --ungroup --tag; do
		log "$(line 1)" "$(line 3)"
		resume "$order" echo ::: 1 2 3 4
		expect 0
		[ "$(wc -l <out)" = 2 ] || complain "$order"
	done
	log "$(line 1)" "$(line 3)"
	mp_well --joblog first --results=res echo ::: 1 2
	resume --results=res echo ::: 1 2 3 4
	expect 0 $'2\n4'
	[ "$(cat res/*/stdout)" = $'1\n2\n4' ]
	printf '%s\n' '{"argv":["echo","1"],"retries":1}' '{"argv":["echo","2"]}' '{"argv":["echo","3"]}' >tasks
	log "$(line 1)" "$(line 3)"
	resume --jsonl -a tasks
	expect 0 2
	notes 2 3
}

@test "resume_joblog: {%} may be any slot; +FILE; no note with -q" {
	log "$(line 1 0 0 'echo 7')" "$(line 2 0 0 'echo 1')"
	resume echo {%} ::: a b
	expect 0 ''
	notes 2 2
	resume echo {%} x ::: a b
	refused "#1 was 'echo 7', and is 'echo 1 x'"
	mp -q --joblog=+log --resume echo {%} ::: a b c
	expect 0 1 ''
	[ "$(wc -l <log)" = 4 ]
}

@test "resume_joblog: commands that stay are compared alone" {
	seq 5 >in
	log "$(line 1 0 0 cat)" "$(line 4 0 0 cat)"
	resume --filter cat <in
	expect 0 $'2\n3\n5'
	says 'only COMMAND is compared, not their records'
	resume --filter sed p <in
	refused "log:2: #1 was 'cat', and is 'sed p'"
	needs python3
	rm log
	mp_well --joblog log --python 'x + "."' ::: 1 2
	resume --python 'x + "."' ::: 1 2 3
	expect 0 3.
	resume --python 'x + "!"' ::: 1 2 3
	refused "#1 was "
}

@test "resume_joblog: the log of GNU parallel" {
	needs parallel
	mkdir home
	HOME=$PWD/home run_it parallel --will-cite -j1 --joblog log echo ::: a 'b c' "d'e" 'f"' '$x' '' a=b '*' 'a\b' "it's \"\$x\""
	resume echo ::: a 'b c' "d'e" 'f"' '$x' '' a=b '*' 'a\b' "it's \"\$x\"" g
	expect 0 g
	notes 10 11
	resume echo ::: a 'b c' "d'f"
	refused "#3 was "  2
	HOME=$PWD/home run_it parallel --will-cite -j1 --resume --joblog log echo ::: a 'b c' "d'e" 'f"' '$x' '' a=b '*' 'a\b' "it's \"\$x\"" g h
	same out h
}

@test "resume_joblog: what ^C ended has failed by a signal" {
	start -j1 --chunksize 1 --joblog log --shell '[ -e gate ] || exec "$TOOL" pause pid; echo "$1"' ::: 1 2
	wait_until test -s pid
	kill -INT "$pid"
	finish
	touch gate
	resume --shell '[ -e gate ] || exec "$TOOL" pause pid; echo "$1"' ::: 1 2
	expect 125 2
	resume --retry-failed --shell '[ -e gate ] || exec "$TOOL" pause pid; echo "$1"' ::: 1 2
	expect 0 1
}

@test "resume_joblog: options that are for a journal, or for none" {
	mp --resume true
	usage_error '^mpmap: --resume: which run is said by its journal, --journal=FILE, or by its job log, --joblog=FILE$'
	log
	resume --at-most-once true
	usage_error '^mpmap: --at-most-once: what has begun is recorded by --journal=FILE$'
	resume --retry-interrupted true
	usage_error '^mpmap: --retry-interrupted is for --journal: a job log has only tasks that ended$'
	resume --sync=none true
	usage_error '^mpmap: --sync is for --journal$'
	resume --status
	usage_error '^mpmap: --status: which run is said by its journal, --journal=FILE$'
	resume --queue q true
	usage_error '^mpmap: --resume by a job log and --queue: what is found has no number that lasts$'
	mp --joblog log --retry-failed true
	usage_error '^mpmap: --retry-failed is for a run that is resumed \(--resume\)$'
	# a journal says more, and is what counts
	mp_well --journal=run.mpj --out=file --joblog log echo ::: 1
	mp --journal=run.mpj --out=file --joblog log --resume echo ::: 1 2
	expect 0 '' ''
	same file $'1\n2'
}
