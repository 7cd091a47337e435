#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Conditions for the start of a task (--initializer, --delay, --rate, --slot-env, -j @FILE, --memfree, --load), and their report (SIGUSR1).

load helper

# ms_after_start EVENT N: how long after the run's start the Nth such event came, in ms
ms_after_start() {
	local first
	first=$(event_field time run_start)
	echo $((($(event_field time "$1" | sort -n | sed -n "$2p") - first) / 1000000))
}

@test "throttle: what is no command, no time, no size, no load, no file of jobs: status 2, one line, the right form" {
	mp --initializer '' touch ran ::: a
	usage_error "^mpmap: --initializer '': no command"
	for value in -1 x '' 1m1h; do
		mp --delay "$value" touch ran ::: a
		usage_error "^mpmap: --delay '$value': not a time in seconds .*1h30m"
	done
	for value in 10 0/s x/s '' /s 10/d 10/ 10/s, 10/s,burst=0 10/s,burst= 10/s,5 10/sec 1.5/s 99999999999/s; do
		mp --rate "$value" touch ran ::: a
		usage_error "^mpmap: --rate '$value': not N/s, N/m or N/h .*10/s, or 100/m,burst=5"
	done
	mp --rate 1/s --delay 1 touch ran ::: a
	usage_error '^mpmap: --delay and --rate: '
	for value in -1 x '' 1X 1.5G; do
		mp --memfree "$value" touch ran ::: a
		usage_error "^mpmap: --memfree '$value': not a size .*K, M, G or T"
	done
	for value in -1 0 x '' 1h; do
		mp --load "$value" touch ran ::: a
		usage_error "^mpmap: --load '$value': not a load above 0 .*4 or 1.5"
	done
	[ ! -e ran ]
}

@test "throttle: a file of jobs that is missing, empty or wrong at the start: status 2 and the reason" {
	mp -j @missing touch ran ::: a
	usage_error "^mpmap: --jobs '@missing': No such file or directory"
	: >wanted
	mp -j @wanted touch ran ::: a
	usage_error "^mpmap: --jobs '@wanted': its first line is not a number of jobs .*N%.*-N"
	echo many >wanted
	mp -j @wanted touch ran ::: a
	usage_error "^mpmap: --jobs '@wanted': its first line is not a number of jobs"
	mkdir folder
	mp -j @folder touch ran ::: a
	usage_error "^mpmap: --jobs '@folder': "
	MPMAP_JOBS=@missing mp touch ran ::: a
	usage_error '^mpmap: MPMAP_JOBS in the environment: .*missing'
	[ ! -e ran ]
}

@test "throttle: an initializer runs once in each worker, before its first task" {
	check() {
		trace_on
		export MPMAP_SEQ=outer MPMAP_ATTEMPT=outer
		start -j2 --initializer 'echo "$MPMAP_SLOT $MPMAP_WORKER ${MPMAP_SEQ-none} ${MPMAP_ATTEMPT-none}" >>log' \
			--shell 'grep -c "$MPMAP_WORKER " log; "$TOOL" hold gate' ::: 1 2 3 4
		wait_for_event task_start 2
		touch gate
		finish
		expect 0 $'1\n1\n1\n1' ''
		sort log | cmp - <(printf '%s none none\n' "1 $(worker_name)-1" "2 $(worker_name)-2")
		mp_well -j1 --max-tasks-per-worker 2 --initializer 'echo >>count' true ::: 1 2 3 4 5
		[ "$(wc -l <count)" -eq 3 ] || complain "$(wc -l <count) initializers"
	}
	under_methods check
}

@test "throttle: what an initializer prints goes to standard error" {
	check() {
		mp -j1 --initializer 'echo to stdout; echo to stderr >&2; printf end' echo ::: a
		expect 0 a $'to stdout\nto stderr\nend'
	}
	check
	mp -j1 --initializer 'seq 100000' echo ::: a
	expect 0 a
	tail -n 1 err | grep -qx 100000
	tail -n 500 err | head -n 1 | grep -qx 99501
}

@test "throttle: an initializer that fails everywhere: status 1, its last words, at most two starts per worker" {
	check() {
		seq 100 >records
		for how in 'exit 7' 'kill -KILL $$' 'no-such-command'; do
			rm -f count
			mp -j3 --initializer "echo >>count; echo the reason >&2; $how" touch ran <records
			expect 1 ''
			says '^the reason$'
			[ "$(wc -l <count)" -le 6 ] || complain "$(wc -l <count) initializers"
			[ "$(grep -c '^mpmap: ' err)" -eq 1 ]
			case $how in
			exit*) says '^mpmap: the initializer failed in every worker: exit status 7$' ;;
			kill*) says '^mpmap: the initializer failed in every worker: killed by SIGKILL$' ;;
			*) says '^mpmap: the initializer failed in every worker: exit status 127$' ;;
			esac
			[ ! -e ran ]
		done
	}
	under_methods check
}

@test "throttle: an initializer that fails in some workers: the others go on, with a note" {
	check() {
		trace_on
		seq 200 >records
		mp -j3 --initializer '[ "$MPMAP_SLOT" -ne 2 ] || { echo >>count; exit 3; }' --shell 'echo "$1"; while [ ! -e count ] || [ "$(wc -l <count)" -lt 2 ]; do :; done' <records
		expect 0
		cmp records out
		says '^mpmap: running with 2 of 3 workers: an initializer failed: exit status 3$'
		says_lines 1
		[ "$(wc -l <count)" -eq 2 ] || complain "$(wc -l <count) initializers"
		[ -z "$(events task_start | jq -r .worker | sort -u | sed -n 3p)" ]
	}
	check
}

@test "throttle: an initializer that hangs does not keep mpmap from ending, nor does a child of one" {
	check() {
		rm -f pid
		start -j2 --initializer '"$TOOL" ignore "pid$MPMAP_SLOT" TERM INT' touch ran ::: a b c
		wait_until test -s pid1
		kill -TERM "$pid"
		finish
		expect 143 '' 'mpmap: ended by SIGTERM: 0 done, 0 stopped, 3 not begun'
		[ ! -e ran ]
		no_processes_left
		mp_well -j2 --initializer '"$TOOL" background "child$MPMAP_SLOT" TERM' echo ::: a b c
		same out $'a\nb\nc'
		no_processes_left
	}
	check
}

@test "throttle: what comes in while a worker's initializer ends and mpmap cannot look is done" {
	trace_on
	open_feed
	start -j1 --initializer 'while [ ! -e go ]; do :; done' echo got <feed
	echo 1 >&7
	wait_for_event worker_start
	kill -STOP "$pid"
	touch go
	# True if the worker is ready, has finished its tasks, and sleeps.
	wait_for_event worker_park
	echo 2 >&7
	kill -CONT "$pid"
	wait_until file_has out 'got 2'
	close_feed
	finish
	expect 0
	printf 'got 1\ngot 2\n' | cmp - out
}

@test "throttle: workers that are still starting when all is done are no failure" {
	trace_on
	open_feed
	echo 20 >wanted
	start -j @wanted --chunksize 1 --initializer '[ "$MPMAP_SLOT" = 1 ] || "$TOOL" hold never' "$TOOL" hold 'gate{}' '{} ' <feed
	seq 20 >&7
	wait_for_event worker_start 20
	echo 1 >wanted
	touch gate1
	wait_for_event jobs_changed 1 '.to == 1'
	for number in $(seq 2 20); do touch "gate$number"; done
	wait_for_event task_end 20
	close_feed
	finish
	expect 0
	exactly out "$(seq -s ' ' 20) "
	not grep -q . err
}

@test "throttle: --delay: the starts of tasks are that far apart" {
	check() {
		trace_on
		mp_well -j4 --delay 0.15 echo ::: a b c d e
		same out $'a\nb\nc\nd\ne'
		for number in 2 3 4 5; do
			time=$(ms_after_start task_start "$number")
			[ "$time" -ge $((150 * (number - 1))) ] || complain "start $number after $time ms"
		done
	}
	check
	LIMIT=20 mp_well --delay 1h echo ::: a
	same out a
}

@test "throttle: --rate: so many starts in a time, several at once after a burst, and those of tasks that are run again" {
	# starts_from N MS BY: the start N comes after MS ms at the earliest, each further one BY ms later
	starts_from() {
		local number time
		for number in $(seq "$1" "$(event_count task_start)"); do
			time=$(ms_after_start task_start "$number")
			[ "$time" -ge $(($2 + $3 * (number - $1))) ] || complain "start $number after $time ms"
		done
	}
	check() {
		trace_on
		mp_well -j4 --rate 10/s echo ::: a b c d e
		same out $'a\nb\nc\nd\ne'
		starts_from 2 100 100
		trace_on
		mp_well -j4 --rate=600/m,burst=3 echo ::: a b c d e
		starts_from 4 100 100
		trace_on
		mp -j4 --rate 10/s --retries 1 false ::: a b
		[ "$(event_count task_start)" -eq 4 ]
		starts_from 2 100 100
	}
	check
	# a bucket of three lets three start, and the fourth after twenty minutes
	trace_on
	start -j4 --rate=3/h,burst=3 echo ::: a b c d e
	wait_for_event task_end 3
	kill -INT "$pid"
	finish
	[ "$(event_count task_start)" -eq 3 ]
	LIMIT=20 mp_well --rate 1/h echo ::: a
	LIMIT=20 mp_well --rate 1/h --dry-run echo ::: a b
	same out $'echo a\necho b'
}

@test "throttle: --slot-env: a value for each slot, and as many tasks at a time" {
	check() {
		trace_on
		rm -f gate
		export GPU=outer
		start -j8 --slot-env GPU=a,b,c --slot-env=KIND=x,,z,w --shell 'echo "$MPMAP_SLOT:$GPU:$KIND"; "$TOOL" hold gate' ::: 1 2 3 4 5 6
		wait_for_event task_start 3
		wait_until state_is '3 running.* 3 of 3 workers'
		touch gate
		finish
		expect 0
		[ "$(wc -l <out)" -eq 6 ]
		sort -u out | cmp - <(printf '%s\n' 1:a:x 2:b: 3:c:z)
		GPU=5,7 mp_well -j1 --slot-env GPU=auto --shell 'echo "$GPU"' ::: 1
		same out 5
		mp_well -j1 --zygote --slot-env GPU=a sh -c 'echo "$GPU"' ::: 1
		same out a
		mp_well -j1 --slot-env GPU=a --initializer 'echo "$GPU" >seen' true ::: 1
		same seen a
		mp_well -j1 --slot-env GPU=a --filter sh -c 'while read -r x; do echo "$x $GPU"; done' ::: 1
		same out '1 a'
		mp_well -j1 --slot-env GPU=only --python 'seen' --setup 'import os; seen = os.environ["GPU"]' ::: 1
		same out only
	}
	under_methods check
}

@test "throttle: --slot-env that has no name, no value, or nothing to share out" {
	unset GPU
	for value in GPU '' GPU= =1 1X=1,2 A-B=1,2 MPMAP_SLOT=1,2; do
		mp --slot-env "$value" touch ran ::: a
		usage_error "^mpmap: --slot-env '$value': not NAME=V1,V2,... .*NAME=auto.*CUDA_VISIBLE_DEVICES=0,1,2,3"
	done
	mp --slot-env GPU=auto touch ran ::: a
	usage_error "^mpmap: --slot-env 'GPU=auto': GPU is not set, or empty"
	[ ! -e ran ]
}

@test "throttle: ^C ends a long delay, and what is not begun is not run" {
	check() {
		trace_on
		start -j4 --delay 1h echo ::: a b c d e
		wait_for_event task_end
		kill -INT "$pid"
		finish
		# the first worker to take its turn need not be the first that was started
		expect 130 "$(printf '%s\n' a b c d e | sed -n "$(event_field seq task_start)p")" \
			'mpmap: ended by SIGINT: 1 done, 0 stopped, 4 not begun'
		[ "$(event_count task_start)" -eq 1 ]
	}
	check
}

@test "throttle: -j @FILE: more and fewer workers while the run goes on" {
	check() {
		trace_on
		echo 1 >wanted
		start -j @wanted "$TOOL" hold 'gate{}' '{} ' ::: $(seq 8)
		wait_for_event task_start
		wait_until state_is '1 running.* 1 of 1 workers'
		[ "$(event_count task_start)" -eq 1 ]
		echo 3 >wanted
		touch gate1
		wait_for_event jobs_changed 1 '.from == 1 and .to == 3'
		wait_for_event task_start 4
		wait_until state_is '3 running.* 3 of 3 workers'
		[ "$(event_count task_start)" -eq 4 ]
		echo 1 >wanted
		touch gate2
		wait_for_event jobs_changed 1 '.from == 3 and .to == 1'
		touch gate3 gate4 gate5
		wait_for_event worker_exit 2
		touch gate6 gate7 gate8
		finish
		expect 0
		exactly out '1 2 3 4 5 6 7 8 '
		not grep -vE '^mpmap: ([0-8] of [0-9]+ tasks done|(Fork|Spawn|ForkServer)Worker-)' err
		rm gate*
	}
	check
	echo 50% >wanted
	mp_well --jobs=@wanted echo ::: a
	MPMAP_JOBS=@wanted mp_well echo ::: a
}

@test "throttle: -j @FILE: a file that goes wrong is told once, and nothing changes" {
	for damage in 'rm -f wanted' 'echo many >wanted' ': >wanted'; do
		rm -f gate
		trace_on
		echo 2 >wanted
		start -j @wanted --shell '"$TOOL" hold gate; echo "$1"' ::: 1 2 3 4 5 6
		wait_for_event task_start 2
		eval "$damage"
		touch gate
		finish
		expect 0 $'1\n2\n3\n4\n5\n6'
		[ "$(event_count jobs_changed)" -eq 0 ]
		case $damage in
		rm*) same err 'mpmap: --jobs @wanted: No such file or directory; the number of jobs stays as it is' ;;
		echo*) same err 'mpmap: --jobs @wanted: its first line is not a number of jobs; it stays as it is' ;;
		*) same err '' ;;
		esac
	done
}

@test "throttle: --memfree: nothing begins below it" {
	check() {
		trace_on
		for attempt in 1 2 3 4 5; do
			start -j2 --memfree 1000T touch ran ::: a b
			wait_for_event input_end
			wait_until state_is '; waiting for memory \([0-9.]+[KMGT] is available, --memfree=1000T\)$'
			kill -INT "$pid"
			finish
			expect 130 ''
			[ ! -e ran ] || complain "a task was begun (try $attempt)"
			[ "$(event_count worker_start)" -eq 0 ] || complain "a worker was started for nothing (try $attempt)"
			trace_on
		done
		mp_well -j2 --memfree 1 echo ::: a b
		same out $'a\nb'
	}
	check
}

# Starts mpmap on a machine that has the memory that the file meminfo says.
start_with_memory() {
	unshare -rm true 2>/dev/null || skip_or_fail 'no mount namespaces here'
	start_it unshare -rm bash -c 'mount --bind meminfo /proc/meminfo && exec "$@"' sh "$MPMAP" "$@"
}

# available KIB: writes that much to meminfo, which is never empty meanwhile: unknown memory holds nothing back
available() {
	printf 'MemTotal: 99999999 kB\nMemAvailable: %12d kB\n' "$1" 1<>meminfo
}

@test "throttle: --memfree that holds back everything says so after 5 s, once, with both figures" {
	trace_on
	available 1300
	start_with_memory -j2 --memfree 8M --load 1000000 --progress=plain echo ::: a b
	wait_for_event input_end
	wanted='waiting for memory \(1\.2M is available, --memfree=8M\)'
	state_is "; $wanted\$"
	wait_until file_has err "^mpmap: 0/2, 0%, $wanted, 0:[0-9]+, 0 running"
	wait_until file_has err "^mpmap: no task is started: $wanted\$"
	available 8191
	wait_until state_is '; waiting for memory \(7\.9M is available, --memfree=8M\)$'
	available 8192
	finish
	expect 0 $'a\nb'
	[ "$(grep -c 'no task is started' err)" -eq 1 ]
}

@test "throttle: a job log that fails while everything is held back ends the run" {
	trace_on
	mkfifo log
	head -n 1 log >first &
	STARTED+=($!)
	available 8192
	start_with_memory -j1 --chunksize 1 --memfree 8M --joblog log "$TOOL" hold gate ::: 1 2 3
	wait_for_event task_start
	wait_until file_holds first 1
	available 1300
	wait_for_event throttle 1 '.shut'
	# The worker has ended its task, and sleeps, before mpmap takes the result.
	kill -STOP "$pid"
	touch gate
	wait_for_event worker_park
	kill -CONT "$pid"
	finish
	expect 1
	says '^mpmap: --joblog: cannot write log: Broken pipe$'
	not grep -q 'no task is started' err
}

# True if each worker that there is runs a task.
all_workers_run() {
	at_rest "$(event_count task_start)"
}

@test "throttle: --load: nothing begins at or above it, and what runs is a part of it" {
	mp_well -j2 --load 1000000 echo ::: a b
	same out $'a\nb'
	trace_on
	load=$(($(cut -d . -f 1 /proc/loadavg) + 4))
	start -j $((load + 6)) --load "$load" "$TOOL" hold gate ::: $(seq $((load + 6)))
	wait_for_event task_start
	wait_until all_workers_run
	[ "$(event_count task_start)" -le "$load" ] || complain "$(event_count task_start) tasks run at a load of $load"
	touch gate
	finish
	expect 0
}

@test "throttle: SIGUSR1 tells the state of the run and what each worker does, and changes nothing" {
	check() {
		trace_on
		start -j2 --retries 1 --retry-delay 1h --shell '[ "$1" != a ] || exit 1; echo "$1"; exec "$TOOL" hold gate' ::: a b c d
		wait_for_event task_again
		wait_for_event task_start 3
		kill -USR1 "$pid"
		wait_until file_holds err 3
		sed -n 1p err | grep -Eqx 'mpmap: 0 of 4 tasks done, 0 failed, 2 running, 1 to be run again; 2 of 2 workers \([a-z]+\)' || complain
		sort err | cut -d : -f 2- | sed -n '2,3p' | grep -Ec "^ $(worker_name)-[12] \(pid [0-9]+\): #[23] for [0-9]+\.[0-9] s \(pid [0-9]+\): .* [bc]\$" | grep -qx 2 || complain
		touch gate
		wait_for_event task_end 4
		kill -INT "$pid"
		finish
		expect 130 $'b\nc\nd'
	}
	under_methods check
}

@test "throttle: thousands of control characters in a command are escaped in every message" {
	printf 'x\033[2J\033]0;title\007\r\b\302\233%.0s' {1..1500} >record
	printf '\0' >>record
	trace_on
	start -0 -j1 -t --halt now,fail=1 --shell ': "$1"; "$TOOL" hold gate; exit 3' <record
	wait_for_event task_start
	kill -USR1 "$pid"
	wait_until file_has err 'for [0-9.]+ s'
	touch gate
	finish
	expect 124 ''
	says '^mpmap: stopped by --halt after #1: exit status 3: '
	says '^mpmap: #1: exit status 3: '
	says '^mpmap: ForkWorker-1 .*#1 for '
	not grep -q "[[:cntrl:]]" err
	not grep -q $'\302\233' err
	mp -0 --retries 1 --timeout 0.3 --shell ': "$1"; exec "$TOOL" pause pid' <record
	expect 125 ''
	says '^mpmap: #1: timed out after 0.3 s'
	not grep -q "[[:cntrl:]]" err
}
