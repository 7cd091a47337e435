#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# Out of processes or descriptors: fewer workers with a note, or a clear error; never a hang, never lost records.

load helper

# The run is whole, or it says why it is not: no third way.
whole_or_clear() {
	case $(cat status) in
	0) cmp records out ;;
	1) says '^mpmap: ' && head -c "$(wc -c <out)" records | cmp - out ;;
	125)
		says '^mpmap: [0-9]+ of [0-9]+ tasks failed: [0-9]+ not started$' || return 1
		[ "$(($(wc -l <out) + $(grep -oE '^mpmap: [0-9]+ of' err | grep -oE '[0-9]+')))" -eq "$(wc -l <records)" ]
		;;
	*) complain "exit status $(cat status)" ;;
	esac
}

@test "limits: few descriptors: fewer workers with a note, or a clear error" {
	check() {
		seq 200 >records
		for limit in 24 12 7; do
			echo "limit $limit"
			run_it bash -c "exec 3>&- 4>&- 7>&- 8>&-; ulimit -n $limit; exec \"\$@\"" sh "$MPMAP" -j16 echo <records
			whole_or_clear
		done
	}
	under_methods check
}

@test "limits: enough descriptors for some workers are enough for the run" {
	check() {
		seq 200 >records
		rm -f gate
		start_it "$TOOL" under only=0,1,2 -- bash -c "ulimit -n 48; exec \"\$@\"" sh "$MPMAP" -j64 --shell '"$TOOL" hold gate; echo "$1"' <records
		wait_until test -s err
		touch gate
		finish
		expect 0 "$(cat records)"
		says '^mpmap: .*worker'
		says_lines 1
		run_it "$TOOL" under only=0,1,2 -- bash -c "ulimit -n 48; exec \"\$@\"" sh "$MPMAP" -q -j64 --shell 'echo "$1"' <records
		expect 0 "$(cat records)" ''
	}
	check
}

@test "limits: few processes: fewer workers with a note, or a clear error" {
	needs setpriv
	needs_root
	open_folder
	seq 200 >records
	chmod 666 records
	uid=$((100000 + RANDOM))
	for method in fork spawn forkserver; do
		for limit in 12 5 2; do
			echo "method $method, limit $limit"
			run_it setpriv "--reuid=$uid" --clear-groups bash -c "ulimit -u $limit; exec \"\$@\"" sh \
				./mpmap "--start-method=$method" -j16 ./tool args <records
			tr -d '"' <out >plain
			mv plain out
			whole_or_clear
		done
	done
}

@test "limits: no worker can be started: status 1 and the reason, at once" {
	needs_faults
	check() {
		MPMAP_FAULT=worker_start:1+:EAGAIN mp -j4 touch ran ::: a b c
		expect 1 ''
		says '[Ww]orker.*(Resource temporarily unavailable|EAGAIN)'
		[ ! -e ran ]
	}
	under_methods check
	MPMAP_FAULT=socketpair:1+:EMFILE mp -j4 touch ran ::: a b c
	expect 1 ''
	says 'Too many open files'
}

@test "limits: only some workers can be started: the run is whole, with a note" {
	needs_faults
	check() {
		seq 300 >records
		MPMAP_FAULT=worker_start:2+:EAGAIN mp -j4 --shell 'echo "$1"' <records
		expect 0 "$(cat records)"
		says '^mpmap: .*worker'
		MPMAP_FAULT=worker_start:2+:EAGAIN mp -q -j4 --shell 'echo "$1"' <records
		expect 0 "$(cat records)" ''
	}
	check
}

@test "limits: a worker that cannot be started once is no loss" {
	needs_faults
	seq 300 >records
	for fault in worker_start:1:EAGAIN socketpair:1:EMFILE worker_start:3:ENOMEM; do
		MPMAP_FAULT=$fault mp -j4 --shell 'echo "$1"' <records
		whole_or_clear
	done
}

@test "limits: the forkserver cannot be asked: a clear error, or another way" {
	needs_faults
	seq 50 >records
	for fault in forkserver_request:1:EIO forkserver_request:1+:EIO forkserver_request:2:EIO; do
		MPMAP_FAULT=$fault mp --start-method=forkserver -j2 echo <records
		whole_or_clear
	done
}

@test "limits: a task that cannot be started for want of processes is tried again or told of" {
	needs_faults
	seq 100 >records
	for fault in task_start:1:EAGAIN task_start:3:ENOMEM pipe:1:EMFILE pipe:5:EMFILE; do
		echo "$fault"
		MPMAP_FAULT=$fault mp -j2 echo <records
		whole_or_clear
	done
	for fault in task_start:1+:EAGAIN task_start:10+:EAGAIN; do
		echo "$fault"
		head -n 20 records >few
		mv few records
		LIMIT=50 MPMAP_FAULT=$fault mp -j2 echo <records
		whole_or_clear
	done
}

@test "limits: no memory to share: status 1 and the reason" {
	needs_faults
	check() {
		MPMAP_FAULT=memfd:1+:ENOMEM mp echo ::: a
		expect 1 ''
		says 'Cannot allocate memory'
	}
	under_methods check
}

@test "limits: stderr that takes a part and then fails does not end or hold up the run" {
	needs_faults
	mkdir small
	unshare --mount true 2>/dev/null || skip_or_fail 'no mount namespaces here'
	seq 5 >records
	unshare --mount bash -c 'mount -t tmpfs -o size=100k none small &&
		timeout 60 "$MPMAP" -j2 --shell "head -c 60000 /dev/zero >&2; echo \$1" <records >out 2>small/err'
	cmp out records
}

@test "limits: a read error in the middle loses no whole record that was read" {
	needs_faults
	# two reads' worth
	seq -f '%0500.0f' 260 >records
	MPMAP_FAULT=input_read:2 mp -j2 "$TOOL" args <records
	expect 1
	tr -d '"' <out | cmp - records
}

# The head's worker kills itself when all others wait for a full window; only a new worker can retry the head.
# Chunks of one task, and no worker continues before each has one: so the head's chunk is its worker's alone.
head_loses_its_worker() {
	trace_on
	# shellcheck disable=SC2016
	MPMAP_FAULT=$1 start -j4 --chunksize 1 --retries 2 --buffer 64K --spill 0 --shell '
		"$TOOL" hold all
		[ "$1" != 1 ] || [ -e killed ] || { "$TOOL" hold gate; : >killed; kill -KILL "$PPID"; }
		head -c 1000000 /dev/zero' ::: $(seq 30)
	wait_for_event task_start 4
	touch all
	wait_for_event gate_close
	touch gate
	finish
}

@test "limits: the head has no worker and none can be started for a moment: the run goes on" {
	needs_faults
	head_loses_its_worker worker_start:5:EAGAIN
	expect 0
	[ "$(wc -c <out)" -eq 30000000 ]
}

@test "limits: the head has no worker and none can be started any more: status 1 and the reason, no hang" {
	needs_faults
	head_loses_its_worker worker_start:5+:EAGAIN
	expect 1
	says 'cannot start.*Resource temporarily unavailable'
}

@test "limits: what the parent could not be told, for want of memory, it is told a moment later" {
	needs_faults
	check() {
		open_feed
		export MPMAP_FAULT=ring:1:ENOMEM,ring:2:ENOMEM
		start -j1 --chunksize 1 echo <feed
		unset MPMAP_FAULT
		for each in 1 2; do
			echo "$each" >&7
			wait_until file_holds out "$each"
		done
		close_feed
		finish
		expect 0 "$(seq 2)" ''
	}
	check
}

@test "limits: a limit on the size of files does not stop a run that writes none" {
	cd "$WORK"
	seq 10000 >records
	head -c 3M /dev/zero | tr '\0' x | fold -w 1000 >long && echo >>long
	printf '%s\n' 'map echo ::: a b' 'map -n 2 echo < short' >script
	seq 4 >short
	# Standard output and error are pipes, since files are limited: limited LIMIT WORD...
	limited() {
		(
			trap '' XFSZ
			ulimit -f "$1"
			"$MPMAP" "${@:2}" 2>&1
		) | cat >out
	}
	check() {
		local limit
		for limit in 0 200; do
			limited "$limit" -j3 -n 500 echo <../records
			[ "$(tr ' ' '\n' <out | cksum)" = "$(cksum <../records)" ] || complain "$limit: $(head -n 3 out)"
		done
		limited 0 -j2 -n 200 --stdin cat <../long
		cmp out ../long
		limited 0 -j1 --zygote "$TOOL" args ::: a b
		[ "$(tail -n 2 out)" = $'"a"\n"b"' ] || complain "$(<out)"
	}
	under_methods check
	cd "$WORK"
	limited 0 --dry-run echo ::: 1 2 :::: records
	[ "$(wc -l <out)" -eq 20000 ] || complain "$(head -n 3 out)"
	limited 0 --interactive <script
	same out $'a\nb\n1 2\n3 4'
	[ -z "$(ipcs -m 2>/dev/null | awk '$6 == 0 && $3 == "'"$(id -un)"'"')" ]
}

@test "limits: without /dev/null the message says so" {
	needs_faults
	check() {
		MPMAP_FAULT=null:1+:ENOENT mp "$TOOL" args ::: a
		expect 1 '' 'mpmap: workers end as soon as they are started (8 in a row): /dev/null: No such file or directory'
		(
			exec <&-
			MPMAP_FAULT=null:1+:ENOENT timeout 20 "$MPMAP" echo ::: a 2>err
		) || [ $? -eq 1 ]
		same err 'mpmap: cannot open /dev/null in place of descriptor 0, which is closed: No such file or directory'
	}
	under_methods check
	unshare -rm true 2>/dev/null || skip_or_fail 'no mount namespaces here'
	run_it unshare -rm bash -c 'mount -t tmpfs none /dev && exec "$@"' sh "$MPMAP" echo ::: a
	expect 1 ''
	says 'workers end as soon as they are started \(8 in a row\): /dev/null: No such file or directory$'
	says_lines 1
}
