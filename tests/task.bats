#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The state in which a task starts.

load helper

@test "task: standard input is /dev/null, wherever records come from" {
	mp "$TOOL" stdin '{#}' <<<'record'
	expect 0 '/dev/null 0 bytes' ''
	mp "$TOOL" stdin ::: a <<<'not mine'
	expect 0 '/dev/null 0 bytes' ''
	echo a >records
	mp -a records "$TOOL" stdin <<<'not mine'
	expect 0 '/dev/null 0 bytes' ''
	mp --ungroup "$TOOL" stdin ::: a <<<'not mine'
	expect 0 '/dev/null 0 bytes' ''
}

@test "task: MPMAP_SEQ, _SLOT, _WORKER, _ATTEMPT and _RUN_ID are in the environment" {
	check() {
		mp -j1 "$TOOL" env MPMAP_SEQ MPMAP_SLOT MPMAP_WORKER MPMAP_ATTEMPT '{}' ::: MPMAP_SEQ MPMAP_SLOT
		expect 0
		name=$(worker_name)-1
		same out "MPMAP_SEQ=\"1\"
MPMAP_SLOT=\"1\"
MPMAP_WORKER=\"$name\"
MPMAP_ATTEMPT=\"1\"
MPMAP_SEQ=\"1\"
MPMAP_SEQ=\"2\"
MPMAP_SLOT=\"1\"
MPMAP_WORKER=\"$name\"
MPMAP_ATTEMPT=\"1\"
MPMAP_SLOT=\"1\""
	}
	under_methods check
}

@test "task: MPMAP_SEQ counts the records from 1" {
	seq 1000 | mp -j3 --chunksize 7 --shell 'echo "$MPMAP_SEQ"'
	expect 0 "$(seq 1000)" ''
}

@test "task: MPMAP_RUN_ID is the same for all tasks of a run, and another in the next" {
	mp -j2 "$TOOL" env MPMAP_RUN_ID '{#}' ::: a b c
	expect 0
	grep RUN_ID out | sort -u >first
	[ "$(wc -l <first)" -eq 1 ]
	not grep -q unset first
	mp "$TOOL" env MPMAP_RUN_ID '{#}' ::: a
	not cmp -s first <(grep RUN_ID out)
}

@test "task: the rest of the environment is mpmap's own, to the byte" {
	check() {
		env -i PATH="$PATH" MPMAP_TEST_ID="$MPMAP_TEST_ID" MPMAP_START_METHOD="$METHOD" EMPTY= 'odd name=x' $'LINES=a\nb' $'BYTES=\377\001' \
			"$TOOL" environ >expected
		run_it env -i PATH="$PATH" MPMAP_TEST_ID="$MPMAP_TEST_ID" MPMAP_START_METHOD="$METHOD" EMPTY= 'odd name=x' $'LINES=a\nb' $'BYTES=\377\001' \
			"$MPMAP" --shell 'exec "$1" environ' ::: "$TOOL"
		expect 0
		same err ''
		# sh adds PWD and the like on its own
		not grep -vE '^"(MPMAP_(SEQ|SLOT|WORKER|ATTEMPT|RUN_ID)|PWD|OLDPWD|SHLVL|_)=' <(comm -13 <(sort expected) <(sort out))
		run_it env -i PATH="$PATH" MPMAP_TEST_ID="$MPMAP_TEST_ID" MPMAP_START_METHOD="$METHOD" EMPTY= 'odd name=x' $'LINES=a\nb' $'BYTES=\377\001' \
			"$MPMAP" "$TOOL" environ '{#}' ::: 1
		grep -vE '^"MPMAP_(SEQ|SLOT|WORKER|ATTEMPT|RUN_ID)=' out | cmp expected -
		[ "$(grep -cE '^"MPMAP_(SEQ|SLOT|WORKER|ATTEMPT|RUN_ID)=' out)" -eq 5 ]
	}
	under_methods check
}

@test "task: a run inside a run has its own numbers, each once" {
	mp -j2 --shell 'exec "$MPMAP" "$TOOL" environ "{#}" ::: x' ::: a b
	expect 0
	[ "$(grep -c '^"MPMAP_SEQ=1"' out)" -eq 2 ]
	[ "$(grep -c '^"MPMAP_SEQ=' out)" -eq 2 ]
}

@test "task: the signal mask is empty, also when mpmap was started with signals blocked" {
	check() {
		run_it "$TOOL" under default -- "$MPMAP" "$TOOL" signals '{#}' ::: 1
		expect 0 $'blocked:\nignored:' ''
		run_it "$TOOL" under default block=TERM,USR1,CHLD,PIPE -- "$MPMAP" "$TOOL" signals '{#}' ::: 1
		expect 0 $'blocked:\nignored:' ''
	}
	under_methods check
}

@test "task: signals are ignored that mpmap was started with ignored, as nohup and trap '' want it" {
	check() {
		run_it "$TOOL" under default ignore=HUP -- "$MPMAP" "$TOOL" signals '{#}' ::: 1
		expect 0 $'blocked:\nignored: HUP' ''
		run_it "$TOOL" under default ignore=INT,QUIT,TERM,USR1,WINCH,50 -- "$MPMAP" "$TOOL" signals '{#}' ::: 1
		expect 0 $'blocked:\nignored: INT QUIT USR1 TERM WINCH 50' ''
	}
	under_methods check
}

@test "task: SIGPIPE and SIGCHLD are default, even when ignored at the start" {
	check() {
		run_it "$TOOL" under default ignore=PIPE,CHLD -- "$MPMAP" -j2 "$TOOL" signals '{#}' ::: 1 2 3
		expect 0 $'blocked:\nignored:\nblocked:\nignored:\nblocked:\nignored:' ''
		"$TOOL" under ignore=all -- "$TOOL" signals | sed 's/ PIPE//; s/ CHLD//' >expected
		run_it "$TOOL" under ignore=all -- "$MPMAP" "$TOOL" signals '{#}' ::: 1
		expect 0
		cmp expected out
	}
	under_methods check
}

@test "task: with SIGCHLD ignored at the start failures are still seen" {
	check() {
		run_it "$TOOL" under default ignore=CHLD -- "$MPMAP" "$TOOL" exit ::: 3 0
		expect 123 ''
	}
	under_methods check
}

@test "task: it runs in a process group of its own, in mpmap's session" {
	check() {
		open_feed
		start -j2 "$TOOL" ids '{#}' <feed
		printf '1\n2\n3\n' >&7
		wait_until file_holds out 3
		session=$(ps -o sid= -p "$pid")
		group=$(ps -o pgid= -p "$pid")
		close_feed
		finish
		expect 0
		while read -r line; do
			eval "local ${line//=/_of=}"
			# shellcheck disable=SC2154
			[ "$pid_of" -eq "$pgid_of" ] && [ "$pgid_of" -ne "$group" ] && [ "$sid_of" -eq "$session" ] || complain "$line"
		done <out
	}
	under_methods check
}

@test "task: the folder, the umask and the niceness are those that mpmap was started with" {
	check() {
		mkdir 'a folder'
		(
			cd 'a folder' || exit
			umask 027
			run_it nice -n 3 "$MPMAP" "$TOOL" surroundings '{#}' ::: 1
			expect 0 "cwd=$PWD umask=027 nice=3" ''
		)
	}
	under_methods check
}

@test "task: the limits are those that mpmap was started with" {
	check() {
		(
			ulimit -S -n 200
			ulimit -S -c 0
			ulimit -S -s 4096
			ulimit -H -n 300
			"$TOOL" limits >expected
			mp "$TOOL" limits '{#}' ::: 1
		)
		expect 0
		same err ''
		cmp expected out
	}
	under_methods check
}

@test "task: --workdir is where it runs; the files mpmap reads are found from where mpmap was started" {
	check() {
		mkdir folder
		echo 'a record' >records
		mp --workdir=folder -a records sh -c 'pwd -P' '{#}'
		expect 0 "$PWD/folder" ''
		mp --workdir "$PWD/folder" --shell 'pwd -P; echo "$1"' :::: records
		expect 0 "$PWD/folder"$'\na record' ''
	}
	check
}

@test "task: a --workdir that is not there or no folder is named with the reason; nothing is run" {
	mp --workdir=missing touch "$PWD/ran" ::: a b
	not grep -qx 0 status
	says 'missing.*No such file'
	touch file
	mp --workdir=file touch "$PWD/ran" ::: a b
	not grep -qx 0 status
	says 'file.*Not a directory'
	[ ! -e ran ]
}

@test "task: --nice=N adds to the niceness of tasks" {
	check() {
		mp --nice=5 "$TOOL" surroundings '{#}' ::: 1
		expect 0 "cwd=$PWD umask=$(umask | tail -c 4) nice=5" ''
		run_it nice -n 2 "$MPMAP" --nice 4 "$TOOL" surroundings '{#}' ::: 1
		expect 0 "cwd=$PWD umask=$(umask | tail -c 4) nice=6" ''
	}
	check
}

@test "task: COMMAND is found as execvp finds it, by mpmap's own PATH" {
	mkdir one two three
	printf '#!/bin/sh\necho "two $*"\n' >two/hello
	printf '#!/bin/sh\necho "three $*"\n' >three/hello
	printf '#!/bin/sh\necho "here $*"\n' >hello
	cp hello one/hello
	chmod +x two/hello three/hello hello
	check() {
		PATH=$WORK/one:$WORK/two:$WORK/three:$PATH mp hello ::: a
		expect 0 'two a' ''
		PATH=:$PATH mp hello ::: a
		expect 0 'here a' ''
		mp ./hello ::: a
		expect 0 'here a' ''
		PATH=$PATH mp hello ::: a
		expect 127 ''
	}
	check
}

@test "task: without PATH the system's default is searched" {
	run_it env -u PATH "$MPMAP" echo ::: a
	expect 0 a ''
}

@test "task: COMMAND is looked up once, not for every task" {
	needs strace
	mkdir a b c d
	seq 50 >records
	PATH=$PWD/a:$PWD/b:$PWD/c:$PWD/d:$PATH run_it strace -f -qq -e trace=execve,execveat -o calls "$MPMAP" -j2 true <records
	expect 0 ''
	[ "$(grep -c ENOENT calls)" -le 20 ]
}

@test "task: a script without #! is run by sh, with its arguments as they are" {
	check() {
		mkdir bin
		printf 'printf "<%%s>" "$@"; echo\n' >bin/script
		chmod +x bin/script
		mp ./bin/script 'a b' ::: '*' ''
		expect 0 $'<a b><*>\n<a b><>' ''
		PATH=$PWD/bin:$PATH mp script ::: '$x'
		expect 0 '<$x>' ''
		: >bin/empty
		chmod +x bin/empty
		mp ./bin/empty ::: a
		expect 0 '' ''
	}
	check
}

@test "task: its name is what was written, not where it was found" {
	mp sh -c 'tr "\0" " " </proc/$$/cmdline' sh ::: a
	expect 0
	[[ $(cat out) == sh\ -c* ]]
}
