#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --plugin: functions of shared libraries, called in the workers. What the functions do: tests/plugin.c.

load helper
load object

top=$(cd "$BATS_TEST_DIRNAME/.." && pwd)

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	build plugin "$top/tests/plugin.c"
	build hooks "$top/tests/plugin.c" -DHOOKS=0
	build refusing "$top/tests/plugin.c" -DHOOKS=7
	build other "$top/tests/plugin.c" -DABI=2
	build no "$top/tests/plugin.c" -DNO_ABI
}

# build NAME SOURCE OPTION...: makes NAME.so
build() {
	"${CC:-cc}" -O1 -Wall -Wextra -Werror -shared -fPIC "-I$top/include" "${@:3}" -o "$1.so" "$2"
}

# plugin NAME: prints the file of a plugin
plugin() {
	echo "$BATS_FILE_TMPDIR/$1.so"
}

# work OPTION...: lets mpmap do what the records on standard input say
work() {
	mp "$@" --plugin "$(plugin plugin):work"
}

# crashes: prints the names of the records of out that did not go well, with how
crashes() {
	jq -r 'select(.outcome != "ok") | "\(.seq) \(.outcome) \(.status) \(.signal)"' out
}

environment_of_tasks() {
	printf '%s\n' MPMAP_SHARED_A MPMAP_TYPE_A MPMAP_WORKER MPMAP_SEQ HOME >names
	HOME=/nowhere mp_well -j1 --shared A=d*3 --plugin "$(plugin plugin):variable" <names
	same out "a file of 24
d*3
$(worker_name)-1
(none)
/nowhere"
}
@test "plugin: a function has the environment of tasks, and --shared in it" {
	under_methods environment_of_tasks
	cd "$WORK"
	printf '%s\n' "map -j1 --shared A=3 --plugin $(plugin plugin):variable ::: MPMAP_SHARED_A" wait \
		"map -j1 --plugin $(plugin plugin):variable ::: MPMAP_SHARED_A" wait >script
	mp --interactive <script
	expect 0 $'a file of 3\n(none)'
}

@test "plugin: each record is a call, under every start method" {
	seq 10000 >numbers
	check() {
		for jobs in 1 2 7; do
			mp_well "-j$jobs" --plugin "$(plugin plugin):echo" <../numbers
			cmp ../numbers out
		done
		mp_well -j2 --chunksize 3 --plugin "$(plugin plugin):echo" <../numbers
		cmp ../numbers out
		mp_well -j3 --unordered --plugin "$(plugin plugin):echo" <../numbers
		sort -n out | cmp ../numbers -
		mp_well -j2 -o jsonl --plugin "$(plugin plugin):echo" <../numbers
		are_objects out 10000
		jq -j .stdout out | cmp ../numbers -
		mp_well --plugin "$(plugin plugin):echo" </dev/null
		exactly out ''
	}
	under_methods check
	cd ..
	mp_well -j2 --buffer 64K --spill 0 --plugin "$(plugin plugin):echo" <numbers
	cmp numbers out
	LD_LIBRARY_PATH=$BATS_FILE_TMPDIR mp_well --plugin plugin.so:echo ::: a
	same out a
}

@test "plugin: a record has all that it was read with" {
	local show
	show=$(plugin plugin):show
	printf 'one\n\ntwo words' | mp_well --plugin "$show"
	same out $'1.1 one [one]\n2.1  []\n3.1 two words [two words]'
	printf 'a\0b\n\377\n' | mp_well --plugin "$show"
	printf '1.1 a\0b [a\0b]\n2.1 \377 [\377]\n' | cmp - out
	printf 'a\nb\0c\0' | mp_well -0 --plugin "$show"
	same out $'1.1 a\nb [a\nb]\n2.1 c [c]'
	mp_well --plugin "$show" ::: a $'b\nc' ::: 1 2
	same out $'1.1 a [a] [1]\n2.1 a [a] [2]\n3.1 b\nc [b\nc] [1]\n4.1 b\nc [b\nc] [2]'
	printf 'x,y\n1,2\n3\n' | mp_well -C , --header : --plugin "$show"
	same out $'1.1 1,2 [x=1] [y=2]\n2.1 3 [x=3]'
	printf 'x,y\n"a,b","c""d"\n' | mp_well --csv --header : --plugin "$show"
	same out '1.1 "a,b","c""d" [x=a,b] [y=c"d]'
	printf 'a:b\n' | mp_well -C : --plugin "$show"
	same out '1.1 a:b [a] [b]'
	printf '[1.10, "b"]\n{"k": "v", "n": [1, 2]}\n"text"\n1E400\n' | mp_well --jsonl --plugin "$show"
	same out $'1.1 [1.10,"b"] [1.10] [b]\n2.1 {"k":"v","n":[1,2]} [k=v] [n=[1,2]]\n3.1 text [text]\n4.1 1E400 [1E400]'
	# as many bytes as there are
	head -c 20000000 /dev/zero | tr '\0' x >long
	mp_well --plugin "$(plugin plugin):echo" <long
	cmp out <(cat long; echo)
}

@test "plugin: a record's outcome is what its call does, and no other's" {
	local n
	n=0
	# the words of a record, and its outcome
	while IFS=: read -r words outcome; do
		n=$((n + 1))
		echo "$words" >>records
		[ "$outcome" = ok ] || echo "$n $outcome" >>expected
	done <<'END'
a:ok
fail 1:failed 1 null
b:ok
fail 255:failed 255 null
complain:ok
exit 0:ok
exit 3:failed 3 null
abort:signaled null SIGABRT
segv 8:signaled null SIGSEGV
overflow:signaled null SIGSEGV
c:ok
signal 1:signaled null SIGHUP
signal 2:signaled null SIGINT
signal 4:signaled null SIGILL
signal 5:signaled null SIGTRAP
signal 7:signaled null SIGBUS
signal 8:signaled null SIGFPE
signal 9:signaled null SIGKILL
signal 10:signaled null SIGUSR1
signal 13:signaled null SIGPIPE
signal 15:signaled null SIGTERM
signal 31:signaled null SIGSYS
fail 256:ok
read:ok
stream 9:failed 22 null
d:ok
END
	check() {
		for jobs in 1 3; do
			for size in 1 1000; do
				work "-j$jobs" --chunksize "$size" -o jsonl <../records
				expect 125
				are_objects out "$n"
				crashes | sort -n | diff ../expected -
			done
		done
		work -j2 <../records
		expect 125
		same out $'a!\nb!\ncomplain!\nc!\nd!'
		same <(grep -v '^mpmap: ' err) oh
	}
	under_methods check
}

@test "plugin: output of a record that ends badly is there as far as it was sent" {
	printf 'a\nlate fail 3\nlate segv 8\nlate exit 4\nb\n' >records
	for size in 1 100; do
		work -j1 -o jsonl --chunksize "$size" <records
		expect 125
		the_result 2 '.stdout == "before\n" and .stderr == "problem\n" and .status == 3'
		the_result 3 '.stderr == "problem\n" and .signal == "SIGSEGV"'
		the_result 4 '.stderr == "problem\n" and .status == 4'
		the_result 5 '.stdout == "b!\n"'
	done
}

@test "plugin: nothing is called twice but what was in work when a worker was killed" {
	seq 1000 >numbers
	check() {
		rm -f calls
		mp -j3 --plugin "$(plugin plugin):note" <../numbers
		expect 125
		sort -n calls | diff ../numbers -
		awk '$1 % 97' ../numbers | diff - out
		says '10 of 1000 tasks failed: 10 by signal'
	}
	under_methods check
	cd ..
	check_sized() {
		rm -f calls
		mp -j1 --chunksize 1000 --plugin "$(plugin plugin):note" <numbers
		sort -n calls | diff numbers -
		awk '$1 % 97' numbers | diff - out
	}
	check_sized
}

@test "plugin: a worker that is killed costs nothing" {
	printf 'a\nb\nawait\nc\nd\n' >records
	trace_on
	start -j1 --chunksize 100 --plugin "$(plugin plugin):work" <records
	for try in 1 2; do
		wait_until has_events chunk_claim "$try"
		worker=$(event_field worker_pid worker_start | tail -n 1)
		wait_until file_has "/proc/$worker/status" '^State:.S'
		kill -KILL "$worker"
		wait_for_event worker_exit "$try"
	done
	touch gate
	finish
	expect 0 $'a!\nb!\nawait!\nc!\nd!'
}

@test "plugin: workers that are killed at random" {
	seq 300000 >numbers
	trace_on
	check() {
		export MPMAP_TRACE=$PWD/trace
		for round in 1 2; do
			rm -f trace
			start -j3 --plugin "$(plugin plugin):echo" <../numbers
			while ! is_gone "$pid"; do
				for worker in $(event_field worker_pid worker_start | tail -n 3 | shuf -n 1); do
					kill -KILL "$worker" 2>/dev/null || :
				done
				let_pass 0.01
			done
			finish
			expect 0
			cmp ../numbers out
		done
	}
	under_methods check
}

@test "plugin: a call that takes too long ends alone" {
	printf 'a\nhang\nb\n' >records
	check() {
		for jobs in 1 2; do
			work "-j$jobs" --timeout 0.2 -o jsonl <../records
			expect 125
			crashes | same /dev/stdin '2 timeout null SIGKILL'
		done
	}
	under_methods check
	cd ..
	work -j1 --timeout 0.2 --chunksize 10 <records
	expect 125 $'a!\nb!'
	says '#2: timed out after 0.2 s'
}

@test "plugin: 10 MB of output, in pieces of any size" {
	printf 'a\nmuch 1048576\nmuch 1024\nmuch 65536\nb\n' >records
	work -j2 <records
	expect 0
	same err ''
	[ "$(grep -vc '!$' out)" -eq $((3 * (10 << 14))) ]
	same <(grep '!$' out) $'a!\nmuch 1048576!\nmuch 1024!\nmuch 65536!\nb!'
	for format in jsonl json; do
		work -j2 -o "$format" <records
		expect 0
	done
	jq -e 'length == 5 and all(.[1:4][]; .stdout | length > 10485760)' out >/dev/null
	printf 'one\ntwo\n' | mp_well --plugin "$(plugin plugin):nul"
	printf 'one\0\ntwo\0\n' | cmp - out
}

@test "plugin: the value of a result" {
	printf 'value 1\nvalue 0\na\n' >records
	work -o jsonl <records
	expect 123
	grep -qF '"value":{"a": [1.10, 123456789012345678901]}' out || complain "$(cat out)"
	crashes | same /dev/stdin '2 failed 22 null'
	the_result 3 'has("value") | not'
	work <records
	expect 123 $'value 1!\na!'
}

@test "plugin: what is printed by other ways does not get into the output" {
	printf 'a\nprint\nb\n' >records
	work -j1 <records
	expect 0 $'a!\nprint!\nb!' printed
	echo input >input
	printf 'read\n' | work -j1
	expect 0 ''
}

@test "plugin: hooks are called once in each worker" {
	seq 100 >numbers
	check() {
		mp_well -j2 --plugin "$(plugin hooks):echo" <../numbers
		same <(sort hooks) $'exit 0\nexit 0\ninit 1\ninit 2'
		rm hooks
		mp_well -j1 --max-tasks-per-worker 30 --plugin "$(plugin hooks):echo" <../numbers
		cmp ../numbers out
		same <(sort hooks | uniq -c | tr -s ' ') $' 4 exit 0\n 4 init 1'
		rm hooks
		mp -j1 --plugin "$(plugin refusing):echo" <../numbers
		expect 2 ''
		says_lines 1
		says 'mpmap_plugin_init of .* returned 7'
	}
	under_methods check
	cd ..
	mp_well -j2 --initializer 'echo ready >>initialized' --plugin "$(plugin plugin):echo" <numbers
	cmp numbers out
	same initialized $'ready\nready'
}

@test "plugin: a call that goes on in two processes is one" {
	printf 'a\nfork\nb\n' >records
	for size in 1 100; do
		work -j1 --chunksize "$size" <records
		expect 0 $'a!\nfork!\nb!' ''
	done
}

@test "plugin: a worker that has grown too large is replaced" {
	for n in 1 2 3 4 5 6; do echo grow 40; done >records
	mp_well -j1 --max-rss 100M --plugin "$(plugin hooks):work" <records
	sed 's/$/!/' records | cmp - out
	[ "$(grep -c init hooks)" -ge 2 ]
	[ "$(grep -c init hooks)" -eq "$(grep -c exit hooks)" ]
}

@test "plugin: what cannot be called is a usage error, and nothing is run" {
	check() {
		for jobs in 1 4; do
			mp "-j$jobs" --plugin ./absent.so:echo ::: a b
			usage_error '^mpmap: --plugin: ./absent.so: .*No such file'
			mp "-j$jobs" --plugin "$(plugin plugin):absent" ::: a b
			usage_error '^mpmap: --plugin: .*undefined symbol: absent'
			mp "-j$jobs" --plugin "$(plugin other):echo" ::: a b
			usage_error 'version 2 of mpmap-plugin.h, and this mpmap has version 1'
			mp "-j$jobs" --plugin "$(plugin no):echo" ::: a b
			usage_error 'does not export mpmap_plugin_abi'
			mp "-j$jobs" --plugin /bin/sh:echo ::: a b
			usage_error '^mpmap: --plugin: /bin/sh'
		done
	}
	under_methods check
	mp --plugin echo.so ::: a
	usage_error "--plugin 'echo.so': not FILE.so:FUNCTION"
	mp --plugin :echo ::: a
	usage_error 'not FILE.so:FUNCTION'
	mp --plugin "$(plugin plugin):echo" cat ::: a
	usage_error "takes no operand, but 'cat' follows"
	mp --plugin "$(plugin plugin):echo" --filter ::: a
	usage_error '--filter, .*functions'
	mp --plugin "$(plugin plugin):echo" --shell ::: a
	usage_error '--plugin and --shell'
	mp --plugin "$(plugin plugin):echo" --setup x ::: a
	usage_error '--plugin and --setup'
	for option in --stdin --tty --zygote --ungroup --dry-run --verbose -n2 --delay=1 --replace=X; do
		mp --plugin "$(plugin plugin):echo" "$option" ::: a
		usage_error '^mpmap: --plugin and '
	done
}

@test "plugin: retries, the job log, and stopping early" {
	seq 20 >numbers
	mp_again 20 -j2 --retries 1 --plugin "$(plugin plugin):retry" <numbers
	cmp numbers out
	mp -j2 --plugin "$(plugin plugin):retry" <numbers
	expect 125 ''
	printf 'a\nfail 3\nsegv 8\n' >records
	work --joblog log <records
	# in the order in which they have ended
	tail -n +2 log | cut -f 1,7,8 | sort -n >rows
	same rows $'1\t0\t0\n2\t3\t0\n3\t0\t11'
	{ echo fail 1 && seq 1000; } >records
	run_to_end -j1 --halt soon,fail=1 --plugin "$(plugin plugin):work" <records
	expect 124 ''
	{ echo a && echo hang && echo fail 1; } >records
	run_to_end -j3 --chunksize 1 --halt now,fail=1 --plugin "$(plugin plugin):work" <records
	expect 124
	run_to_end -j1 --halt now,success=1 --plugin "$(plugin plugin):work" <records
	expect 0 'a!'
}

@test "plugin: results show while a call takes long" {
	open_feed
	start -j2 --plugin "$(plugin plugin):work" <feed
	echo a >&7
	wait_until file_has out '^a!$'
	printf 'b\nc\nawait\n' >&7
	wait_until file_has out '^c!$'
	printf 'd\nmake\n' >&7
	close_feed
	finish
	expect 0 $'a!\nb!\nc!\nawait!\nd!\nmake!'
}

@test "plugin: a signal to mpmap ends a call, and mpmap's death does" {
	check() {
		trace_on
		for signal in INT TERM; do
			rm -f trace
			start -j1 --plugin "$(plugin plugin):work" <<<hang
			wait_for_event worker_ready
			wait_until is_waiting
			kill "-$signal" "$pid"
			finish
			expect "$((128 + $(kill -l "$signal")))" ''
		done
		rm -f trace
		start -j1 --plugin "$(plugin plugin):work" <<<hang
		wait_for_event worker_ready
		wait_until is_waiting
		kill -KILL "$pid"
		finish
		no_processes_left
		unset MPMAP_TRACE
	}
	under_methods check
}

# True if the newest worker has claimed a record.
is_waiting() {
	has_events chunk_claim 1
}

@test "plugin: a run that is stopped stops its calls" {
	trace_on
	# With a shell that could continue it: without one it does not stop.
	cat >job <<'END'
set -m
"$MPMAP" -j1 --timeout 30 --plugin "$1:work" <<<await &
echo $! >stoppable
# it may have been stopped before it is waited for
while wait -f $!; status=$?; [ $status -eq 148 ]; do :; done
exit $status
END
	start_it bash job "$(plugin plugin)"
	wait_for_event worker_ready
	wait_until is_waiting
	worker=$(event_field worker_pid worker_start)
	kill -TSTP "$(cat stoppable)"
	wait_until file_has "/proc/$worker/status" '^State:.T'
	touch gate
	kill -CONT "$(cat stoppable)"
	finish
	expect 0 'await!'
}

@test "plugin: at the prompt" {
	printf '%s\n' "map --plugin $(plugin plugin):echo ::: a b" "map echo ::: c" "map --plugin $(plugin plugin):work ::: 'segv 8' d" \
		"map --plugin $(plugin plugin):absent ::: a" "map echo ::: e" >script
	mp -j2 --interactive <script
	same out $'a\nb\nc\nd!\ne'
	says 'undefined symbol: absent'
	says 'killed by SIGSEGV'
}

@test "plugin: the examples, in C, C++ and Fortran" {
	needs g++ gfortran
	build upper "$top/doc/plugin_upper.c"
	printf 'one\ntwo\n' | mp_well --plugin ./upper.so:upper
	same out $'ONE\nTWO'
	gfortran -shared -fPIC -o mean.so "$top/doc/plugin_mean.f90"
	printf '1 2 3\n10\nx\n' | mp -j1 --plugin ./mean.so:mean
	expect 123 $'2.000000\n10.000000'
	says '#3: exit status 1'
	cat >reverse.cc <<'END'
#include <mpmap-plugin.h>
#include <stdexcept>
#include <string>
MPMAP_PLUGIN;
extern "C" int reverse(const mpmap_record *record, mpmap_writer *writer)
{
	std::string text(record->data, record->size);
	if (text == "throw")
		throw std::runtime_error("thrown");
	std::string back(text.rbegin(), text.rend());
	return mpmap_puts(writer, (back + "\n").c_str());
}
END
	g++ -std=c++11 -Wall -Wextra -Wpedantic -Werror -shared -fPIC "-I$top/include" -o reverse.so reverse.cc
	printf 'abc\nthrow\nxyz\n' | mp -j1 --plugin ./reverse.so:reverse
	expect 125 $'cba\nzyx'
	says 'thrown'
	says '#2: killed by SIGABRT'
}

@test "plugin: the pkg-config file names the header's folder" {
	needs pkg-config
	same <(PKG_CONFIG_PATH=${MPMAP%/*} pkg-config --variable=includedir mpmap-plugin) \
		"$(sed -n 's/^includedir=//p' "${MPMAP%/*}/mpmap-plugin.pc" | sed 's|${prefix}|/usr/local|')"
}
