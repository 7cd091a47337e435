#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --coproc: a command that stays and speaks JSON, on its standard input and output or on a descriptor of its own.

# Scripts are for the commands' shell.
# shellcheck disable=SC2016

load helper
load object

# Answers with the values, joined; with their sum as the status if they are numbers and the first is negative.
PYTHON='
import json, os, sys
fd = os.environ.get("MPMAP_COPROC_FD")
requests = os.fdopen(int(fd), "r") if fd else sys.stdin
answers = os.fdopen(os.dup(int(fd)), "w") if fd else sys.stdout
if sys.argv[1:]:
    print(json.dumps({"mpmap": 1, "pipeline": int(sys.argv[1])}), file=answers, flush=True)
for line in requests:
    request = json.loads(line)
    assert set(request) <= {"seq", "args", "args_base64", "stdin", "stdin_base64"}, request
    args = request.get("args") or request.get("args_base64") or []
    print(json.dumps({"seq": request["seq"], "stdout": "<%s|%s>\n" % (" ".join(args), request.get("stdin", ""))}), file=answers, flush=True)
'

# Prints what tool coproc answers to the numbers from 1 to COUNT, but for those that follow.
answers() {
	local count=$1
	shift
	seq "$count" | grep -vxF "$(printf '%s\n' "${@:-none}")" | sed 's/$/!/'
}

# Runs a check with the protocol on either way: $WAY is the option.
both_ways() {
	local WAY
	for WAY in --coproc --coproc=stdio --coproc=fd; do
		echo "$WAY"
		rm -f starts tries gate
		"$@"
	done
}

@test "coproc: a program in Python, under every start method" {
	needs python3
	seq 1000 >numbers
	sed 's/.*/<&|>/' numbers >expected
	check() {
		both_ways each
	}
	each() {
		mp_well -j2 "$WAY" python3 -c "$PYTHON" <../numbers
		cmp ../expected out
		mp_well -j2 "$WAY" python3 -c "$PYTHON" 64 <../numbers
		cmp ../expected out
	}
	under_methods check
}

@test "coproc: a program in shell" {
	seq 300 >numbers
	mp_well -j2 --coproc sh -c '
		while read -r request; do
			seq=${request#*:}
			printf "{\"seq\":%s, \"stdout\": \"%s\\\\n\"}\n" "${seq%%,*}" "$MPMAP_SLOT"
		done' <numbers
	[ "$(wc -l <out)" -eq 300 ]
	not grep -qv '^[12]$' out
	mp_well -j2 --coproc jq -c --unbuffered '{seq, stdout: (.args[0] + "\n")}' <numbers
	cmp numbers out
}

@test "coproc: any number of jobs, any chunk size, and any pipeline" {
	seq 20000 >numbers
	answers 20000 >expected
	each() {
		for jobs in 1 2 7 16; do
			mp_well "-j$jobs" "$WAY" "$TOOL" coproc <numbers
			cmp expected out
		done
		for size in 1 3 1000 auto; do
			for pipeline in 1 2 50 65536; do
				mp_well -j3 --chunksize "$size" "$WAY" "$TOOL" coproc "pipeline=$pipeline" <numbers
				cmp expected out
			done
		done
		mp_well -j2 --buffer 64K --spill 0 "$WAY" "$TOOL" coproc pipeline=1000 <numbers
		cmp expected out
		mp_well -j2 "$WAY" "$TOOL" coproc starts=starts </dev/null
		exactly out ''
		[ ! -e starts ]
	}
	both_ways each
}

@test "coproc: a request has the record's values, and its standard input" {
	needs python3
	each() {
		printf 'a,b\nc,d\n' | mp_well "$WAY" -C , python3 -c "$PYTHON"
		same out $'<a b|>\n<c d|>'
		printf '["a", 1]\n"x"\n' | mp_well "$WAY" --jsonl python3 -c "$PYTHON"
		same out $'<a 1|>\n<x|>'
		printf '"q" \\ \t\001ä\n' | mp_well "$WAY" python3 -c "$PYTHON"
		exactly out $'<"q" \\ \t\001ä|>\n'
		printf '\377\n' | mp_well "$WAY" python3 -c "$PYTHON"
		same out '</w==|>'
		printf '{}\n{1} {#}\n' | mp_well "$WAY" python3 -c "$PYTHON"
		same out $'<{}|>\n<{1} {#}|>'
	}
	both_ways each
}

@test "coproc: an answer has a status, and both outputs" {
	seq 100 >numbers
	each() {
		mp -j2 "$WAY" "$TOOL" coproc pipeline=10 status=50 <numbers
		expect 123
		answers 100 | sed 's/^50!$/o 50/' | cmp - out
		says '^e 50$'
		says '^mpmap: 1 of 100 tasks failed: 1 by error$'
		says '^mpmap: #50: exit status 4'
		mp -j2 -o jsonl "$WAY" "$TOOL" coproc status=50 <numbers
		expect 123
		are_objects out 100
		the_result 50 '.status == 4 and .outcome == "failed" and .stdout == "o 50\n" and .stderr == "e 50\n" and .attempts == 1'
		jq -j 'select(.seq != 50) | .stdout' out | cmp - <(answers 100 50)
	}
	both_ways each
	# all but seq may be left out
	mp_well -o jsonl --coproc jq -c --unbuffered '{seq}' <numbers
	are_objects out 100
	jq -e -n '[inputs] | all(.outcome == "ok" and .stdout == "" and .stderr == "")' out >/dev/null
}

@test "coproc: one record at a time, unless it offers more" {
	needs python3
	watching='
import json, os, select, sys
limit, kept, most = int(sys.argv[1]), b"", 0
if limit > 1:
    os.write(1, b"{\"mpmap\":1,\"pipeline\":%d}\n" % limit)
waiting = []
while True:
    block = os.read(0, 1 << 20)
    if not block:
        for seq in waiting:
            os.write(1, b"{\"seq\":%d}\n" % seq)
        break
    *lines, kept = (kept + block).split(b"\n")
    waiting += [json.loads(line)["seq"] for line in lines]
    most = max(most, len(waiting))
    assert most <= limit, most
    # half of what it may have is kept back as long as more comes
    while waiting and len(waiting) * 2 > limit - 1:
        os.write(1, b"{\"seq\":%d}\n" % waiting.pop(0))
    while waiting and not select.select([0], [], [], 0.05)[0]:
        os.write(1, b"{\"seq\":%d}\n" % waiting.pop(0))
open("most%d" % os.getpid(), "w").write("%d\n" % most)
'
	seq 300 >numbers
	mp_well -j1 --coproc python3 -c "$watching" 1 <numbers
	same <(cat most*) 1
	rm most*
	mp_well -j1 --coproc python3 -c "$watching" 8 <numbers
	[ "$(cat most*)" -ge 4 ]
}

# failed_one SEQ ERROR: fails unless that record has failed, its error matches, and all the others of 100 are answered
failed_one() {
	expect "${STATUS:-123}" || return 1
	are_objects out 100 || return 1
	same <(jq -r 'select(.outcome != "ok") | .seq' out) "$1" || return 1
	jq -j 'select(.outcome == "ok") | .stdout' out | cmp - <(answers 100 "$1") || return 1
	jq -r 'select(.outcome != "ok") | "\(.outcome) \(.error)"' out | grep -E -- "$2" || complain "$(jq -c 'select(.outcome != "ok")' out)"
}

@test "coproc: a line that is no answer fails the oldest record, and the others are asked again" {
	seq 100 >numbers
	each() {
		for pipeline in 1 10; do
			mp -j2 -o jsonl "$WAY" "$TOOL" coproc "pipeline=$pipeline" garbage=50 <numbers
			failed_one 50 'failed .*no JSON for 50'
			mp -j2 -o jsonl "$WAY" "$TOOL" coproc "pipeline=$pipeline" wrong=50 <numbers
			failed_one 50 'failed .*57'
		done
		mp -j1 "$WAY" "$TOOL" coproc garbage=50 <numbers
		expect 123
		cmp out <(answers 100 50)
		says '^mpmap: #50: .*no JSON for 50'
	}
	both_ways each
	check() {
		mp -j2 -o jsonl --coproc "$TOOL" coproc pipeline=10 garbage=50 <../numbers
		failed_one 50 'failed .*no JSON for 50'
	}
	under_methods check
}

@test "coproc: answers that are JSON, but none of the protocol's" {
	for answer in '[]' '1' '{}' '{"seq":"1"}' '{"seq":1,"status":"0"}' '{"seq":1,"status":256}' '{"seq":1,"status":-1}' '{"seq":1,"stdout":5}' \
		'{"seq":1,"stdout":"a","stdout_base64":"YQ=="}' '{"seq":1,"stdout_base64":"?"}' '{"seq":1}{"seq":1}' '{"seq":1' '{"seq":1.0}'; do
		echo "$answer"
		mp -j1 -o jsonl --coproc sh -c 'while read -r request; do case $request in
			*\"seq\":1,*) printf "%s\n" "$0" ;; *) s=${request#*:}; echo "{\"seq\":${s%%,*}}" ;; esac; done' "$answer" ::: a b c
		expect 123
		same <(jq -r '"\(.seq) \(.outcome)"' out) $'1 failed\n2 ok\n3 ok'
	done
}

@test "coproc: a malformed answer of a record that is suspected of having ended the command hangs nothing" {
	check_suspects() {
		open_feed
		seq 100 >&7
		start -j1 "$WAY" bash -c '
			[ -z "${MPMAP_COPROC_FD-}" ] || exec <&3 >&3
			echo "{\"mpmap\":1,\"pipeline\":1000}"
			while read -r request; do
				seq=${request#*:}
				seq=${seq%%,*}
				[ "$seq" != 50 ] || [ -e tries ] || { echo 1 >tries; exit 3; }
				[ ! -e tries ] || [ -e gate ] || { echo >gate; echo rubbish; }
				echo "{\"seq\":$seq,\"stdout\":\"$seq!\\n\"}"
			done' <feed
		wait_until file_has out '^100!$'
		echo 101 >&7
		wait_until file_has out '^101!$'
		close_feed
		finish
		expect 123
		[ "$(wc -l <out)" -eq 100 ]
	}
	both_ways check_suspects
}

@test "coproc: half a line, then the end" {
	seq 100 >numbers
	each() {
		mp -j2 "$WAY" "$TOOL" coproc half=50 <numbers
		[ "$(cat status)" -ne 0 ]
		says '^mpmap: '
		no_processes_left
	}
	both_ways each
}

@test "coproc: a line without an end is not kept" {
	seq 100 >numbers
	each() {
		start -j1 -o jsonl "$WAY" "$TOOL" coproc giant=50 <numbers
		memory=0
		watch_once() {
			now=$(mpmap_memory)
			[ "$now" -le "$memory" ] || memory=$now
			is_gone "$pid"
		}
		wait_until watch_once
		finish
		failed_one 50 failed
		# of 256 MB
		[ "$memory" -lt $((160 * 1024)) ] || complain "$memory KiB"
	}
	both_ways each
}

@test "coproc: a command that dies, exits, or closes its input" {
	seq 100 >numbers
	each() {
		mp -j2 -o jsonl "$WAY" "$TOOL" coproc pipeline=20 crash=50 <numbers
		STATUS=125 failed_one 50 '^signaled'
		the_result 50 '.signal == "SIGSEGV"'
		mp -j2 -o jsonl "$WAY" "$TOOL" coproc pipeline=20 fail=50 <numbers
		failed_one 50 '^failed'
		the_result 50 '.status == 3 and .stderr == "cannot do 50\n"'
		mp -j2 -o jsonl "$WAY" "$TOOL" coproc pipeline=20 kill=50 <numbers
		STATUS=125 failed_one 50 '^signaled'
		mp -j2 -o jsonl --timeout 0.3 --grace 0.1 "$WAY" "$TOOL" coproc pipeline=20 close=50 <numbers
		[ "$(jq -r 'select(.outcome == "ok") | .seq' out | wc -l)" -eq 99 ]
		# killed from outside: no record's fault
		mp_well -j2 "$WAY" "$TOOL" coproc pipeline=20 last=30 <numbers
		cmp out <(answers 100)
		mp -j2 "$WAY" "$TOOL" coproc end=50 <numbers
		[ "$(cat status)" -ne 0 ]
		no_processes_left
	}
	both_ways each
}

@test "coproc: a command that never answers a record: a timeout, and the others are answered" {
	seq 100 >numbers
	each() {
		mp -j2 -o jsonl --timeout 0.3 --grace 0.1 "$WAY" "$TOOL" coproc pipeline=10 hang=50 <numbers
		STATUS=125 failed_one 50 '^timeout'
		mp -j2 -o jsonl --timeout 0.3 --grace 0.1 "$WAY" "$TOOL" coproc hang=50 <numbers
		STATUS=125 failed_one 50 '^timeout'
	}
	both_ways each
}

@test "coproc: answers that nobody has asked for" {
	seq 100 >numbers
	mp -j1 --coproc "$TOOL" coproc twice=50 <numbers
	[ "$(cat status)" -ne 0 ]
	says '^mpmap: '
	no_processes_left
}

@test "coproc: --retries gives a failed record further tries" {
	seq 100 >numbers
	each() {
		mp -j1 -o jsonl --retries 2 "$WAY" "$TOOL" coproc pipeline=10 garbage=50 <numbers
		failed_one 50 '^failed'
		the_result 50 '.attempts == 3'
		mp -j1 -o jsonl --retries 2 "$WAY" "$TOOL" coproc pipeline=10 status=50 <numbers
		the_result 50 '.attempts == 3 and .status == 4'
		mp -j1 --retries 20 "$WAY" "$TOOL" coproc pipeline=10 try=50 <numbers
		expect 0
		cmp out <(answers 100)
	}
	both_ways each
}

@test "coproc: with --coproc=fd, what is printed is the output of the record in work" {
	seq 100 >numbers
	check() {
		mp -j2 -o jsonl --coproc=fd "$TOOL" coproc print=50 <../numbers
		expect 0
		are_objects out 100
		the_result 50 '.stdout | . == "out 50\n50!\n" or . == "50!\nout 50\n"'
		the_result 50 '.stderr == "about 50\n"'
		jq -j 'select(.seq != 50) | .stdout' out | cmp - <(answers 100 50)
		mp -j2 --coproc=fd "$TOOL" coproc print=50 <../numbers
		expect 0
		grep -vx 'out 50' out | cmp - <(answers 100)
		grep -qx 'out 50' out
		same err 'about 50'
	}
	under_methods check
	# a child of it writes, too
	mp -j1 -o jsonl --coproc=fd sh -c 'while read -r request <&3; do
		sh -c "echo child"; seq=${request#*:}; echo "{\"seq\":${seq%%,*}}" >&3; done' ::: a b c
	expect 0
	same <(jq -r '.stdout' out | grep .) $'child\nchild\nchild'
}

@test "coproc: with --coproc=fd, the protocol is on descriptor 3, and standard input is empty" {
	mp_well --coproc=fd sh -c '
		[ "$MPMAP_COPROC_FD" = 3 ] && [ -S /proc/self/fd/3 ] && [ -z "$(cat)" ] || exit 9
		while read -r request <&3; do seq=${request#*:}; printf "{\"seq\":%s,\"stdout\":\"yes\\\\n\"}\n" "${seq%%,*}" >&3; done' ::: a b
	same out $'yes\nyes'
	mp_well --coproc sh -c '
		[ -z "${MPMAP_COPROC_FD+x}" ] || exit 9
		while read -r request; do seq=${request#*:}; printf "{\"seq\":%s,\"stdout\":\"yes\\\\n\"}\n" "${seq%%,*}"; done' ::: a b
	same out $'yes\nyes'
}

@test "coproc: standard error of the command is passed on" {
	seq 100 >numbers
	mp -j2 --coproc "$TOOL" coproc say=50 <numbers
	expect 0
	cmp out <(answers 100)
	same err 'about 50'
}

@test "coproc: --tag, --joblog, --unordered, --halt" {
	seq 500 >numbers
	each() {
		mp_well -j2 --tag "$WAY" "$TOOL" coproc pipeline=9 <numbers
		answers 500 | sed 's/\(.*\)!/\1\t&/' | cmp - out
		mp -j2 --joblog log "$WAY" "$TOOL" coproc pipeline=9 status=50 crash=300 <numbers
		expect 125
		sed 1d log | cut -f 1 | sort -n | cmp - numbers
		same <(sed 1d log | awk -F '\t' '$7 || $8 { print $1, $7, $8 }' | sort -n) $'50 4 0\n300 0 11'
		mp_well -j3 --unordered "$WAY" "$TOOL" coproc pipeline=9 <numbers
		answers 500 | sort | cmp - <(sort out)
		run_to_end -j2 --halt now,fail=1 "$WAY" "$TOOL" coproc pipeline=9 status=50 <numbers
		expect 124
		no_processes_left
	}
	both_ways each
}

@test "coproc: workers killed cost no record anything" {
	answers 20000 >expected
	check() {
		open_feed
		start -j4 --coproc "$TOOL" coproc pipeline=20 <feed
		for i in 0 1 2 3 4 5 6 7 8 9; do
			seq $((i * 2000 + 1)) $((i * 2000 + 2000)) >&7
			victim=$(mpmap_pids | grep -vxF "$pid" | shuf -n 1)
			[ -z "$victim" ] || kill -KILL "$victim"
		done
		close_feed
		finish
		expect 0
		same err ''
		cmp ../expected out
		no_processes_left
	}
	under_methods check
}

@test "coproc: each record is answered at once" {
	each() {
		open_feed
		start -j2 "$WAY" "$TOOL" coproc pipeline=10 <feed
		for i in 1 2 3 4 5 6 7 8 9; do
			echo "$i" >&7
			wait_until file_has out "^$i!\$"
		done
		close_feed
		finish
		expect 0 "$(answers 9)" ''
	}
	both_ways each
}

@test "coproc: signals end it, and no command is left" {
	each() {
		for signal in INT TERM; do
			rm -f waits
			start -j3 "$WAY" "$TOOL" coproc wait=1 ::: $(seq 100)
			wait_until test -e waits
			kill "-$signal" "$pid"
			finish
			expect $((128 + $(kill -l "$signal")))
			no_processes_left
		done
	}
	both_ways each
}

@test "coproc: no such command, or one that is broken" {
	mp -j2 --coproc no-such-command ::: $(seq 100)
	expect 127 ''
	says_lines 1
	mp -j1 --coproc sh -c 'echo >>starts; echo words >&2; exit 3' ::: $(seq 100)
	expect 1 ''
	says '^words$'
	[ "$(wc -l <starts)" -le 4 ]
}

@test "coproc: options that mean nothing with it are usage errors" {
	for words in '--coproc=pipe' '--coproc --filter' '--coproc --zygote' '--coproc --tty' '--coproc --ungroup'; do
		echo "$words"
		# shellcheck disable=SC2086
		mp $words cat ::: a
		usage_error --coproc
	done
	mp --coproc ::: a
	usage_error COMMAND
}
