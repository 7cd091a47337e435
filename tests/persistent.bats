#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Commands that persist: what the command line may say of them, and how records get to them.

load helper

# excludes PERSISTENT OPTION: fails unless the two are refused together, in any order
excludes() {
	mp "$1" "$2" touch ran ::: a
	usage_error "^mpmap: ${1%%=*} and --" || return 1
	mp "$2" "$1" touch ran ::: a
	usage_error "^mpmap: ${1%%=*} and --" || return 1
	[ ! -e ran ]
}

@test "persistent: options about what is run for each record do not go with it" {
	for persistent in --filter --coproc --coproc=stdio --coproc=fd; do
		for option in --tty --zygote --stdin -n2 -nmax -u --line-buffer --delay=1 --rate=1/s --stdin-file=/etc/passwd --merge-stderr --dry-run --verbose -I% "-I{}"; do
			excludes "$persistent" "$option"
		done
	done
}

@test "persistent: a filter gets records as they are" {
	for option in --csv "--csv=;" -C, --header=: --json --jsonl --results=r; do
		mp --filter "$option" touch ran <<<a
		usage_error --filter "$(sed -E 's/^-C.*/--colsep/; s/=.*//' <<<"$option")"
	done
	mp --filter cat ::: a ::: b
	usage_error 'several sources' --coproc
	mp --filter cat :::: /dev/null /dev/null
	usage_error 'several sources'
	[ ! -e ran ] && [ ! -e r ]
}

@test "persistent: records that stay whole end with one byte" {
	for option in '-d\r\n' --record-start=a; do
		mp --filter "$option" touch ran <<<a
		usage_error --filter 'one byte'
		mp --coproc "$option" touch ran <<<a
		usage_error --coproc 'one byte'
	done
	mp --filter --block=1K touch ran <<<a
	usage_error --block
	[ ! -e ran ]
}

@test "persistent: without COMMAND nothing can be started" {
	mp --filter <<<a
	usage_error '--filter: no COMMAND'
	mp --coproc ::: a
	usage_error '--coproc: no COMMAND'
	mp --coproc --jsonl <<<'"a"'
	usage_error '--coproc: no COMMAND'
	mp --filter --shell <<<a
	usage_error '--filter and --shell'
}

@test "persistent: a condition, as GNU parallel's --filter has, is answered with what --filter means here" {
	for condition in '{1} < {2}' '{1}<{2}' '{} ne {2}' '{1} =~ /x/'; do
		mp --filter "$condition" touch ran ::: 1 ::: 2
		usage_error "$(printf %s "$condition" | sed 's/[{}]/\\&/g')" 'before mpmap'
		[ ! -e ran ]
	done
}

@test "persistent: a command speaks in one way" {
	mp --filter --coproc cat ::: a
	usage_error --filter --coproc
	mp --coproc=fd --coproc cat ::: a
	usage_error --coproc
	mp --coproc=pipe cat ::: a
	usage_error "'pipe'" stdio fd
	mp --coproc=cat ::: a
	usage_error "'cat'" '--coproc COMMAND'
	mp --filter=cat ::: a
	usage_error '--filter'
}


@test "persistent: an item with the end of a record in it is named" {
	mp --filter cat ::: a $'b\nc' d
	usage_error 'item 2' '-0'
	mp -d, --filter cat ::: a,b
	usage_error 'item 1'
	mp_well -0 --filter cat ::: $'b\nc' d
	printf 'b\nc\0d\0' | cmp - out
	mp_well -d, --filter cat ::: $'b\nc' d
	exactly out $'b\nc,d,'
}

@test "persistent: records go through as they are, the last one with its delimiter" {
	printf 'one\n\nt\0o\nlast' >in
	mp_well --filter cat <in
	printf 'one\n\nt\0o\nlast\n' | cmp - out
	mp_well -j1 --arg-file=in --filter cat
	printf 'one\n\nt\0o\nlast\n' | cmp - out
	mp_well -d o --filter cat :::: in
	printf 'one\n\nt\0o\nlasto' | cmp - out
	mp_well -0 --filter sed -z 's/\n/+/g' <in
	printf 'one++t\0o+last\0' | cmp - out
	mp_well --filter cat </dev/null
	same out ''
	mp_well --filter cat :::
	same out ''
	mp_well --filter sed 's/$/!/' ::: a '' 'b c'
	same out $'a!\n!\nb c!'
}

@test "persistent: records of all lengths, also those of many blocks, cross the ends of blocks whole" {
	for size in 1 262142 5 300000 262143 262144 0 0 1000000 262145 3000000 7; do
		head -c "$size" /dev/zero | tr '\0' "${size: -1}"
		echo
	done >in
	mp_well -j3 --filter cat <in
	cmp in out
	cat in | { mp_well -j1 --filter cat && cmp in out; }
	{ head -c 3000000 /dev/urandom && echo; } >in
	mp_well -j3 --filter cat <in
	cmp in out
	cat in | { mp_well -j2 -0 --filter cat && { cat in && printf '\0'; } | cmp - out; }
}

@test "persistent: --chunksize limits the records of a chunk" {
	trace_on
	seq 1000 >in
	mp_well --chunksize=7 --filter cat <in
	cmp in out
	[ "$(event_field count chunk_submit | awk '{ sum += $1; if ($1 > 7) bad = 1 } END { print bad + 0, sum }')" = '0 1000' ]
}

@test "persistent: the end of the input is divided among the workers" {
	trace_on
	seq 1000 >in
	mp_well -j4 --filter cat <in
	cmp in out
	[ "$(event_field count chunk_submit | sort -n | tail -n 1)" -le 150 ]
}

@test "persistent: a slow input's records are answered as they come" {
	open_feed
	start --filter sed -u 's/a/b/' <feed
	echo a >&7
	wait_until same out b
	printf 'aa\nca' >&7
	wait_until same out $'b\nba'
	close_feed
	finish
	expect 0 $'b\nba\ncb' ''
}

@test "persistent: a record that fails is named with COMMAND as it stands" {
	mp --filter sh -c 'while read -r x; do [ "$x" != {2} ] || exit 3; echo "$x"; done' ::: {1} {2} {3}
	expect 123 $'{1}\n{3}'
	says '^mpmap: #2: exit status 3: sh -c .*\{2\}'
	mp_well -o jsonl --filter sed 's/{}/x/' ::: {} b
	[ "$(jq -c '[.seq, .outcome, .argv]' out)" = '[1,"ok",["sed","s/{}/x/"]]'$'\n''[2,"ok",["sed","s/{}/x/"]]' ]
	mp_well --tag --filter sed 's/$/!/' ::: a b
	same out $'a\ta!\nb\tb!'
}

# Prints a script for the prompt: each argument is a run of the same command, which answers with its pid.
runs_of_one() {
	for records; do
		printf "map --filter sh -c 'while read x; do echo \$\$ \$x; done' ::: %s\nwait\n" "$records"
	done
}

@test "persistent: a command at the prompt stays for the next run of the same command" {
	runs_of_one 'a b' 'c' >script
	echo 'map --filter cat ::: d' >>script
	echo 'wait' >>script
	runs_of_one 'e' >>script
	mp_well --interactive -j1 <script
	awk '{ print $NF }' out | tr '\n' ' ' >order
	exactly order 'a b c d e '
	[ "$(awk '$2 ~ /[abc]/ { print $1 }' out | sort -u | wc -l)" = 1 ]
	# another command took its place in between
	[ "$(awk '$2 ~ /[abce]/ { print $1 }' out | sort -u | wc -l)" = 2 ]
}

@test "persistent: what a command says after its last answer is passed on" {
	mkfifo last
	for method in fork spawn forkserver; do
		mp --start-method=$method -j2 --filter sh -c 'cat; read -r line <$1; echo "end $line" >&2' sh "$PWD/last" <<<a &
		wait_until file_has out a
		echo now >last
		wait $!
		expect 0 a 'end now'
	done
}

@test "persistent: chunks of one record" {
	seq 5000 >numbers
	mp_well -j2 --chunksize=1 --filter sed s/7/x/g <numbers
	sed s/7/x/g numbers | cmp - out
}

@test "persistent: a command without an end to its answers is found out" {
	seq 1000 >numbers
	mp -j2 --filter yes <numbers
	expect 1
	says 'yes gave [0-9]* answers to .*the first record with more than one is #'
}

@test "persistent: a run is stopped after the Nth answer" {
	seq 100 >numbers
	mp -j1 --halt now,success=5 --filter cat <numbers
	says 'stopped by --halt after #5'
	seq 5 | cmp - out
}

@test "persistent: an answer in a result object is without its delimiter" {
	mp_well -o jsonl --filter cat <<<$'a\nb'
	jq -c .stdout out >plain
	same plain $'"a"\n"b"'
}

@test "persistent: a command that closes its input does not end its worker" {
	trace_on
	mkfifo hold
	exec 8<>hold
	open_feed
	start -j1 --filter sh -c 'read -r x; exec <&-; echo "$x"; read -r x <"$1"' sh "$PWD/hold" <feed
	echo a >&7
	wait_until same out a
	# The command is still there, so that this record's writer gets EPIPE.
	echo b >&7
	wait_for_event chunk_claim 2
	echo >&8
	wait_until same out $'a\nb'
	close_feed
	echo >&8
	finish
	expect 0 $'a\nb' ''
	[ "$(event_count worker_start)" = 1 ]
}

@test "persistent: writing to a command that has closed its input ends no worker" {
	coproc='read -r request; echo "{\"seq\":1}"; exec <&-; touch closed; until [ -e go ]; do :; done; exit 3'
	# feed: the second record comes once the input is closed, and the command ends once a worker has it
	feed() {
		echo 1
		until [ -e closed ]; do :; done
		echo 2
		wait_for_event chunk_claim 1 '.first == 2'
		touch go
	}
	trace_on
	feed | mp -j1 --coproc sh -c "$coproc"
	expect 123
	says '#2: exit status 3'
	[ "$(event_count worker_start)" -eq 1 ]
}

@test "persistent: a worker claims no more records than its command takes" {
	# each answers once all four have a record
	cat >together <<'END'
read -r request
seq=${request#*:}
touch "begun.$MPMAP_SLOT"
while [ "$(ls begun.* | wc -l)" -lt 4 ]; do :; done
echo "{\"seq\":${seq%%,*}}"
END
	mp -j4 --coproc sh together ::: 1 2 3 4
	expect 0
}

# Prints the CPU time of a process, in ticks of 10 ms.
ticks_of() {
	awk '{ print $14 + $15 }' "/proc/$1/stat"
}

@test "persistent: a worker that waits for an answer sleeps, while others have nothing" {
	open_feed
	mkfifo go
	start -j2 --filter sh -c 'echo $PPID >worker; while read -r x; do echo $x >got; read -r _ <go; echo $x; done' <feed
	echo a >&7
	wait_until file_has got a
	before=$(ticks_of "$(cat worker)")
	let_pass 1
	[ $(($(ticks_of "$(cat worker)") - before)) -le 10 ]
	close_feed
	echo now >go
	finish
	expect 0 a ''
}

@test "persistent: a record is answered whole, though the time of an earlier one was over while it was fed" {
	mkfifo go
	{
		echo slow
		head -c 3000000 /dev/zero | tr '\0' x
	} >records
	start -j1 --timeout=0.5 --grace=60 --filter sh -c '
		read -r x
		[ $x != slow ] || { echo $x >got; read -r _ <go; }
		echo $x
		exec cat' <records
	wait_until file_has got slow
	let_pass 1
	echo now >go
	finish
	expect 0
	{ cat records && echo; } | cmp - out
}

@test "persistent: time in which a worker and its command were stopped is not a record's" {
	mkfifo go
	start -j1 --timeout=2 --grace=0 --filter sh -c 'read -r x; echo "$PPID $$" >both; read -r _ <go; echo $x' <<<a
	wait_until file_has both .
	read -r worker command <both
	kill -STOP "$worker" "$command"
	let_pass 3
	kill -CONT "$worker" "$command"
	let_pass 0.3
	echo now >go
	finish
	expect 0 a ''
}

@test "persistent: a run that is stopped goes on where it was" {
	seq 100000 >numbers
	open_feed
	# With a shell that could continue it: without one it does not stop.
	cat >job <<'END'
set -m
"$MPMAP" -j2 --filter sh -c 'while read -r x; do echo $x >>got; echo $x; done' &
echo $! >stoppable
# it may have been stopped before it is waited for
while wait -f $!; status=$?; [ $status -eq 148 ]; do :; done
exit $status
END
	start_it bash job <feed
	cat numbers >&7 &
	wait_until file_holds got 100
	kill -TSTP "$(cat stoppable)"
	wait_until grep -q '^State:[[:space:]]*T' "/proc/$(cat stoppable)/status"
	let_pass 0.2
	before=$(wc -l <got)
	let_pass 0.3
	[ "$(wc -l <got)" = "$before" ]
	kill -CONT "$(cat stoppable)"
	wait $!
	close_feed
	finish
	expect 0
	cmp numbers out
}

@test "persistent: the search for a record without an answer ends with the run" {
	mkfifo never
	seq 100 >numbers
	start -j1 --filter sh -c '
		read -r x
		echo $x
		cat >last
		echo $$ >>starts
		[ "$(wc -l <starts)" = 1 ] || read -r _ <never' <numbers
	wait_until file_holds starts 2
	kill -INT "$pid"
	LIMIT=8 finish
	says 'ended by SIGINT'
	says_not 'no record is the cause'
}

@test "persistent: a command does not outlive mpmap that is killed while it waits for its last words" {
	mkfifo never
	start -j1 --filter sh -c 'cat; exec >&- 2>&-; echo $$ >end; read -r _ <never' <<<a
	wait_until file_has end .
	wait_until file_has out a
	let_pass 0.3
	kill -KILL "$pid"
	wait_until is_gone "$(cat end)"
}

@test "persistent: a command whose end cannot be watched is started again" {
	needs_faults
	seq 100 >numbers
	MPMAP_FAULT=standing_watch:1:EMFILE mp_well -j1 --filter cat <numbers
	cmp numbers out
	no_processes_left
}

@test "persistent: --coproc is stopped after the Nth answer, however many have come" {
	seq 100 >numbers
	mp -j1 --halt now,success=5 --coproc sh -c '
		echo "{\"mpmap\":1,\"pipeline\":100}"
		while read -r request; do
			seq=${request#*:}
			echo "{\"seq\":${seq%%,*},\"stdout\":\"x\"}"
		done' <numbers
	says 'stopped by --halt after #5'
	exactly out xxxxx
}

@test "persistent: a command that leaves out a record and fails at its end is found out" {
	local leaves_out='while read -r x; do [ "$x" = bad ] && failed=1 || echo "$x"; done; exit "${failed:-0}"'
	# The record without an answer at the end is not the cause.
	mp -j1 --filter sh -c "$leaves_out" ::: 1 bad 3 4
	expect 1
	says "sh gave 3 answers to 4 records \(#1 to #4\); the first record with no answer is #2 'bad'"
	# Neither is it when it is of the same kind.
	mp -j1 --filter sh -c "$leaves_out" ::: bad 2 3 bad 5
	expect 1
	says "the first record with no answer is #1 'bad'"
	# A record that failed alone before is not taken for one that was left out.
	mp -j1 --filter sh -c 'while read -r x; do [ "$x" != 3 ] || exit 3; [ "$x" != 6 ] || exit 6; echo "$x"; done' ::: {1..8}
	expect 123 $'1\n2\n4\n5\n7\n8'
	says '#3: exit status 3' && says '#6: exit status 6'
}

@test "persistent: the cause is not claimed to be other records where not all records are held" {
	{ seq 200000 && echo bad && seq 200000; } >numbers
	mp -j1 --filter sed /bad/d <numbers
	expect 1
	says 'held any more'
}

@test "persistent: a command that has got all it may serve is not waited for" {
	seq 20000 >numbers
	# 200 workers, of which each would wait 0.2 s
	LIMIT=15 mp_well -j2 --max-tasks-per-worker=100 --filter sed s/7/x/g <numbers
	sed s/7/x/g numbers | cmp - out
}
