#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --each-out and --newer: each task's output in a file of its own, whole or not at all.

load helper

# no_drafts: no unfinished file is left
no_drafts() {
	[ -z "$(find . -name '.mpmap-*')" ] || complain "left: $(find . -name '.mpmap-*')"
}

# interrupted: sends one more interrupt; true if mpmap has ended
interrupted() {
	kill -INT "$pid" 2>/dev/null || :
	is_gone "$pid"
}

@test "each-out: standard output goes to the file, standard error where it always goes" {
	check() {
		for options in -j1 -j3 -u --line-buffer; do
			rm -f ./*.txt
			# shellcheck disable=SC2086
			mp $options --each-out '{.}.txt' --shell 'echo "out $1"; echo "err $1" >&2' ::: a.png b.png
			expect 0 ''
			[ "$(sort err)" = $'err a.png\nerr b.png' ]
			same a.txt 'out a.png'
			same b.txt 'out b.png'
		done
		mp -o none --each-out '{.}.none' echo ::: a
		expect 0 '' ''
		same a.none a
		mp --each-out '{.}.txt' --merge-stderr --shell 'echo "out $1"; echo "err $1" >&2' ::: a.png
		expect 0 '' ''
		same a.txt $'out a.png\nerr a.png'
		for options in '' --merge-stderr -u; do
			# shellcheck disable=SC2086
			mp --zygote $options --each-out '{}.txt' "$TOOL" args ::: z zz
			expect 0 '' ''
			grep -q z z.txt
			rm z*.txt
		done
		no_drafts
	}
	under_methods check
}

@test "each-out: replacement strings as in COMMAND, folders are made, relative to the folder of the tasks" {
	mp --each-out 'new/{//}/{/.}-{#:03}.out' echo {} ::: a/b/c.x ./d.y
	expect 0 '' ''
	same new/a/b/c-001.out a/b/c.x
	same new/./d-002.out ./d.y
	mkdir sub
	mp --workdir sub --each-out '{}/{}' echo ::: in
	expect 0 '' ''
	same sub/in/in in
	mp --each-out "$PWD/whole/{}" echo ::: x
	expect 0 '' ''
	same whole/x x
	mp --colsep , --each-out '{2}/{1}' echo ::: a,b
	expect 0 '' ''
	same b/a 'a b'
	mp --csv --header : --each-out '{name}.csv' echo {size} <<<$'name,size\none,1\ntwo,2'
	expect 0 '' ''
	same one.csv 1
	same two.csv 2
	mp --each-out '{1}+{2}' echo ::: p q ::: r s
	expect 0 '' ''
	same q+r 'q r'
	mp --each-out '{}' echo ::: m ::: n
	expect 0 '' ''
	same 'm n' 'm n'
	mp -n2 --each-out '{1}.group' echo ::: 1 2 3
	expect 0 '' ''
	same 1.group '1 2'
	same 3.group 3
	seq 3 | mp --stdin --each-out 'number{#}' cat
	expect 0 '' ''
	same number3 3
	seq 3 | mp --stdin --block 1K --each-out 'block{#}' cat
	expect 0 '' ''
	same block1 $'1\n2\n3'
}

@test "each-out: names of any bytes, and those that are no names of files" {
	printf 'new\nline\0\377\0 "quoted" \0-n\0' >names
	mp -0 -a names --each-out 'made/{}' printf %s
	expect 0 '' ''
	exactly $'made/new\nline' $'new\nline'
	exactly made/$'\377' $'\377'
	exactly 'made/ "quoted" ' ' "quoted" '
	[ -e made/-n ]
	mkdir folder
	long=$(printf '%0300d' 0)
	mp -j1 --each-out '{}' echo ::: '' a/ folder fine/x fine/x/y "$long"
	expect 125 ''
	says "#1: not started: --each-out: '' is not the name of a file"
	says "#2: not started: --each-out: 'a/' is not the name of a file"
	says "#3: not started: 'folder' cannot be written: Is a directory"
	says "#5: not started: 'fine/x/y' cannot be written: Not a directory"
	says "#6: not started: '0*' cannot be written: File name too long"
	same fine/x fine/x
	no_drafts
}

@test "each-out: JSON: names of keys, tasks that bring their commands, result objects name the file" {
	mp --jsonl --each-out '{name}.out' echo {size} <<<$'{"name":"a","size":1}\n{"name":"b","size":2}\n{"size":3}'
	expect 125 ''
	says '#3: not started: --each-out: the record has no key "name"'
	same b.out 2
	mp --jsonl --each-out 'task{#}' <<<$'["echo","x"]\n{"shell":"echo $((1 + 1))","cwd":"/"}'
	expect 0 '' ''
	same task1 x
	same task2 2
	mp --each-out '{}.out' -o jsonl echo ::: $'\303\244' $'\377' x
	expect 0
	[ "$(jq -c '[.file, .file_base64, .stdout, .outcome]' out)" = $'["ä.out",null,"","ok"]\n[null,"/y5vdXQ=","","ok"]\n["x.out",null,"","ok"]' ]
}

@test "each-out: a task that fails leaves no file, and what an earlier run made stays" {
	check() {
		echo before >kept.out
		for options in '' -u --merge-stderr; do
			# shellcheck disable=SC2086
			mp $options --each-out '{}.out' --shell 'echo half; case $1 in kept) exit 3 ;; killed) kill -KILL $$ ;; esac' ::: kept killed good
			expect 125 ''
			same kept.out before
			[ ! -e killed.out ]
			same good.out half
		done
		mp --timeout 0.1 --each-out '{}.out' --shell 'echo half; exec "$TOOL" hold gate' ::: late
		expect 125 ''
		mp --each-out '{}.out' nothing-of-this-name ::: missing
		expect 127 ''
		[ "$(echo ./*.out)" = './good.out ./kept.out' ]
		no_drafts
	}
	under_methods check
}

@test "each-out: the file has its name only when it is whole; retries begin anew" {
	trace_on
	start --each-out '{}.out' --shell 'echo whole; exec "$TOOL" hold gate' ::: a
	wait_for_start 1
	wait_until eval '[ -s .mpmap-*-1 ]'
	[ ! -e a.out ]
	touch gate
	finish
	expect 0 '' ''
	same a.out whole
	mp --retries 2 --each-out '{}.out' --shell 'echo "$MPMAP_ATTEMPT"; [ "$MPMAP_ATTEMPT" -eq 3 ]' ::: again
	expect 0 '' 'mpmap: 1 task needed more than one attempt'
	same again.out 3
	no_drafts
}

@test "each-out: modes as those of a redirection; links are replaced, devices and pipes are not" {
	for mask in 022 077 000; do
		(umask $mask && run_it "$MPMAP" --each-out "{}$mask" echo ::: made && : >"shell$mask")
		[ "$(stat -c %a made$mask)" = "$(stat -c %a shell$mask)" ]
	done
	echo kept >target
	ln -s target link
	mkfifo pipe
	mp --each-out '{}' echo ::: link pipe
	expect 125 ''
	says "'pipe' cannot be written: File exists"
	[ -p pipe ]
	[ ! -L link ]
	same link link
	same target kept
}

@test "each-out: a record whose file an earlier one has is refused, before anything is lost" {
	check() {
		mp --each-out '{/.}.out' --shell 'echo "$1"; echo "$1" >>ran' ::: a/x.1 b/y.1 c/x.2
		expect 125 ''
		says "^mpmap: #3: not started: 'x.out' is the file of task #1 already: "
		same x.out a/x.1
		[ "$(sort ran)" = $'a/x.1\nb/y.1' ]
		# other spellings of the same name
		mp --each-out '{}' echo ::: same ./same .//same sub/../same "$PWD/same" ../"${PWD##*/}"/same
		expect 125 ''
		says '5 of 6 tasks failed: 5 not started'
		same same same
		seq 5000 >many
		mp -a many --each-out 'many/{}' --dry-run echo
		expect 0
		{ cat many; echo 2500; } | mp --each-out 'many/{}' --dry-run echo
		expect 125
		says "^mpmap: #5001: not started: 'many/2500' is the file of task #2500 already"
	}
	under_methods check
}

@test "each-out: a worker that is killed, and mpmap itself: no unfinished file is left" {
	check() {
		mp -j1 --each-out '{}.out' --shell 'echo half; [ "$1" != 2 ] || { kill -KILL $PPID; exec "$TOOL" hold gate; }' ::: 1 2 3
		expect 125
		says 'lost'
		[ "$(echo ./*.out)" = './1.out ./3.out' ]
		no_drafts
		mp -j1 --retries 1 --each-out '{}.out' --shell 'echo "$MPMAP_ATTEMPT"; [ "$MPMAP_ATTEMPT" -eq 2 ] || { kill -KILL $PPID; exec "$TOOL" hold gate; }' ::: again
		expect 0
		same again.out 2
		no_drafts
		for signals in INT 'INT INT' TERM QUIT KILL; do
			trace_on
			ignored=
			[ "$signals" != 'INT INT' ] || ignored=INT
			start --each-out 'x{}' --shell "trap '' $ignored; "'echo half; exec "$TOOL" hold gate' ::: 1 2
			wait_for_event task_start 2
			wait_until eval '[ -s .mpmap-*-1 ] && [ -s .mpmap-*-2 ]'
			kill -"${signals% *}" "$pid"
			[ "$signals" != 'INT INT' ] || wait_until interrupted
			finish
			no_processes_left
			wait_until no_drafts
			[ ! -e x1 ]
		done
	}
	under_methods check
}

@test "each-out: a full disk, a file that cannot be made or named: the task fails and says why" {
	unshare -rm true 2>/dev/null || skip_or_fail 'no mount namespaces here'
	mkdir disk
	run_it unshare -rm bash -c 'mount -t tmpfs -o size=100k none disk || exit 99
		status=0
		"$@" || status=$?
		ls -A disk >left
		exit "$status"' sh "$MPMAP" -j1 --each-out 'disk/{}' --shell 'head -c "$1" /dev/zero' ::: 10K 200K 20K
	expect 123 ''
	says 'No space left on device'
	says '1 of 3 tasks failed'
	[ "$(cat left)" = $'10K\n20K' ]
	needs_faults
	MPMAP_FAULT=draft:1+:ENOSPC mp --each-out '{}.out' echo ::: a
	expect 125 ''
	says "#1: not started: 'a.out' cannot be written: No space left on device: echo a"
	MPMAP_FAULT=publish:1:ENOSPC mp -o jsonl --each-out '{}.out' echo ::: a
	expect 123
	says "#1: 'a.out' cannot be written: No space left on device: echo a"
	[ "$(jq -c '[.outcome, .status, .error]' out)" = "[\"failed\",null,\"'a.out' cannot be written: No space left on device\"]" ]
	MPMAP_FAULT=publish:1:ENOSPC mp -j1 --retries 1 --each-out '{}.out' echo ::: b
	expect 0 '' 'mpmap: 1 task needed more than one attempt'
	MPMAP_FAULT=draft:1:EMFILE mp -j1 --each-out '{}.out' echo ::: c
	expect 0 '' ''
	[ "$(echo ./*.out)" = './b.out ./c.out' ]
	no_drafts
}

@test "each-out: no limit but the disk's: output does not pass mpmap" {
	measures_memory
	start --each-out '{}' --shell 'head -c 200M /dev/zero | tr "\0" x' ::: big
	watch_memory
	finish
	expect 0 '' ''
	[ "$(stat -c %s big)" -eq $((200 * 1024 * 1024)) ]
	[ "$memory" -lt 60000 ]
}

@test "newer: only tasks whose file is not newer than their record's are run" {
	touch a.in b.in c.in
	mp --each-out '{.}.out' --newer --shell 'echo "$1" >>ran' ::: a.in b.in c.in
	expect 0 '' ''
	[ "$(sort ran)" = $'a.in\nb.in\nc.in' ]
	rm ran
	mp --each-out '{.}.out' --newer --shell 'echo "$1" >>ran' ::: a.in b.in c.in
	expect 0 '' "mpmap: 3 tasks skipped: their files are newer than their records'"
	[ ! -e ran ]
	# nanoseconds count, and equal times are no newer
	touch -d '2026-01-01 00:00:00.000000002' a.in b.in c.in b.out
	touch -d '2026-01-01 00:00:00.000000001' a.out
	touch -d '2026-01-01 00:00:00.000000003' c.out
	mp -o jsonl --each-out '{.}.out' --newer --shell 'echo "$1" >>ran' ::: a.in b.in c.in
	expect 0
	[ "$(sort ran)" = $'a.in\nb.in' ]
	[ "$(jq -r .outcome out)" = $'ok\nok\nskipped' ]
	says '^mpmap: 1 task skipped: its file is newer than its record'"'"'s$'
	# a record's file that is missing is for the command to say; -q says nothing of the others
	mp -q --each-out '{.}.out' --newer cat ::: c.in missing.in
	expect 123 '' 'cat: missing.in: No such file or directory'
}

@test "newer: the first value of a record, all records of a group, in the folder of the tasks" {
	mkdir sub
	touch sub/a sub/b
	now=$(date +%s)
	mp --workdir sub --each-out 'out{#}' --newer -n2 echo ::: a b
	expect 0 '' ''
	mp --workdir sub --each-out 'out{#}' --newer -n2 echo ::: a b
	expect 0 '' "mpmap: 1 task skipped: its file is newer than its record's"
	touch -d "@$((now + 60))" sub/b
	mp --workdir sub --each-out 'out{#}' --newer -n2 echo ::: a b
	expect 0 '' ''
	mp --workdir sub --each-out '{1}-{2}' --newer echo ::: a ::: 80
	mp --workdir sub --each-out '{1}-{2}' --newer echo ::: a ::: 80
	expect 0 '' "mpmap: 1 task skipped: its file is newer than its record's"
	mp --workdir sub --each-out '{}.x' --newer --dry-run echo ::: a b
	expect 0 $'echo a > a.x\necho b > b.x' ''
}

@test "newer: thousands of skipped tasks between others keep the order and the loop" {
	mkdir in made
	(cd in && seq 9000 | xargs touch)
	(cd made && seq 9000 | xargs touch -d '+1 hour')
	rm made/17 made/8999
	seq -f 'in/%.0f' 9000 | mp --each-out 'made/{/}' --newer -o jsonl cat
	expect 0
	same err "mpmap: 8998 tasks skipped: their files are newer than their records'"
	[ "$(jq -r 'select(.outcome == "ok").seq' out)" = $'17\n8999' ]
	jq -r .seq out | cmp - <(seq 9000)
}

@test "each-out: with --journal a file is stored before its task is done, and stays when the run is resumed" {
	start -j1 --journal log --each-out '{}.out' --shell 'echo "$1" >>ran; echo "$1"; [ "$1" != 2 ] || "$TOOL" hold gate' ::: 1 2 3
	wait_until file_holds ran 2
	wait_until grep -q '"outcome"' log
	kill -KILL "$pid"
	finish
	same 1.out 1
	touch gate
	mp -j1 --journal log --resume --each-out '{}.out' --shell 'echo "$1" >>ran; echo "$1"; [ "$1" != 2 ] || "$TOOL" hold gate' ::: 1 2 3 1
	expect 125
	says "#4: not started: '1.out' is the file of task #1 already"
	[ "$(sort ran)" = $'1\n2\n2\n3' ]
	same 3.out 3
	no_drafts
	mp --journal log --resume --each-out '{}.other' --shell 'echo "$1" >>ran; echo "$1"; [ "$1" != 2 ] || "$TOOL" hold gate' ::: 1
	expect 2
	says "its file of each task was '\{}.out', and is '\{}.other' now"
	needs strace
	run_it strace -f -o calls -e trace=fsync,rename,renameat,renameat2 "$MPMAP" --journal new --each-out '{}.stored' echo ::: a
	grep -Eq 'fsync' <(sed '/rename/q' calls)
	run_it strace -f -o calls -e trace=fsync "$MPMAP" --journal loose --sync=never --each-out '{}.stored' echo ::: b
	not grep -q 'fsync(.*= 0' <(grep -v exited calls)
}

@test "each-out: --dry-run and --verbose show the file" {
	mp --dry-run --each-out '{.}.a file' sort ::: b.txt
	expect 0 "sort b.txt > 'b.a file'" ''
	[ ! -e 'b.a file' ]
	mp --verbose --each-out '{}.out' echo ::: x
	expect 0 '' 'echo x > x.out'
}

@test "each-out: usage errors in one line" {
	mp --each-out one.txt echo ::: a
	usage_error "^mpmap: --each-out 'one.txt': all tasks would have the same file"
	mp --each-out '{}.txt' --stdin cat ::: a
	usage_error '^mpmap: --each-out .*with --stdin, \{#\} alone'
	mp --each-out '{%}{#}' echo ::: a
	usage_error '^mpmap: --each-out .*\{%\} is the same for many tasks'
	mp -n2 --each-out '{.}.txt' echo ::: a b
	usage_error '^mpmap: --each-out .*\{1\}'
	mp --each-out '{2}' echo ::: a
	usage_error '^mpmap: --each-out: \{2\}'
	mp --each-out '' echo ::: a
	usage_error "^mpmap: --each-out ''"
	for option in --filter --coproc; do
		mp "$option" --each-out '{}' cat ::: a
		usage_error "^mpmap: $option and --each-out"
	done
	mp --python 'str' --each-out '{}' ::: a
	usage_error '^mpmap: --python and --each-out'
	for option in --tty --memo=kept; do
		mp "$option" --each-out '{}.out' echo ::: a
		usage_error '^mpmap: --each-out and --'
	done
	mp --newer echo ::: a
	usage_error '^mpmap: --newer without --each-out'
	for option in --stdin --journal=log; do
		mp "$option" --newer --each-out 'x{#}' cat ::: a
		usage_error '^mpmap: --newer and --'
	done
	mp --newer --each-out 'x{#}' --shell ::: a
	usage_error '^mpmap: --newer and --shell'
	mp --newer --each-out 'x{#}' --jsonl <<<'["true"]'
	usage_error '^mpmap: --newer and --jsonl'
	[ -z "$(ls -A | grep -vE '^(out|err|status)$')" ]
}
