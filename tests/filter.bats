#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --filter: a command that stays, and gives one answer for each record: the same output as the command alone, whatever it
# buffers, and however its input comes. What goes wrong with it is in filter_deaths.bats.

# MPMAP_TEST_SEED repeats the random tests; MPMAP_TEST_ROUNDS (20) is how many of them there are; MPMAP_TEST_BIG (20M) is
# the size of the large record, and MPMAP_TEST_MANY (100000) the largest number of records of a random test.

# Scripts are for the commands' shell.
# shellcheck disable=SC2016

load helper
load object
measures_memory

# A script that adds a line to the file starts, and executes its arguments.
COUNTED='echo "$MPMAP_WORKER" >>starts; exec "$@"'

@test "filter: sed: as sed alone, under every start method" {
	seq 500000 >numbers
	sed 's/7/x/g' numbers >expected
	check() {
		mp_well -j2 --filter sed 's/7/x/g' <../numbers
		cmp ../expected out
	}
	under_methods check
}

@test "filter: any number of jobs, and any chunk size" {
	seq 20000 >numbers
	sed 's/7/x/g' numbers >expected
	for jobs in 1 2 3 5 8 16; do
		mp_well "-j$jobs" --filter sed 's/7/x/g' <numbers
		cmp expected out
	done
	for size in 1 2 7 1000 100000 auto; do
		echo "chunk size $size"
		mp_well -j3 --chunksize "$size" --filter sed 's/7/x/g' <numbers
		cmp expected out
	done
}

@test "filter: a command is started once for each worker, and for nothing not at all" {
	seq 200000 >numbers
	mp_well -j2 --filter sh -c "$COUNTED" sh cat <numbers
	cmp numbers out
	[ "$(sort starts | uniq -d | wc -l)" -eq 0 ]
	[ "$(wc -l <starts)" -le 2 ]
	rm starts
	mp_well -j2 --filter sh -c "$COUNTED" sh cat </dev/null
	exactly out ''
	[ ! -e starts ]
}

# Prints the words of the command number N that works on any bytes (BYTES), on any text (TEXT), or on JSON.
choose_command() {
	case $1 in
	0) command=(sed 's/7/x/g') ;;
	1) command=(cat) ;;
	2) command=(tr a-y b-z) ;;
	3) command=(cut -c 2-) ;;
	4) command=(perl -pe 's/e/EE/g') ;;
	5) command=(python3 -c "$PYTHON") ;;
	6) command=(stdbuf -oL sed 's/[aeiou]//g') ;;
	7) command=(stdbuf -o0 cut -d ' ' -f 2) ;;
	8) command=(sed -u 's/^/> /') ;;
	9) command=(rev) ;;
	10) command=(awk '{ print length($0), $1 }') ;;
	11) command=(jq -c '.a') ;;
	12) command=(jq --unbuffered -c '[.a, .n]') ;;
	esac
}

PYTHON='
import sys
for line in sys.stdin.buffer:
    sys.stdout.buffer.write(line[::-1].strip() + b"\n")
'

# Makes the file records: COUNT records of that KIND (bytes, text, json), from the seed.
make_records() {
	if [ "$2" -gt 2000 ] && [ "$1" = json ]; then
		seq "$2" | sed 's/.*/{"a": "&", "n": &}/' >records
		return
	elif [ "$2" -gt 2000 ]; then
		seq "$2" | sed 's/3/some e words /' >records
		return
	fi
	awk -v kind="$1" -v count="$2" -v seed="$3" 'BEGIN {
		srand(seed)
		for (i = 1; i <= count; i++) {
			n = rand() < 0.1 ? 0 : int(exp(rand() * (rand() < 0.02 ? 12 : 6)))
			for (s = ""; n > 0; n--) {
				c = kind == "bytes" && rand() < 0.3 ? 1 + int(rand() * 255) : 32 + int(rand() * 95)
				if (kind == "json" && (c == 34 || c == 92)) c = 97
				s = s sprintf("%c", c == 10 ? 32 : c)
			}
			print kind == "json" ? "{\"a\": \"" s "\", \"n\": " i "}" : s
		}
	}' >records
	[ "$1" != bytes ] || { tr '\001' '\000' <records >records.new && mv records.new records; }
}

# One random test: a command, records, options, all from the seed. The command alone says what is right.
try_once() {
	local seed=$1 count kind last delimiter='' options=() command=()
	RANDOM=$((seed % 32768))
	choose_command $((RANDOM % 13))
	case ${command[0]} in rev | awk) kind=text ;; jq) kind=json ;; *) kind=bytes ;; esac
	count=$((RANDOM % 12))
	case $count in
	0) count=0 ;;
	1) count=1 ;;
	2) count=2 ;;
	3) count=${MPMAP_TEST_MANY:-100000} ;;
	*) count=$((1 + RANDOM % 1000)) ;;
	esac
	make_records "$kind" "$count" "$seed"
	options=("-j$((1 + RANDOM % 16))" "--start-method=$(set -- fork spawn forkserver && shift $((RANDOM % 3)) && echo "$1")")
	[ $((RANDOM % 2)) -eq 0 ] || options+=("--chunksize=$((1 + RANDOM % 200))")
	[ $((RANDOM % 4)) -gt 0 ] || options+=(--buffer 64K)
	[ $((RANDOM % 4)) -gt 0 ] || options+=(--spill 0)
	# bytes only, of which NULs end records, and newlines are a part
	if [ "$kind" = bytes ] && [ $((RANDOM % 4)) -eq 0 ]; then
		delimiter=-0
		tr '\n\000' '\000\n' <records >records.new && mv records.new records
		case ${command[0]} in
		sed) command=(sed -z "${command[-1]}") ;;
		cut) command=(cut -z "${command[@]:1}") ;;
		perl) command=(perl '-0pe' "${command[-1]}") ;;
		cat | tr) ;;
		*) command=(sed -z 's/e/EE/g') ;;
		esac
	fi
	echo "MPMAP_TEST_SEED=$seed: $count records of $kind, ${options[*]} $delimiter --filter ${command[*]}"
	# a last record without its delimiter gets one
	cp records whole
	if [ $((RANDOM % 4)) -eq 0 ] && [ "$count" -gt 0 ]; then
		head -c -1 whole >records
		cp records whole
		[ -n "$delimiter" ] && last='\0' || last='\n'
		[ ! -s whole ] || cmp -s <(tail -c 1 whole) <(printf %b "$last") || printf %b "$last" >>whole
	fi
	"${command[@]}" <whole >expected
	mp "${options[@]}" ${delimiter:+"$delimiter"} --filter "${command[@]}" <records
	expect 0 || return 1
	same err '' || return 1
	cmp expected out
}

@test "filter: the output of many commands, records and options is that of the command alone" {
	needs jq python3 perl
	local first=${MPMAP_TEST_SEED:-$RANDOM} rounds=${MPMAP_TEST_ROUNDS:-20}
	[ -z "${MPMAP_TEST_SEED:-}" ] || [ -n "${MPMAP_TEST_ROUNDS:-}" ] || rounds=1
	for ((seed = first; seed < first + rounds; seed++)); do
		try_once "$seed"
	done
}

@test "filter: the last record may have no delimiter, and so may its answer" {
	check() {
		printf 'a\nb' | mp_well --filter cat
		exactly out $'a\nb\n'
		printf 'a' | mp_well --filter sh -c 'read -r a; printf "%s" "<$a>"; cat >&2'
		exactly out $'<a>\n'
		printf 'a\nb' | mp_well --filter python3 -c 'import sys; sys.stdout.write("\n".join(line.strip() for line in sys.stdin))'
		exactly out $'a\nb\n'
		printf '\n\n' | mp_well --filter sed 's/^/x/'
		exactly out $'x\nx\n'
		printf 'a\0b\n\0\nc' | mp_well -0 --filter sed -z 's/^/x/'
		printf 'xa\0xb\n\0x\nc\0' | cmp - out
		printf 'a;b\n;c' | mp_well -d ';' --filter tr a-c b-d
		exactly out $'b;c\n;d;'
		printf 'a\r\nb\r\n' | mp_well --filter cat
		exactly out $'a\r\nb\r\n'
		exactly err ''
	}
	under_methods check
}

@test "filter: COMMAND and the records are taken as they stand" {
	printf '%s\n' '{}' '{1} {#}' '"a' "it's" '  b  ' '' '\n' '$HOME' >records
	mp_well -j2 --filter sed 's/{}/{1}{#}/; s/$/{/' <records
	sed 's/{}/{1}{#}/; s/$/{/' records | cmp - out
	printf 'a\0b\n\0\n\n\0\0\n' >records
	mp_well -j2 --filter cat <records
	cmp records out
	mp_well --filter awk '{ print $1 "{}" }' <<<'{} x'
	same out '{}{}'
	echo 'a b' >list
	mp_well -a list --filter tr ' ' _
	same out a_b
}

@test "filter: a command knows its worker, its slot and the run, and nothing of a record" {
	seq 100 | mp_well -j2 --chunksize 1 --filter sh -c '
		env | grep "^MPMAP_" | grep -v "^MPMAP_\(TEST_\|READLINE\|CHECK_\)" | sed "s/=.*//" | sort | tr "\n" " " >"env$MPMAP_SLOT"
		while read -r line; do echo "$MPMAP_WORKER $MPMAP_SLOT $MPMAP_RUN_ID"; done'
	not grep -vE '^ForkWorker-[12] [12] [^ ]+$' out
	exactly env1 'MPMAP_RUN_ID MPMAP_SLOT MPMAP_WORKER '
	seq 10 | mp_well -j1 --initializer 'echo init >made' --filter cat
	same made init
}

@test "filter: a command has what was open when mpmap was started, and no more" {
	check() {
		seq 10 >numbers
		run_it "$TOOL" under only=0,1,2 -- "$MPMAP" -j2 --chunksize 1 --filter sh -c 'cat; "$TOOL" fds >"fds$MPMAP_SLOT"' <numbers
		expect 0
		cmp numbers out
		same <(cut -d ' ' -f 1 fds1) $'0\n1\n2'
	}
	under_methods check
}

@test "filter: a long record" {
	local size=${MPMAP_TEST_BIG:-20M}
	{
		echo before
		"$TOOL" spew "$size" 3 | tr '\n' x
		printf '\nafter\n'
	} >records
	mp_well -j2 --filter cat <records
	cmp records out
	mp_well -j2 --filter sed 's/a/bb/g' <records
	sed 's/a/bb/g' records | cmp - out
	mp_well -j2 --buffer 64K --spill 0 --filter cat <records
	cmp records out
	# a short record with a long answer
	seq 200 | mp_well -j3 --buffer 64K --spill 0 --filter perl -ne 'chomp; print $_ == 77 ? "x" x 3000000 : $_, "\n"'
	seq 200 | perl -ne 'chomp; print $_ == 77 ? "x" x 3000000 : $_, "\n"' | cmp - out
}

@test "filter: a command that keeps more than may wait never stops the run" {
	seq 100000 >numbers
	sed 's/$/!/' numbers >expected
	for jobs in 1 2 5; do
		mp_well "-j$jobs" --buffer 64K --spill 0 --filter "$TOOL" filter hold=1M <numbers
		cmp expected out
	done
	mp_well -j2 --buffer 64K --spill 0 --chunksize 10 --filter "$TOOL" filter hold=1M <numbers
	cmp expected out
	# everything is kept until the end of the input
	mp_well -j2 --filter "$TOOL" filter hold=64M <numbers
	cmp expected out
}

# Writes COUNT lines, each when the answer to the line before has come.
trickle() {
	local i count=$1
	shift
	rm -f starts
	open_feed
	start "$@" <feed
	for ((i = 1; i <= count; i++)); do
		echo "line $i" >&7
		wait_until file_has out "line $i\$" || return 1
	done
	close_feed
	finish
	expect 0 "$(seq -f 'line %g' "$count")" ''
}

@test "filter: each line is answered though the command buffers, and the next waits for that" {
	check() {
		trickle 3 -j2 --filter sh -c "$COUNTED" sh sed ''
		[ "$(wc -l <starts)" -le 5 ]
	}
	under_methods check
	trickle 30 -j2 --filter sh -c "$COUNTED" sh sed -u ''
	# nothing is stuck in this one
	[ "$(wc -l <starts)" -le 4 ]
}

@test "filter: a command that takes long to start is waited for, line by line" {
	trickle 3 -j1 --filter sh -c "$COUNTED" sh python3 -c '
import select, sys
select.select([], [], [], 0.7)
for line in sys.stdin:
    sys.stdout.write(line)
'
	[ "$(wc -l <starts)" -le 4 ] || complain "$(wc -l <starts) starts"
}

@test "filter: standard error is passed on in whole lines" {
	seq 400 >numbers
	mp -j4 --chunksize 5 --filter perl -ne '
		for $part ("a", "b" x 3000, "c\n") { syswrite STDERR, $part }
		print;' <numbers
	expect 0
	cmp numbers out
	[ "$(wc -l <err)" -eq 400 ]
	not grep -qvE '^ab{3000}c$' err
	# what it says at its end, too, with or without a newline
	for i in 1 2 3 4 5; do
		seq 3 | mp -j1 --filter sh -c 'cat; echo end >&2'
		expect 0 $'1\n2\n3' end
		seq 3 | mp -j1 --filter sh -c 'cat; printf end >&2'
		expect 0 $'1\n2\n3' end
	done
}

@test "filter: --unordered gives the same lines" {
	seq 50000 >numbers
	mp_well -j4 --chunksize 100 --unordered --filter sed 's/7/x/g' <numbers
	sed 's/7/x/g' numbers | sort | cmp - <(sort out)
	mp_well -j4 --unordered --buffer 64K --spill 0 --filter "$TOOL" filter hold=1M <numbers
	sed 's/$/!/' numbers | sort | cmp - <(sort out)
}

@test "filter: --tag" {
	seq 3000 >numbers
	check() {
		mp_well -j2 --tag --filter sed 's/7/x/g' <../numbers
		paste ../numbers <(sed 's/7/x/g' ../numbers) | cmp - out
	}
	under_methods check
	printf 'a\tb\n\n' | mp_well --tag --filter cat
	exactly out $'a\\tb\ta\tb\n\t\n'
}

@test "filter: result objects" {
	seq 300 >numbers
	check() {
		mp_well -j2 -o jsonl --filter sed 's/7/x/g' <../numbers
		are_objects out 300
		jq -r .stdout out | cmp - <(sed 's/7/x/g' ../numbers)
		jq -e -n '[inputs] | all(.outcome == "ok" and .status == 0 and .attempts == 1 and .stderr == "" and .user == null and
			.sys == null and .max_rss == null)' out >/dev/null
	}
	under_methods check
	printf '\377\n\na' | mp_well -o jsonl --filter cat
	are_objects out 3
	same <(held 1 stdout | od -An -tx1) ' ff'
	the_result 2 '.stdout == ""'
	the_result 3 '.stdout == "a"'
	printf 'a\nb\0' | mp_well -0 -o json --filter cat
	is_array out 1
	same <(jq -c '.[].stdout' out) '"a\nb"'
}

@test "filter: a line of the job log for each record" {
	seq 500 | mp_well -j2 --joblog log --filter sed 's/7/x/g'
	seq 500 | sed 's/7/x/g' | cmp - out
	sed 1d log | cut -f 1 | sort -n | cmp - <(seq 500)
	[ "$(sed 1d log | cut -f 7,8 | sort -u)" = $'0\t0' ]
}

@test "filter: --max-tasks-per-worker counts records" {
	seq 1000 >numbers
	check() {
		mp_well -j2 --max-tasks-per-worker 100 --filter sh -c "$COUNTED" sh sed 's/7/x/g' <../numbers
		sed 's/7/x/g' ../numbers | cmp - out
		[ "$(sort -u starts | wc -l)" -ge 10 ] || complain "$(sort starts | uniq -c)"
	}
	under_methods check
}

@test "filter: --stats and --progress count records" {
	seq 5000 | mp -j2 --stats --filter cat
	expect 0
	says '^mpmap: tasks: 5000$'
	seq 5000 | mp -j2 --progress=plain --filter cat
	expect 0
	seq 5000 | cmp - out
}

@test "filter: at the prompt" {
	seq 20000 >numbers
	printf 'map -j2 --filter sed s/7/x/g < numbers\nmap --filter tr a b ::: a ba\n' | mp --interactive
	expect 0
	{ sed 's/7/x/g' numbers && printf 'b\nbb\n'; } | cmp - out
}

@test "filter: --memfree and --load hold before a command starts" {
	seq 100 | mp_well -j2 --memfree 1K --filter cat
	seq 100 | cmp - out
	seq 100 | mp_well -j2 --load 10000 --filter cat
	seq 100 | cmp - out
}

@test "filter: a reader that goes away ends it" {
	check() {
		local ends
		yes 'some words' | timeout 60 "$MPMAP" -j2 --filter cat 2>err | head -n 1 >first
		ends=("${PIPESTATUS[@]}")
		[ "${ends[1]}" -eq 141 ]
		same first 'some words'
		same err ''
		no_processes_left
	}
	under_methods check
	yes | timeout 60 "$MPMAP" -j2 --filter sed 's/y/n/' 2>err | head -n 100000 | uniq >first
	same first n
	same err ''
}

@test "filter: signals end it, and no command is left" {
	check() {
		for signal in INT TERM HUP; do
			echo "$signal"
			rm -f waits
			open_feed
			start -j3 --filter "$TOOL" filter wait=1 <feed
			seq 100 >&7
			wait_until test -e waits
			kill "-$signal" "$pid"
			finish
			close_feed
			expect $((128 + $(kill -l "$signal")))
			no_processes_left
		done
	}
	under_methods check
	# one that obeys no signal
	open_feed
	rm -f waits
	start -j1 --grace 0.2 --filter sh -c 'trap "" INT TERM; exec "$TOOL" filter wait=1' <feed
	seq 100 >&7
	wait_until test -e waits
	kill -TERM "$pid"
	finish
	close_feed
	expect 143
	no_processes_left
}

@test "filter: if mpmap is killed, no command is left" {
	check() {
		rm -f waits
		open_feed
		start -j3 --filter "$TOOL" filter wait=1 <feed
		seq 1000 >&7
		wait_until test -e waits
		kill -KILL "$pid"
		finish
		close_feed
		no_processes_left
	}
	under_methods check
}

@test "filter: stopped and continued" {
	seq 300000 >numbers
	start -j2 --filter sed 's/7/x/g' <numbers
	kill -STOP "$pid"
	let_pass 0.3
	kill -CONT "$pid"
	finish
	expect 0
	sed 's/7/x/g' numbers | cmp - out
}

@test "filter: memory is bounded, however much passes" {
	mkfifo fifo
	# the reader is slower than the command for a while, so that answers must wait
	{ head -c 10M && let_pass 1 && cat; } <fifo | cksum >sum &
	yes 'some words that are a line' | head -n 11000000 >records
	exec 8>fifo
	"$TOOL" under default -- "$MPMAP" -j2 --buffer 1M --spill 0 --filter cat <records >&8 2>err 3>&- 8>&- &
	pid=$!
	STARTED+=("$pid")
	exec 8>&-
	watch_memory
	wait "$pid"
	wait_until test -s sum
	cmp <(cksum <records) sum
	same err ''
	# 64 MiB for the processes, their rings and what is on its way, and --buffer
	[ "$memory" -lt $((65 * 1024)) ]
}

@test "filter: options that mean nothing with it are usage errors" {
	echo x >input
	for words in '--results=r' '--delay=1' '--zygote' '--tty' '--stdin' '-n 2' '-C ,' '--ungroup' '--json' '--csv' \
		'--header :' '--line-buffer' '--dry-run' '--verbose' '-I {}'; do
		echo "$words"
		# shellcheck disable=SC2086
		mp $words --filter cat <input
		case $words in
		-n*) words=--max-args ;;
		-C*) words=--colsep ;;
		-I*) words=--replace ;;
		esac
		usage_error --filter "${words%%[ =]*}"
	done
	mp --filter <input
	usage_error COMMAND
	mp --filter cat ::: a b ::: c
	usage_error --filter
	mp --coproc --filter cat <input
	usage_error --filter --coproc
}

@test "filter: records from arguments and files, and a script" {
	mp_well --filter sed 's/^/x/' ::: a '' $'b\tc'
	same out $'xa\nx\nxb\tc'
	seq 1000 >numbers
	mp_well -j2 -a numbers --filter cat
	cmp numbers out
	mp_well -j2 --filter cat :::: numbers
	cmp numbers out
	mp_well -j2 --filter --shell 'sed s/7/x/g | tr 1 {' <numbers
	sed 's/7/x/g' numbers | tr 1 '{' | cmp - out
}
