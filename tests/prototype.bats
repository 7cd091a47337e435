#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The interpreter that the others are forked from: what it shares, and what happens when any of the processes dies.

# Code is for interpreters.
# shellcheck disable=SC2016

load helper

# Prints the numbers of the setups that were run, one for each line of the file setups.
setups() {
	grep -c . setups
}

SETUP='import os; open("setups", "a").write("x\n")'

# The setup runs once where interpreters are forked, and in each worker with spawn.
shares_setup() {
	local method=$1 wanted=$2
	rm -f setups
	mp_well --start-method="$method" -j3 --chunksize=1 --setup "$SETUP" --python '__import__("time").sleep(0.05) or x' ::: 1 2 3 4 5 6
	exactly out $'1\n2\n3\n4\n5\n6\n'
	[ "$(setups)" = "$wanted" ] || complain "$method: $(setups) setups"
}

@test "prototype: fork and forkserver run the setup once, spawn in each worker" {
	shares_setup fork 1
	shares_setup forkserver 1
	shares_setup spawn 3
}

@test "prototype: interpreters of Perl are forked from one, too" {
	command -v perl >/dev/null || skip_or_fail 'there is no perl'
	for method in fork forkserver; do
		rm -f setups
		mp_well --start-method="$method" -j3 --chunksize=1 --setup 'open my $log, ">>", "setups"; print $log "x\n"; close $log' \
			--perl 'select undef, undef, undef, 0.05; $_' ::: 1 2 3 4 5 6
		exactly out $'1\n2\n3\n4\n5\n6\n'
		[ "$(setups)" = 1 ] || complain "$method: $(setups) setups"
	done
}

@test "prototype: what the setup has loaded is in memory once" {
	measures_memory
	# the share of each process in what it maps: the pages of the setup count once in all
	mp_well -j4 --chunksize=1 --setup 'import os, time; data = bytearray(os.urandom(1 << 20)) * 128' \
		--python '(sum(data[::4096]) and time.sleep(0.3)) or [line.split()[1] for line in open("/proc/self/smaps_rollup") if line.startswith("Pss:")][0]' ::: 1 2 3 4
	[ "$(awk '{ sum += $1 } END { print sum < 1.25 * 128 * 1024 }' out)" = 1 ] || complain "proportional shares: $(tr '\n' ' ' <out)"
}

@test "prototype: a setup that fails ends the run once, before anything is run" {
	mp -j3 --setup 'raise ValueError("no model")' --python 'open("ran", "w")' ::: 1 2 3
	expect 2
	says 'ValueError: no model'
	[ "$(grep -c 'no model' err)" -le 2 ] || complain 'several workers report it'
	[ ! -e ran ]
}

@test "prototype: what the setup prints goes to standard error, escaped nowhere, lost nowhere" {
	mp -j2 --setup 'import sys; print("loading"); print("warning", file=sys.stderr)' --python 'x' ::: 1
	expect 0 1
	file_has err loading
	file_has err warning
}

@test "prototype: a run whose setup takes long is ended by SIGINT" {
	trace_on
	start -j2 --setup 'open("begun", "w"); import time; time.sleep(100)' --python 'x' ::: 1 2 3
	wait_until test -e begun
	kill -INT "$pid"
	finish
	expect 130
}

# Runs a function that says on which records it is, and then sleeps; ends it by one signal.
interrupts() {
	local option=$1 code=$2
	rm -f begun1 begun2
	start -j2 --chunksize=1 "$option" "$code" ::: 1 2 3
	wait_until test -e begun1 -a -e begun2
	kill -INT "$pid"
	finish
	expect 130
	exactly out ''
	[ ! -e ended ] || complain 'an interpreter has not got the signal'
}

@test "prototype: SIGINT reaches the interpreters that were forked from it" {
	trace_on
	interrupts --python '(open("begun" + x, "w").close(), __import__("time").sleep(20), open("ended", "w"))'
	command -v perl >/dev/null || skip_or_fail 'there is no perl'
	interrupts --perl 'open my $f, ">", "begun$_"; close $f; sleep 20; open $f, ">", "ended"'
}

@test "prototype: without it each worker starts its own interpreter" {
	# it ends while it is set up, as if it had been killed: but only the first one does
	mp_well -j2 --chunksize=1 --setup 'import os, signal
try:
    os.close(os.open("first", os.O_CREAT | os.O_EXCL))
except FileExistsError:
    pass
else:
    os.kill(os.getpid(), signal.SIGKILL)' --python 'x' ::: 1 2 3 4
	exactly out $'1\n2\n3\n4\n'
}

@test "prototype: it is killed in the middle of the run" {
	mp_well -j2 --max-tasks-per-worker=2 --chunksize=1 --setup 'import os, signal
prototype = os.getpid()' --python 'os.kill(prototype, signal.SIGKILL) if x == "3" and os.path.isdir("/proc/%d/fd" % prototype) else x' ::: 1 2 3 4 5 6 7 8
	exactly out $'1\n2\n4\n5\n6\n7\n8\n'
}

@test "prototype: watchers and interpreters that are killed cost nothing" {
	mp_well -j2 --chunksize=1 --python '(os.kill(os.getppid(), 9) if x == "3" and not os.path.exists("killed3") and not open("killed3", "w").close() else None, os.kill(os.getpid(), 9) if x == "5" and not os.path.exists("killed5") and not open("killed5", "w").close() else None) and x' ::: 1 2 3 4 5 6 7 8
	exactly out $'1\n2\n3\n4\n5\n6\n7\n8\n'
}

@test "prototype: a worker or mpmap that is killed leaves no interpreter" {
	local hang='open("hangs" + x, "w").close() or __import__("time").sleep(1000)'
	trace_on
	start -j2 --chunksize=1 --python "$hang" ::: 1 2
	wait_until test -e hangs1 -a -e hangs2
	kill -KILL "$pid"
	finish
	"$TOOL" marked "MPMAP_TEST_ID=$MPMAP_TEST_ID" 10
}

@test "prototype: a status is that of the interpreter that was forked" {
	mp -j2 --chunksize=1 -o jsonl --python 'os._exit(int(x)) if x != "9" else os.abort()' ::: 0 3 9
	expect 125
	[ "$(jq -c '[.outcome, .status, .signal]' out | tr '\n' ' ')" = '["ok",0,null] ["failed",3,null] ["signaled",null,"SIGABRT"] ' ] || complain "$(cat out)"
}

@test "prototype: at the prompt it stays for the next map of the same function" {
	printf '%s\n' "map --setup 'open(\"setups\", \"a\").write(\"x\\n\")' --python 'x' ::: 1 2" wait >once
	cat once once >script
	echo "map --python 'x' ::: 3" >>script
	echo wait >>script
	mp_well -j2 --interactive <script
	exactly out $'1\n2\n1\n2\n3\n'
	[ "$(setups)" = 1 ]
}

@test "prototype: at the prompt another takes the place of one that was killed, or of another function" {
	printf '%s\n' "map --setup 'import os; open(\"setups\", \"a\").write(\"x\\n\"); open(\"prototype\", \"w\").write(str(os.getpid()))' --python 'x' ::: 1 2" wait >once
	{ cat once && echo '! kill -KILL "$(cat prototype)"' && cat once && echo "map --python 'x + x' ::: 3" && echo wait && cat once; } >script
	mp_well -j2 --interactive <script
	exactly out $'1\n2\n1\n2\n33\n1\n2\n'
}
