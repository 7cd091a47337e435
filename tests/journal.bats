#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --journal: what it holds, and what is refused before anything is run or overwritten.

# Scripts are for the tasks' shell.
# shellcheck disable=SC2016

load helper

# notes JQ: the journal by a filter of jq.
notes() {
	cut -c10- run.mpj | jq -c "$1"
}

# refused WORDS...: the run is refused with one line, runs nothing, and leaves all files as they were.
refused() {
	usage_error "$@" || return 1
	[ ! -e ran ] || complain 'a task was run' || return 1
	sha256sum -c --quiet sums || complain 'a file was changed'
}

# All files of the run, for refused.
note_sums() {
	sha256sum -- run.mpj* file* >sums 2>/dev/null || :
}

@test "journal: the output is what it is without, in every format" {
	local options
	under_methods formats_are_the_same
}

formats_are_the_same() {
	local options
	for options in '' --tag '-o json' '-o jsonl' '--retries 1' '--chunksize 3'; do
		rm -f run.mpj* file
		# shellcheck disable=SC2086 # words
		seq 20 | mp -j4 $options --journal=run.mpj --out=file --shell 'echo "$1"; [ "$1" != 3 ]'
		expect 123 ''
		# shellcheck disable=SC2086
		seq 20 | mp -j4 $options --shell 'echo "$1"; [ "$1" != 3 ]'
		expect 123
		without_times out >expected
		without_times file | cmp - expected || complain "$options: $(<file)"
		[ ! -e run.mpj.outputs ] || [ -s run.mpj.outputs ]
	done
}

# Prints a file without what differs from one run to the next.
without_times() {
	sed -E 's/"(pid|duration|user|sys|max_rss|start|worker|slot)":("[^"]*"|[0-9.e-]*|null)/"\1":x/g' "$1"
}

@test "journal: each task has a note with its place, and a later one ends nothing that is not stored" {
	seq 5 | mp_well -j2 --journal=run.mpj --out=file echo x
	same file $'x 1\nx 2\nx 3\nx 4\nx 5'
	[ "$(notes 'select(has("task")) | .task' | sort -n | tr '\n' ' ')" = '0 1 2 3 4 ' ]
	[ "$(notes 'select(has("commit")) | .size' | tail -n 1)" = 20 ]
	[ "$(notes 'select(has("end")) | .end')" = '"complete"' ]
	[ "$(notes 'select(has("begin")) | [.begin, .out, .base, .name]')" = '[1,"file",0,"file"]' ]
	notes 'select(has("journal")) | .command' | grep -q 'echo x'
}

@test "journal: output that ends before its turn is kept, and committed, while the first task runs" {
	start -j2 --journal=run.mpj --out=file --shell '[ "$1" != 1 ] || "$TOOL" hold gate; echo "$1"' ::: 1 2 3
	wait_until has_notes 2
	exactly file ''
	same run.mpj.outputs $'2\n3'
	touch gate
	finish
	expect 0
	same file $'1\n2\n3'
}

# True once the journal has so many tasks committed.
has_notes() {
	[ -e run.mpj ] && [ "$(notes 'select(has("task"))' 2>/dev/null | wc -l)" -ge "$1" ]
}

@test "journal: >> on a file, and a pipe" {
	echo before >file
	run_it bash -c '"$MPMAP" --journal=run.mpj echo ::: a b >>file'
	expect 0
	same file $'before\na\nb'
	[ "$(notes 'select(has("begin")) | [.out, .base]')" = '["append",7]' ]
	rm run.mpj*
	run_it bash -c '"$MPMAP" -j1 --journal=run.mpj echo ::: a b | cat'
	expect 0 $'a\nb'
	[ "$(notes 'select(has("begin")) | .out')" = '"stream"' ]
	same run.mpj.outputs $'a\nb'
}

@test "journal: one that exists is refused, and --force begins anew" {
	mp_well --journal=run.mpj --out=file echo ::: a
	note_sums
	mp --journal=run.mpj --out=file2 touch ::: ran
	refused '^mpmap: --journal: run.mpj exists \(--resume continues its run, --force begins a new one\)$'
	[ ! -e file2 ]
	mp_well --journal=run.mpj --out=file --force echo ::: b
	same file b
	[ "$(notes 'select(has("task"))' | wc -l)" = 1 ]
}

@test "journal: what is no journal is never replaced" {
	echo mine >run.mpj
	note_sums
	for option in '' --force --resume '--resume --force'; do
		# shellcheck disable=SC2086
		mp --journal=run.mpj $option --out=new touch ::: ran
		refused '^mpmap: --journal: run.mpj is not a journal of mpmap$'
		[ ! -e new ]
	done
	mkdir folder
	mp --journal=folder touch ::: ran
	refused '^mpmap: --journal: folder is not a regular file$'
	mkfifo fifo
	mp --journal=fifo touch ::: ran
	refused 'fifo is not a regular file'
	mp --journal=none/run.mpj touch ::: ran
	expect 1
	says '^mpmap: --journal: cannot write none/run.mpj: No such file or directory$'
	[ ! -e ran ]
}

@test "journal: it is no other file of the run, by whatever name, and neither are its outputs" {
	seq 3 >file.in
	mp_well --journal=run.mpj --out=file echo <file.in
	ln -s run.mpj file.link
	ln run.mpj file.hard
	note_sums
	for other in --out=file.link --out=./run.mpj --joblog=file.hard --joblog=+run.mpj --results=run.mpj.outputs \
		--out=run.mpj.outputs --joblog=run.mpj.outputs; do
		mp --journal=run.mpj --force "$other" touch ran <file.in
		refused '^mpmap: --journal: run.mpj(.outputs)? is the f[a-z]* of --[a-z]*, too; name another file$'
	done
	mp --journal=run.mpj --resume --out=file touch ran <run.mpj
	refused '^mpmap: --journal: run.mpj is read as input$'
	mp --journal=run.mpj --resume --out=file touch ran :::: file.link
	refused '^mpmap: --journal: run.mpj is read as input$'
	run_it sh -c 'exec "$@" >>run.mpj' sh "$MPMAP" --journal=run.mpj --resume echo ::: 1
	refused '^mpmap: --journal: run.mpj is standard output, too; name another file$'
	# What is there was not kept by this run.
	mv run.mpj.outputs file.outputs 2>/dev/null || :
	rm run.mpj
	note_sums
	echo mine >run.mpj.outputs
	mp --journal=run.mpj --out=file2 touch ran <file.in
	refused '^mpmap: --journal: run.mpj.outputs, which .* has something of another \(--force replaces it\)$'
	[ ! -e file2 ]
	[ ! -e run.mpj ]
	exactly run.mpj.outputs $'mine\n'
	: >run.mpj
	mp --journal=run.mpj --out=file2 touch ran <file.in
	refused '^mpmap: --journal: run.mpj.outputs, which .* has something of another \(--force replaces it\)$'
	exactly run.mpj.outputs $'mine\n'
	rm run.mpj
	mv run.mpj.outputs run.mpj.rewriting
	mp --journal=run.mpj --out=file2 touch ran <file.in
	refused '^mpmap: --journal: run.mpj.rewriting, which .* has something of another'
	exactly run.mpj.rewriting $'mine\n'
	# a journal behind a link is rewritten where it is
	mkdir far
	: >far/real
	ln -s far/real link.mpj
	mv run.mpj.rewriting far/real.rewriting
	mp --journal=link.mpj --out=file2 touch ran <file.in
	refused '^mpmap: --journal: .*/far/real.rewriting, which .* has something of another'
	exactly far/real.rewriting $'mine\n'
	mkfifo run.mpj.outputs
	mp --journal=run.mpj --force --out=file2 touch ran <file.in
	refused 'run.mpj.outputs, which the run may write, is not a regular file$'
	rm run.mpj.outputs
	ln -sf missing run.mpj
	mp --journal=run.mpj --out=file2 touch ran <file.in
	refused '^mpmap: --journal: run.mpj is a symbolic link to a file that does not exist$'
}

@test "journal: a run that lives is named" {
	start -j1 --journal=run.mpj --out=file "$TOOL" hold ::: gate
	wait_until test -s run.mpj
	for option in --resume --force ''; do
		# shellcheck disable=SC2086
		"$MPMAP" --journal=run.mpj $option --out=file touch ::: ran 2>words && return 1
		grep -qx "mpmap: --journal: run.mpj is in use by a run that lives (pid $pid)" words
		[ ! -e ran ]
	done
	touch gate
	finish
	expect 0 '' ''
}

@test "journal: damage is named with its byte, and --force drops what follows it" {
	seq 3 | mp_well -j1 --journal=run.mpj --out=file echo
	local line
	line=$(grep -n '"task":0' run.mpj | cut -d: -f1)
	local byte
	byte=$(head -n $((line - 1)) run.mpj | wc -c)
	sed -i "${line}s/\"task\":0/\"task\":9/" run.mpj
	note_sums
	mp --journal=run.mpj --resume --out=file touch ::: ran
	refused "^mpmap: --journal: run.mpj is damaged at byte $byte \("
	seq 3 | mp_well -j1 --journal=run.mpj --resume --force --out=file echo
	same file $'1\n2\n3'
}

@test "journal: a later format is refused" {
	printf '%s {"journal":2}\n' 00000000 >run.mpj
	note_sums
	mp --journal=run.mpj --resume touch ::: ran
	refused '^mpmap: --journal: run.mpj is not a journal of mpmap$'
	[ "$(head -c 9 run.mpj)" = '00000000 ' ]
}

@test "journal: a full disk ends the run with status 1, and --resume goes on" {
	seq 30 | MPMAP_FAULT=journal_write:2:ENOSPC mp -j2 --journal=run.mpj --out=file echo
	expect 1 ''
	says '^mpmap: --journal: cannot write run.mpj: No space left on device$'
	seq 30 | mp_well -j2 --journal=run.mpj --resume --out=file echo
	seq 30 | cmp - file
	rm -f run.mpj* file
	seq 30 | MPMAP_FAULT=journal_write:1:ENOSPC mp -j2 --journal=run.mpj --out=file touch ran
	expect 1 ''
	[ ! -e run.mpj ]
	[ ! -e ran ]
	[ ! -e file ]
	MPMAP_FAULT=kept_write:1:ENOSPC run_it bash -c 'seq 30 | "$MPMAP" -j2 --journal=run.mpj echo | cat >file; exit "${PIPESTATUS[1]}"'
	expect 1
	says '^mpmap: --journal: cannot write run.mpj.outputs: No space left on device$'
	run_it bash -c 'seq 30 | "$MPMAP" -j2 --journal=run.mpj --resume echo | cat'
	expect 0
	seq 30 | cmp - out
}

@test "journal: options that do not go with it" {
	local options
	for options in --ungroup --line-buffer --tty; do
		# shellcheck disable=SC2086
		mp --journal=run.mpj $options touch ran ::: a
		usage_error '^mpmap: --journal and --'
	done
	mp --resume touch ::: ran
	usage_error '^mpmap: --resume: which run is said by its journal, --journal=FILE, or by its job log, --joblog=FILE$'
	mp --journal=run.mpj --retry-failed touch ::: ran
	usage_error '^mpmap: --retry-failed is for a run that is resumed'
	mp --journal= touch ::: ran
	usage_error '^mpmap: --journal: the name of the file is empty$'
	for option in --journal --out --joblog --memo --results; do
		mp "$option" --force touch ::: ran
		usage_error "^mpmap: $option: the name of the f[a-z]* is missing before '--force' \(or is ./--force\)$"
	done
	mp --journal=file --out=file touch ::: ran
	usage_error '^mpmap: --journal: file is the file of --out, too; name another file$'
	run_it bash -c '"$MPMAP" --journal=run.mpj touch ::: ran >>file 2>&1'
	[ "$(cat status)" = 2 ]
	grep -q 'standard error is written to' file
	[ ! -e ran ]
	[ ! -e run.mpj ]
}

@test "journal: an output that has no task yet may be emptied, and is begun again" {
	local script='[ "$1" = 2 ] || "$TOOL" hold gate; echo "$1"'
	start -j2 --journal=run.mpj --out=file --sync=each -o json --shell "$script" ::: 1 2
	wait_until has_notes 1
	kill -KILL "$pid"
	finish
	touch gate
	[ "$(cat file)" = '[' ]
	: >file
	mp_well -j2 --journal=run.mpj --out=file --resume -o json --shell "$script" ::: 1 2
	[ "$(jq -c 'map(.seq)' file)" = '[1,2]' ]
}

@test "journal: --status says how far a run is, while it lives and after" {
	mp --journal=run.mpj --status
	usage_error '^mpmap: --status: there is no journal run.mpj$'
	start -j2 --journal=run.mpj --out=file --shell 'case $1 in 2) exit 3;; [45]) "$TOOL" hold gate;; esac; echo "$1"' ::: 1 2 3 4 5 6
	wait_until has_notes 3
	"$MPMAP" --journal=run.mpj --status >status.out
	grep -qx 'done         2' status.out
	grep -qx 'failed       1' status.out
	grep -qx 'running      2' status.out
	grep -qx 'not begun    1' status.out
	grep -qE "^begun        [0-9]{4}-" status.out
	grep -qE "^committed    .*, by pid $pid, which runs$" status.out
	kill -KILL "$pid"
	finish
	touch gate
	mp_well --journal=run.mpj --status
	grep -qx 'interrupted  2' out
	grep -q '^killed after ' out
	mp --journal=run.mpj --resume --out=file --shell 'case $1 in 2) exit 3;; [45]) "$TOOL" hold gate;; esac; echo "$1"' ::: 1 2 3 4 5 6
	expect 123
	mp_well --journal=run.mpj --status any words
	grep -qx 'done         5' out
	grep -qx 'failed       1' out
	grep -qx 'not begun    0' out
	grep -qE '^begun .*, for the 2. time ' out
	grep -q '^ended ' out
}

@test "journal: --sync=each commits each task, none stores the beginning alone" {
	mp_well -j1 --journal=run.mpj --out=file --sync=each echo ::: a b c
	[ "$(notes 'select(has("commit")) | .commit' | tail -n 1)" = 3 ]
	rm run.mpj* file
	mp_well -j1 --journal=run.mpj --out=file --sync=3600 echo ::: a b c
	[ "$(notes 'select(has("commit")) | .commit' | tr '\n' ' ')" = '0 3 ' ]
	rm run.mpj* file
	strace -f -o trace.out -e trace=fdatasync,clone,clone3,fork,vfork "$MPMAP" -j1 --journal=run.mpj --out=file --sync=none echo ::: a b c
	grep -q fdatasync trace.out
	not grep -q fdatasync <(sed '1,/fork\|clone/d' trace.out)
	mp_well -j1 --journal=run.mpj --out=file --resume --sync=none echo ::: a b c
	same file $'a\nb\nc'
}

@test "journal: --dry-run makes none" {
	mp_well --dry-run --journal=run.mpj --out=file echo ::: a
	[ ! -e run.mpj ]
}
