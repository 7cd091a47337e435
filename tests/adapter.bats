#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --coproc=block: adapters, which get many records in a message. What each record's outcome is, whatever the adapter does.

# Scripts are for the adapter's Python.
# shellcheck disable=SC2016

load helper
load object
load adapter

setup_file() {
	command -v python3 >/dev/null || skip_or_fail 'python3 is not installed'
}

@test "adapter: records in, answers out, in order, under every start method" {
	seq 3000 >numbers
	answers 3000 >expected
	check() {
		for words in -j1 -j4 '-j3 --chunksize=7' '-j2 --unordered' '-j2 -k' '-j2 --max-tasks-per-worker=400'; do
			# shellcheck disable=SC2086
			adapt_well $words <../numbers
			[[ $words != *--unordered ]] || sort -t '<' -k 2n -o out out
			cmp ../expected out
		done
	}
	under_methods check
	cd "$WORK"
	for hello in "${OFFERS[@]}"; do
		adapt_well -j2 -- "hello=$hello" <numbers
		cmp expected out
		adapt_well -j2 -- "hello=$hello" late <numbers
		cmp expected out
	done
	adapt_well -- starts=starts </dev/null
	exactly out ''
	[ ! -e starts ]
}

@test "adapter: records come as the input has them" {
	printf 'a\0b\nc\0\0' >in
	adapt_well -0 <in
	same out $'<a>\n<b\nc>\n<>'
	printf 'a;b;;c' | adapt_well -d ';'
	same out $'<a>\n<b>\n<>\n<c>'
	printf '\377 \n' | adapt_well
	exactly out $'<\377 >\n'
	adapt_well -- ::: a '' 'b c'
	same out $'<a>\n<>\n<b c>'
	adapt_well -- ::: a b ::: c d
	same out $'<a|c>\n<a|d>\n<b|c>\n<b|d>'
	printf 'a,b\nc\n,d\n' | adapt_well -C ,
	same out $'<a|b>\n<c>\n<|d>'
	adapt_well --jsonl <<<$'{"a": 1.10}\n[123456789012345678901]\n"x"\nnull'
	same out $'<{"a": 1.10}>\n<[123456789012345678901]>\n<"x">\n<null>'
	adapt_well --json <<<'[{"a": [1E400]}, 2]'
	same out $'<{"a": [1E400]}>\n<2>'
	head -c 300000 /dev/zero | tr '\0' x >long
	adapt_well -- :::: long
	{ printf '<' && cat long && echo '>'; } | cmp - out
}

@test "adapter: the settings say what the records are" {
	# settings_are WORDS OPTION...: with these, each record is answered with the settings
	settings_are() {
		local words=$1
		shift
		printf '%s\n' '!result(out="|".join(settings))' | adapt_well "$@" && exactly out "$words"
	}
	settings_are 'delimiter=10|'
	settings_are 'delimiter=0|' -0
	settings_are 'delimiter=44|' -d ,
	settings_are 'delimiter=10|singles=1|' --joblog log
	adapt -o jsonl <<<'!result(out="|".join(settings))'
	the_result 1 '.stdout == "delimiter=10|singles=1|value=1|"'
	printf 'n,m\n!result(out="|".join(settings)),"c ""x"\n' | adapt_well --csv --header :
	exactly out 'delimiter=10|name=n|name=m|'
	adapt_well --jsonl <<<'"!"' && same out '<"!">'
}

@test "adapter: it ends while a record is in work: exactly that record has that outcome" {
	for late in '' late; do
		for hello in "${OFFERS[@]}"; do
			number_with 50 'os._exit(3)' | adapt -j2 -o jsonl -- "hello=$hello" $late
			failed_one 50 'failed 3'
			number_with 50 'os.kill(os.getpid(), signal.SIGSEGV)' | adapt -j2 -o jsonl -- "hello=$hello" $late
			failed_one 50 'signaled' 125
			the_result 50 '.signal == "SIGSEGV"'
		done
	done
	for hello in "${OFFERS[0]}" "${OFFERS[2]}"; do
		number_with 50 'os._exit(0)' | adapt -j2 -o jsonl -- "hello=$hello" late
		expect 0
		the_result 50 '.outcome == "ok" and .status == 0 and .stdout == ""'
		jq -j .stdout out | cmp - <(answers 100 50)
	done
	number_with 50 'os.kill(os.getpid(), signal.SIGKILL)' | adapt -j1 -o jsonl -- late
	failed_one 50 signaled 125
}

@test "adapter: it ends with status 0 and has not said which record was in work: that is no answer" {
	number_with 50 'os._exit(0)' | adapt -j2 -o jsonl -- 'hello=hello 1\n'
	failed_one 50 'failed .*status 0 and without an answer'
	mp --coproc=block sh -c 'echo "hello 1 mark" >&4; head -c 30 <&3 >head' ::: a b
	expect 123 ''
	says '^mpmap: #1: the command ended with status 0 and without an answer'
}

@test "adapter: several records end it, one after another" {
	for hello in "${OFFERS[@]}"; do
		rm -f log
		awk 'BEGIN { for (i = 1; i <= 60; i++) print i % 7 == 0 ? "!os._exit(" i ")" : i }' |
			adapt -j2 -o jsonl --joblog log -- "hello=$hello" late
		expect 123
		same <(jq -r 'select(.outcome == "failed") | .status' out) "$(seq 7 7 60)"
		[ "$(jq -r 'select(.outcome == "ok") | .seq' out | wc -l)" -eq 52 ]
		same <(sed 1d log | awk '$7 { print $7 }' | sort -n) "$(seq 7 7 60)"
	done
}

@test "adapter: results with a status, a signal, both outputs and a value" {
	{
		number_with 50 'result(4, "o\n", "e\n")' 59
		echo '!result(-11, b"", b"\xff\n")'
		seq 61 100
	} | adapt -j2 -o jsonl
	expect 125
	are_objects out 100
	the_result 50 '.outcome == "failed" and .status == 4 and .stdout == "o\n" and .stderr == "e\n"'
	the_result 60 '.outcome == "signaled" and .signal == "SIGSEGV" and .stderr_base64 == "/wo="'
	jq -j 'select(.outcome == "ok") | .stdout' out | cmp - <(answers 100 50 60)
	number_with 50 'result(4, "o\n", "e\n")' | adapt -j2
	expect 123
	answers 100 | sed 's/^<50>$/o/' | cmp - out
	says '^e$'
	says '^mpmap: #50: exit status 4'
	adapt -j1 -o jsonl <<<$'!result(value="{\\"a\\":\\n [1.10]}")\n!result(out="x", value="null")'
	expect 0
	same <(grep -o '"value":.*' out) $'"value":{"a":  [1.10]}}\n"value":null}'
}

@test "adapter: what is no answer fails the oldest record, and the others are called" {
	for wrong in 'rubbish\n' '\x1b]0;x\x07\n' '\n' 'ok\n' 'ok 1 1\n' 'ok 50 1 0 0\n' 'ok 50 0 0\n' 'ok 51 1 0\n' 'ok 49 1 0\n' 'ok 50 1000 0\n' 'ok 50 1 67108865\n' \
		'ok 50 1 99999999999999999999999\n' 'ok -1 1 0\n' 'result 50 256 0 0 -\n' 'result 50 -65 0 0 -\n' 'result 50 0 0 0 0\n' \
		'output 50 3 0\n' 'output 50 0 0\n' 'hello 1 mark\n' 'fail 2 0\n' 'result 50 0 0 0 1\nx' 'result 50 0 0 0 2\n[]' \
		'result 50 0 0 0 3\n"\xff"' "$(printf 'x%.0s' {1..300})" 'a a a a a a a a a a\n' '\0\0\n'; do
		echo "$wrong"
		rm -f log
		number_with 50 "say('$wrong'); pause()" | adapt -j1 --joblog log
		expect 123
		cmp out <(answers 100 50)
		says '^mpmap: #50: '
		says_lines 2
		not grep -q $'\033' err
	done
	for hello in "${OFFERS[@]}"; do
		number_with 50 'say("rubbish\n"); pause()' | adapt -j2 -o jsonl -- "hello=$hello"
		failed_one 50 'failed not one of hello'
	done
	# several in one answer, though each needs its own
	number_with 50 'say("ok 50 2 0\n"); pause()' | adapt -j1 -o jsonl
	failed_one 50 'failed .*(singles|not about the oldest)'
	number_with 50 'result(value="[1")' | adapt -j1 -o jsonl
	failed_one 50 'failed .*not JSON'
}

@test "adapter: it cannot begin: its words come once, nothing is run, and its status is that of the run" {
	fails='data = b"line 1\033]0;x\007\n  line 2\\xff\n"; time.sleep(0.1); send(b"fail STATUS %d\n" % len(data) + data); sys.exit(1)'
	check() {
		for status in 2 127 1; do
			seq 1000 | adapt -j4 -- "setup=${fails/STATUS/$status}"
			expect "$status" ''
			same err $'mpmap: python3 cannot begin:\nline 1\\x1b]0;x\\x07\n  line 2\\xff'
		done
	}
	under_methods check
	seq 10 | adapt -j2 -- 'setup=send(b"fail 2 0\n"); pause()'
	expect 2 ''
	same err 'mpmap: python3 cannot begin:'
}

@test "adapter: it ends, or breaks the protocol, before its first record: the run fails with the reason" {
	broken() {
		local words=$1
		shift
		seq 1000 | adapt -j2 -- "$@" starts=starts
		expect 1 '' || return 1
		says "$words" || return 1
		says_lines "$(grep -cE "$words" err)" || return 1
		[ "$(wc -l <starts)" -le 6 ] || return 1
		rm starts
	}
	broken '^mpmap: python3 ended before it was ready \(exit status 4\)' 'setup=sys.exit(4)'
	broken '^mpmap: python3 ended before it was ready \(exit status 0\)' 'setup=sys.exit()'
	broken '^mpmap: python3 ended before it was ready \(SIGSEGV' 'setup=os.kill(os.getpid(), signal.SIGSEGV)'
	broken '^mpmap: python3 ended before it was ready \(SIGKILL' 'setup=os.kill(os.getpid(), signal.SIGKILL)'
	broken '^mpmap: python3 ended before it was ready: no hello' 'hello=ok 1 1 0\n'
	broken '^mpmap: python3 ended before it was ready: no hello' 'hello=output 1 1 0\n'
	broken '^mpmap: python3 ended before it was ready: not one of hello, fail' 'hello=Traceback\n'
	broken '^mpmap: python3 ended before it was ready: not of the form: hello 1' 'hello=hello 2\n'
	broken '^mpmap: python3 ended before it was ready: not of the form: fail STATUS' 'hello=fail 0 0\n'
	broken '^mpmap: python3 ended before its first record: a hello or fail' 'hello=hello 1 mark\nhello 1 mark\n'
	broken '^mpmap: python3 ended before its first record: a hello or fail' 'hello=hello 1\nfail 2 3\nno\n'
	broken '^mpmap: python3 ended before its first record: not one of hello' 'hello=hello 1 each\nrubbish\n'
	broken '^mpmap: python3 ended before its first record: an answer that is not about' 'hello=hello 1\nok 1 1 0\n'
	[ "$(wc -l <err)" -le 2 ]
}

@test "adapter: one that shrinks its mark ends no worker" {
	trace_on
	printf '%s\n' a '!os.ftruncate(5, 0)' b | adapt -j1 --timeout 20
	expect 123 $'<a>\n<b>'
	[ "$(event_count worker_start)" -eq 1 ]
}
