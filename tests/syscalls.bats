#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# How many system calls a task costs: the numbers that HACKING.md states. Counts repeat where times do not.

load helper

# Calls of a worker, a zygote and a task until the task's main, and of the worker after it; the tasks make none of these.
CALLS=clone,dup2,execve,fcntl,getppid,getpid,kill,pidfd_open,pipe2,ppoll,prctl,recvmsg,rt_sigprocmask,sched_setaffinity,sendmsg,setitimer,setpgid,wait4

# count COUNT ARG...: prints the calls of a run of COUNT tasks, "NAME CALLS" on each line, sorted by name
count() {
	seq "$1" >records
	timeout 60 strace -f --seccomp-bpf -qq -c -o calls -e trace="$CALLS" "$MPMAP" -j1 --chunksize 50 "${@:2}" <records >/dev/null ||
		complain "strace says $?"
	awk '$NF != "total" && $4 ~ /^[0-9]+$/ { print $NF, $4 }' calls | sort
}

# per_task ARG...: what a task more costs, in hundredths, in the file per_task; from the least of three counts each, since a
# task that takes long, as on a busy machine, is followed by other means
per_task() {
	local each
	rm -f few.all many.all
	for each in 1 2 3; do
		count 50 "$@" >>few.all
		count 150 "$@" >>many.all
	done
	for each in few many; do
		sort -k 1,1 -k 2,2n "$each.all" | sort -s -u -k 1,1 >"$each"
	done
	join -a 2 -e 0 -o 0,1.2,2.2 few many | awk '{ print $1, $3 - $2 }' >per_task
}

# costs NAME LEAST [MOST]: checks how many calls of NAME a hundred tasks make.
#
# What a task needs is exact. A range of a few calls is one event in a run whose time is not fixed: its comment names it.
# Wide ranges are what time decides; they show a change of kind only, such as one call more for each task:
#   ppoll, wait4         a wait that a tick (8 ms) interrupts begins again, and a child may have ended before the first wait
#   sendmsg, recvmsg     one ring serves all results that are there by then: from one for each task to one for a chunk
#   fcntl, rt_sigprocmask  made once for each wait that sleeps, not where the end is found at once
costs() {
	local found
	found=$(awk -v name="$1" '$1 == name { print $2 }' per_task)
	[ "${found:-0}" -ge "$2" ] && [ "${found:-0}" -le "${3:-$2}" ] || complain "$1: ${found:-0} for 100 tasks; all: $(tr '\n' ' ' <per_task)"
}

@test "system calls: what a task costs that is executed" {
	needs strace
	per_task true
	costs pipe2 200
	# a tick may interrupt one, and it is begun again
	costs clone 98 102
	costs setpgid 100
	costs prctl 100
	costs getppid 100
	costs dup2 200
	costs execve 100
	# the parent may see a worker's channel end before the worker
	costs kill 98 102
	costs getpid -2 2
	# not for a task: for a worker whose channel ends before it is dead, one in each run
	costs pidfd_open -1 1
	# what time decides
	costs wait4 95 350
	costs ppoll 95 350
	costs fcntl -10 220
	costs rt_sigprocmask -10 220
	costs sendmsg 0 220
	costs recvmsg 0 220
}

@test "system calls: what a task costs that takes long, behind one that did" {
	needs strace
	per_task sleep '0.012{}'
	costs pipe2 200
	costs clone 98 102
	costs dup2 200
	costs kill 98 102
	# no tick: at its end it is woken for a stream, and for the process
	costs setitimer 0
	costs ppoll 195 520
	costs wait4 195 320
	costs rt_sigprocmask 100 110
	costs fcntl 0 10
	# the parent's, for two rings; the worker received a message while it waited
	costs recvmsg 90 240
}

@test "system calls: a worker begins as those before it went on, where tasks take long" {
	needs strace
	count 10 --max-tasks-per-worker 1 sleep '0.02{}' >calls.counted
	# the first one's tick, on and off
	awk '$1 == "setitimer" && $2 > 4 { exit 1 }' calls.counted || complain "$(cat calls.counted)"
	grep -q '^setitimer ' calls.counted || complain "no tick at all"
}

@test "system calls: what a task costs that is forked from a zygote" {
	needs strace
	per_task --zygote true
	costs execve 0
	costs dup2 0
	# one with a processor for each job
	costs sched_setaffinity 0
	costs pidfd_open -1 1
	costs pipe2 200
	# children are forked ahead: one more or less of them
	costs clone 98 102
	costs setpgid 196 204
	costs prctl 98 102
	costs getppid 98 102
	costs kill 98 102
	# the task, the order for another child, and its answer
	costs sendmsg 195 420
	costs recvmsg 95 900
	costs wait4 95 350
	costs ppoll 95 550
}

@test "system calls: the parent makes less than one for each task" {
	needs strace
	seq 2000 >records
	timeout 60 strace -qq -c -o calls "$MPMAP" -j1 --chunksize 50 --unordered -o none true <records || complain "strace says $?"
	[ "$(awk '$NF == "total" { print $4 }' calls)" -lt 2000 ] || complain "$(cat calls)"
}
