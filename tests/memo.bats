#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --memo: what ran before, and has not changed, is not run again. How a folder is written: tests/unit_memo.c.

load helper
load object

# A script that notes in ran what it was run for.
NOTED='echo "$1" >>ran; echo "<$1>"; echo "e $1" >&2'

# ran_for RECORD...: fails unless tasks ran for these since the last time, in any order
ran_for() {
	[ -e ran ] || : >ran
	sort ran | cmp - <(printf '%s\n' "$@" | sed '/^$/d' | sort) || complain "ran for: $(tr '\n' ' ' <ran)" || return 1
	rm ran
}

# noted OPTION... [::: ITEM...]: runs the script with --memo and checks that it ended well
noted() {
	mp --memo memo "$@" || return 1
	expect 0
}

# fresh_as FILE: out and err are what the script writes for the lines of the file
fresh_as() {
	sed 's/.*/<&>/' "$1" | cmp - out || return 1
	sed 's/.*/e &/' "$1" | sort | cmp - <(sort err)
}

@test "memo: nothing runs a second time, and the output is the same" {
	check() {
		seq 300 >numbers
		noted -j3 --shell "$NOTED" <numbers
		ran_for $(seq 300)
		fresh_as numbers
		noted -j3 --shell "$NOTED" <numbers
		ran_for
		fresh_as numbers
		[ "$(stat -c %a memo memo/* | sort -u)" = $'600\n700' ]
		[ "$(ls memo | wc -l)" -le 257 ]
	}
	under_methods check
}

@test "memo: only what is new or has changed runs, wherever it is" {
	seq 100 >numbers
	noted --shell "$NOTED" <numbers
	rm ran
	{ echo first && seq 1 20 && echo middle && seq 31 100 | shuf && seq 5 && echo last; } >edited
	noted -j3 --shell "$NOTED" <edited
	ran_for first middle last
	fresh_as edited
	noted --unordered --shell "$NOTED" <edited
	ran_for
	sed 's/.*/<&>/' edited | sort | cmp - <(sort out)
	noted --line-buffer --shell "$NOTED" <edited
	ran_for
	sed 's/.*/<&>/' edited | sort | cmp - <(sort out)
}

@test "memo: equal records have equal outputs" {
	for i in $(seq 50); do echo same; done >records
	echo other >>records
	noted -j2 --shell "$NOTED" <records
	rm ran
	noted -j2 --shell "$NOTED" <records
	ran_for
	fresh_as records
}

@test "memo: another command, script, folder or way to get the record is another task; the form of the output is not" {
	mkdir there
	noted echo ::: a
	for options in '-j4 --chunksize 3' --tag '-o jsonl' '-o json' '-o none' '--results kept --force' '--retries 3' '--timeout 50' \
		'--start-method spawn' '--zygote' '--unordered'; do
		noted --stats $options echo ::: a
		says '^mpmap: taken from the memo: 1$' || complain "$options"
	done
	for options in '--workdir there' '--stdin' '--shell'; do
		noted --stats $options echo ::: a
		says '^mpmap: taken from the memo: 0$' || complain "$options"
	done
	for words in 'echo {} ""' 'echo  {}{}' '/bin/echo' 'echo {#}{}' 'echo -n'; do
		noted --stats $words ::: a
		says '^mpmap: taken from the memo: 0$' || complain "$words"
		noted --stats $words ::: a
		says '^mpmap: taken from the memo: 1$' || complain "$words"
	done
	# where the number counts, a record that moves is another task
	noted --stats echo {#} {} ::: a b
	noted --stats echo {#} {} ::: b a
	says '^mpmap: taken from the memo: 0$'
	# the slot does not count
	noted --stats echo {%} {} ::: a
	noted --stats echo {%} {} ::: a
	says '^mpmap: taken from the memo: 1$'
}

@test "memo: what failed is run again, what was tried until it succeeded is not" {
	for time in 1 2; do
		mp --memo memo --shell 'echo "$1" >>ran; exit "$1"' ::: 0 3
		expect 123
	done
	ran_for 0 3 3
	for time in 1 2; do
		mp --memo memo --shell 'echo "$1" >>ran; kill -KILL $$' ::: k
		expect 125
		mp --memo memo --timeout 0.2 --grace 0 --shell 'echo "$1" >>ran; exec "$TOOL" pause pid' ::: t
		expect 125
	done
	ran_for k k t t
	for time in 1 2; do
		mp --memo memo --retries 2 --shell 'echo "$1" >>ran; echo "$MPMAP_ATTEMPT"; [ "$MPMAP_ATTEMPT" -eq 3 ]' ::: r
		expect 0 3 "$([ "$time" -eq 2 ] || attempts_note 1)"
	done
	ran_for r r r
	mp --memo memo no-such-command ::: a
	expect 127
	mp_well --memo memo --dry-run echo ::: a
	same out 'echo a'
	mp_well --memo memo --shell "$NOTED >&2" ::: a 2>/dev/null || :
	ran_for a
}

@test "memo: result objects say so; values, bytes and errors are the same" {
	printf 'a\nb\n' >records
	noted -o jsonl --shell 'printf "$1\377\0"; echo "e $1" >&2' <records
	jq -c '[.seq, .argv, .outcome, .status, .stdout_base64, .stderr, .attempts, .memo]' out >first
	noted -o jsonl --shell 'printf "$1\377\0"; echo "e $1" >&2' <records
	jq -e 'select(.memo != true or .attempts != 0 or .pid != null or .duration != null)' out && complain 'not from the memo'
	jq -c '[.seq, .argv, .outcome, .status, .stdout_base64, .stderr, 1, null]' out | cmp - first
	noted -o json --shell 'printf "$1\377\0"; echo "e $1" >&2' <records
	[ "$(jq -c 'map(.memo)' out)" = '[true,true]' ]
	for time in 1 2; do
		noted -o jsonl --python '{"n": int(x)}' ::: 1 2
		[ "$(jq -c .value out)" = $'{"n":1}\n{"n":2}' ]
	done
	[ "$(jq -c .memo out)" = $'true\ntrue' ]
	# what was kept without a value is not taken where there is one
	noted --python '[x]' ::: 1
	noted -o jsonl --python '[x]' ::: 1
	[ "$(jq -c '[.value, .memo]' out)" = '[["1"],null]' ]
}

@test "memo: tags, results and the job log" {
	noted --tag echo ::: a b
	noted --tag echo ::: b c a
	expect 0 $'b\tb\nc\tc\na\ta'
	noted --results kept --joblog log echo ::: a d
	exactly kept/000000001/stdout $'a\n'
	exactly kept/000000002/stdout $'d\n'
	jq -e .memo kept/000000001/meta.json
	# only what ran is in it
	[ "$(tail -n +2 log | cut -f 1,9)" = $'2\techo d' ]
	noted --halt soon,success=1 echo ::: a b
	expect 0
}

@test "memo: records of every kind" {
	# twice WORD...: the second run takes all that the first ran, and writes the same
	twice() {
		rm -rf memo
		mp --memo memo --stats "$@" <input
		expect 0
		says '^mpmap: taken from the memo: 0$' || complain "$*" || return 1
		tasks=$(sed -n 's/^mpmap: tasks: //p' err)
		cp out first
		mp --memo memo --stats "$@" <input
		expect 0
		says "^mpmap: taken from the memo: $tasks\$" || complain "$*" || return 1
		[ -s first ] || complain "$*" || return 1
		cmp first out
	}
	printf 'x,y\n1,2\n"3 ""q""\n",4\n' >input
	twice --csv --header : echo {y}-{x}
	twice --csv echo
	twice -C , echo {1}
	twice -n 2 echo
	twice -n max printf '%s\n'
	twice --stdin cat
	twice --stdin -n 2 cat
	twice --stdin --block 10 cat
	twice -0 echo
	twice echo {1} {2} ::: a b ::: 1 2
	twice --link echo ::: a b ::: 1 2
	twice --python 'x'
	twice --csv --header : --python max
	twice --bash 'echo "[$1]"'
	printf 'echo a\nprintf %%s "b c"\n' >input
	twice --shell
	seq 30 >input
	twice --coproc "$TOOL" coproc
	twice --coproc "$TOOL" coproc pipeline=20
	echo '["a", "b c", 1, {"k": [1]}, ["x", "y"]]' >input
	twice --json echo
	twice --json --python 'x'
	echo '{"argv": ["env"], "env": {"V": "1"}} {"argv": ["env"], "env": {"V": "2"}} {"argv": ["pwd"], "cwd": "/"} {"argv": ["cat"], "stdin": "in"} {"shell": "echo $1", "args": ["z"], "retries": 2, "id": 7}' >input
	twice --json
	[ "$(sort -u out | grep -c '^V=')" -eq 2 ]
}

@test "memo: large outputs come back whole; more than 16 MiB is not kept" {
	noted -j2 "$TOOL" spew 3000000 ::: 1 2 3
	for options in '' '--buffer 64K --spill 0' '--buffer 64K'; do
		noted --stats $options "$TOOL" spew 3000000 ::: 3 1 2
		says '^mpmap: taken from the memo: 3$'
		for seed in 3 1 2; do "$TOOL" spew 3000000 "$seed"; done | cmp - out
	done
	for time in 1 2; do
		noted --stats "$TOOL" spew 17000000 ::: 1
		says '^mpmap: taken from the memo: 0$'
		"$TOOL" spew 17000000 1 | cmp - out
	done
}

@test "memo: many tasks of it wait for a slow one before them, and for a slow reader" {
	seq 20000 >numbers
	code='x if x != "first" else open("gate").read()'
	{ echo first && cat numbers; } >edited
	mkfifo gate
	for options in '' '--buffer 64K --spill 0' '--buffer 64K --spill 64K --tag' '-o jsonl --buffer 64K'; do
		rm -rf memo
		noted -q ${options%--tag} --python "$code" <numbers
		start $options --memo memo --stats --python "$code" <edited
		# opened once the task waits for it
		printf first >gate
		finish
		expect 0
		says '^mpmap: taken from the memo: 20000$'
		case $options in
		*jsonl*) [ "$(wc -l <out)" -eq 20001 ] && jq -r '.value' out | cmp - edited ;;
		*--tag) cut -f 2 out | cmp - edited ;;
		*) cmp edited out ;;
		esac
	done
	noted --python "$code" <numbers
	"$TOOL" under default -- "$MPMAP" --memo memo --python "$code" <numbers | { read -r line; let_pass 0.3; cat; } >rest
	tail -n +2 numbers | cmp - rest
}

@test "memo: what is combined with it in vain" {
	for options in --tty --ungroup '--filter'; do
		mp --memo memo $options touch ran ::: a
		usage_error '^mpmap: .*--memo' "$options"
	done
	mp --memo '' touch ran ::: a
	usage_error '^mpmap: --memo: the name of the folder is empty$'
	[ ! -e ran ] && [ ! -e memo ]
}

# refused STATUS WORDS: --memo=bad is refused with one line, and nothing is run
refused() {
	find bad -printf '%y %p %s %m\n' 2>/dev/null | sort >before || :
	mp --memo bad touch ran ::: a
	expect "$1" '' || return 1
	says_lines 1 || return 1
	says "^mpmap: --memo: .*bad.*$2" || return 1
	[ ! -e ran ] || return 1
	find bad -printf '%y %p %s %m\n' 2>/dev/null | sort | cmp before - || complain 'it was changed'
}

@test "memo: DIR that is no folder of a memo, or not one's own, is refused, and nothing is run" {
	touch bad
	refused 1 'Not a directory'
	rm bad
	mkdir bad
	touch bad/notes
	refused 2 'is not empty, and not a folder of --memo'
	rm bad/notes
	echo 'mpmap memo 2' >bad/mpmap-memo
	refused 2 'has another format'
	: >bad/mpmap-memo
	refused 2 'has another format'
	rm bad/mpmap-memo
	mkdir bad/mpmap-memo
	refused 2 'has another format'
	rmdir bad/mpmap-memo
	chmod 775 bad
	refused 2 'may be written to by others.*chmod go-w'
	chmod 700 bad
	if [ "$(id -u)" = 0 ]; then
		chown 65534 bad
		refused 2 'belongs to another user'
		chown 0 bad
	else
		chmod 500 bad
		refused 1 'cannot write to bad: Permission denied'
		chmod 700 bad
	fi
	rmdir bad
	ln -s nowhere bad
	refused 1 'No such file or directory'
	mp --memo none/bad touch ran ::: a
	expect 1 ''
	says '^mpmap: --memo: cannot make none/bad: No such file or directory$'
	[ ! -e ran ]
	mkdir empty
	mp_well --memo empty echo ::: a
	mp_well --memo empty/ echo ::: a
	same out a
}

@test "memo: two runs on one folder at a time, and a third takes what either did" {
	seq 200 >one
	seq 150 350 >two
	start_it "$MPMAP" -j2 --memo memo --shell 'echo "<$1>"' <one
	first=$pid
	"$MPMAP" -j2 --memo memo --shell 'echo "<$1>"' <two >out2
	sed 's/.*/<&>/' two | cmp - out2
	pid=$first finish
	expect 0
	sed 's/.*/<&>/' one | cmp - out
	seq 350 >all
	noted --stats --shell 'echo "<$1>"' <all
	says '^mpmap: taken from the memo: 350$'
	sed 's/.*/<&>/' all | cmp - out
}

@test "memo: after SIGKILL in the middle what was kept is taken, the rest runs, and the output is right" {
	seq 400 >numbers
	for number in 20 150 300; do
		trace_on
		start -j2 --memo memo --shell 'echo "<$1>"' <numbers
		wait_until file_holds trace "$number"
		kill -KILL "$pid"
		finish
		wait_until no_processes_left
	done
	trace_on
	noted --stats -j2 --shell 'echo "<$1>"' <numbers
	sed 's/.*/<&>/' numbers | cmp - out
	taken=$(sed -n 's/^mpmap: taken from the memo: //p' err)
	[ $((taken + $(event_count task_start))) -eq 400 ] || complain "$taken taken"
}

@test "memo: what ended before ^C is taken from then on" {
	trace_on
	start -j1 --memo memo --shell '[ "$1" -lt 5 ] || exec "$TOOL" pause pid; echo "$1" >>ran; echo "<$1>"' ::: 1 2 3 4 5 6
	wait_until test -s pid
	kill -INT "$pid"
	finish
	expect 130
	ran_for 1 2 3 4
	mp --memo memo --stats --until 2026-01-01T00:00 --shell '[ "$1" -lt 5 ] || exec "$TOOL" pause pid; echo "$1" >>ran; echo "<$1>"' ::: 1 2 3 4
	expect 0
	says '^mpmap: taken from the memo: 4$'
	ran_for
}

@test "memo: damage costs what is damaged, and never makes an output wrong" {
	seq 40 >numbers
	noted --shell "$NOTED" <numbers
	rm ran
	size=$(stat -c %s memo/shard-* | sort -n | tail -n 1)
	for ((place = 0; place < size; place += 13)); do
		cp -r memo broken
		for shard in broken/shard-*; do
			# a byte that no page has
			printf '\252' | dd of="$shard" bs=1 seek="$place" conv=notrunc status=none
		done
		mp --memo broken --shell "$NOTED" <numbers
		expect 0
		fresh_as numbers
		[ "$(sort -u ran | wc -l)" -eq "$(wc -l <ran)" ]
		rm ran
		# and all of it is kept again
		mp --memo broken --shell "$NOTED" <numbers
		ran_for
		fresh_as numbers
		rm -r broken
	done
	for shard in memo/shard-*; do
		: >"$shard"
	done
	noted --shell "$NOTED" <numbers
	ran_for $(seq 40)
	rm memo/shard-*
	ln -s /etc/passwd memo/shard-00
	noted -q --shell "$NOTED" <numbers
	rm ran
}

@test "memo: where the folder cannot be written to a note says so, and the run goes on" {
	needs_faults
	seq 50 >numbers
	for what in ENOSPC EDQUOT EIO; do
		rm -rf memo
		MPMAP_FAULT=memo_write:3+:$what mp --memo memo --shell 'echo "<$1>"' <numbers
		expect 0
		sed 's/.*/<&>/' numbers | cmp - out
		says '^mpmap: --memo: cannot write to memo: .*; no more results are kept there$'
		says_lines 1
		mp_well --memo memo --shell 'echo "<$1>"' <numbers
		sed 's/.*/<&>/' numbers | cmp - out
	done
}

@test "memo: a run that is killed while it has a shard locked holds up no other" {
	needs_faults
	seq 50 >numbers
	MPMAP_FAULT=memo_write:5:KILL run_it "$MPMAP" --memo memo --shell 'echo "<$1>"' <numbers
	expect 137
	wait_until no_processes_left
	mp_well --memo memo --shell 'echo "<$1>"' <numbers
	sed 's/.*/<&>/' numbers | cmp - out
	noted --stats --shell 'echo "<$1>"' <numbers
	says '^mpmap: taken from the memo: 50$'
}

@test "memo: a limit on files is reached in a shard" {
	for size in 3000 200000; do
		rm -rf memo
		start_it bash -o pipefail -c '(ulimit -S -f 4; exec "$@") | cat' sh "$MPMAP" --memo memo "$TOOL" spew {} 1 ::: "$size"
		finish
		expect 0
		"$TOOL" spew "$size" 1 | cmp - out
	done
	says '^mpmap: --memo: cannot write to memo: File too large; no more results are kept there$'
	mp_well --memo memo "$TOOL" spew {} 1 ::: 200000
	"$TOOL" spew 200000 1 | cmp - out
}

@test "memo: at the prompt maps share it, and what is taken can be shown" {
	cat >script <<-'END'
		map --memo memo echo ::: a b
		map --memo memo echo ::: b c
		out 2
		show 2
		map --memo bad/folder echo ::: z
	END
	run_it "$MPMAP" --interactive <script
	[ "$(cat status)" -ne 0 ]
	[ "$(head -n 4 out)" = $'a\nb\nb\nc' ] || complain "$(<out)"
	[ "$(grep -cx b out)" -ge 3 ] || complain "$(<out)"
	grep -q -- '--memo=memo' out || complain "$(<out)"
	says 'cannot make bad/folder'
	run_it "$MPMAP" --interactive --memo memo --stats <<<'map echo ::: a b c'
	grep -q 'taken from the memo: 3' err || complain "$(<err)"
}
