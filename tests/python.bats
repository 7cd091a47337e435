#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# --python: a function in Python for each record. What a task of its own would have done is what python3 does there.

# Code is for Python.
# shellcheck disable=SC2016

load helper

export PYTHONDONTWRITEBYTECODE=1

# Takes the interpreter itself where python3 is a script that looks for it, which takes longer than all else.
setup_file() {
	local program
	program=$(python3 -c 'import sys; print(sys.executable)') || return 0
	export PATH=${program%/*}:$PATH
}

# Makes the functions of the table in t.py; f(x) calls the one that the record names. own.py does the same in a process.
make_table() {
	cat >t.py <<'END'
import os, sys, threading, time

class Strange(BaseException):
    def __str__(self):
        return 1 / 0

def returns(): return 'a line'
def divides(): return 1 / 0
def chains():
    try:
        divides()
    except Exception as error:
        raise ValueError('chained') from error
def again():
    try:
        divides()
    except Exception:
        raise KeyError('while handling')
def prints(): print('one', 'two', sep='\t'); print('three', end='')
def prints_both(): print('out'); print('err', file=sys.stderr); sys.stdout.flush()
def prints_bytes(): sys.stdout.buffer.write(b'\xff\x00\xc3'); sys.stdout.write('\xa9\udcfe')
def prints_real(): sys.__stdout__.write('real\n'); sys.__stderr__.write('real, too\n')
def prints_lines(): sys.stdout.writelines(['a\n', 'b\n'])
def prints_surrogate(): print('before'); print('\ud800')
def prints_and_fails(): print('before'); [][1]
def prints_much():
    for number in range(100): print(number, 'x' * 10000)
def errors_much():
    for number in range(100): print(number, 'x' * 10000, file=sys.stderr)
def keeps_write(write=[]):
    print('kept', file=sys.stdout)
def redirects():
    import contextlib, io
    with contextlib.redirect_stdout(io.StringIO()) as text:
        print('hidden')
    print(len(text.getvalue()))
def closes(): print('closing'); sys.stdout.close()
def prints_after(): print('after')
def exits(): print('leaving'); sys.exit()
def exits_3(): sys.exit(3)
def exits_true(): sys.exit(True)
def exits_negative(): sys.exit(-1)
def exits_256(): sys.exit(256)
def exits_huge(): sys.exit(1 << 70)
def exits_text(): sys.exit('a reason')
def exits_tuple(): sys.exit((1, 2))
def interrupted(): print('then'); raise KeyboardInterrupt
def recurses(): return recurses()
def recurses_deep():
    def inner(n): return inner(n + 1) + 1
    try:
        inner(0)
    except RecursionError:
        print('caught')
def no_memory(): return bytes(1 << 60)
def strange(): raise Strange
def stops(): raise StopIteration(3)
def generator_exit(): raise GeneratorExit
def reads(): print(repr(sys.stdin.read()), repr(os.read(0, 10)))
def asks(): input('name? ')
def imports(): import nothing_of_that_name
def syntax(): eval('1 +')
def threads():
    def work(): print('from a thread')
    thread = threading.Thread(target=work); thread.start(); thread.join()
def forks():
    child = os.fork()
    if child == 0:
        os._exit(5)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) if hasattr(os, 'waitstatus_to_exitcode') else 5)
def environment(): print('MPMAP_SLOT' in os.environ)
def tty(): print(sys.stdout.isatty(), sys.stdout.fileno(), sys.stdout.encoding)
def dies(): os._exit(7)
def dies_well(): os._exit(0)
def killed(): os.kill(os.getpid(), 9)
def crashes(): os.kill(os.getpid(), 11)
def faults():
    import ctypes
    ctypes.string_at(0)
def last(): print('the last')

def f(name):
    return globals()[name]()
END
	printf 'import sys, t\nt.f(sys.argv[1])\n' >own.py
	grep -oE '^def [a-z_0-9]+\(' t.py | grep -oE '[a-z_0-9]+\(' | tr -d '(' | grep -vx f >names
}

# Prints the results on standard input without what differs: who ran it when, what was returned, and own.py's frame.
outcomes() {
	jq -cS '{seq, outcome, status, signal, stdout, stderr} |
		.stderr |= (gsub("/[^\"]*/t.py"; "t.py") | gsub("  File \"[^\"]*own.py\"[^\n]*\n(    [^\n]*\n)*"; "") | sub("repeated [0-9]+ more"; "repeated"))'
}

# Needs PYTHONIOENCODING as the adapter has it.
own_outcomes() {
	PYTHONIOENCODING=utf-8:surrogateescape "$MPMAP" -j2 -o jsonl python3 own.py <names 2>/dev/null | outcomes
}

same_outcomes() {
	run_it "$MPMAP" "$@" -o jsonl --python t:f <names
	outcomes <out >found
	diff "${OWN:-own}" found | cut -c 1-300 >differences
	[ ! -s differences ] || complain "$* differs from a process of its own: $(head -n 8 differences)"
}

@test "python: each outcome is that of a process of its own, under every start method" {
	needs python3 jq
	check() {
		make_table
		OWN=../own
		[ -e ../own ] || own_outcomes >../own
		[ "$(wc -l <../own)" -eq "$(wc -l <names)" ]
		same_outcomes -j2
	}
	under_methods check
}

@test "python: each outcome is that of a process of its own, with --isolate and one by one" {
	needs python3 jq
	make_table
	own_outcomes >own
	same_outcomes -j2 --isolate
	same_outcomes -j2 --chunksize=1
	same_outcomes -j2 --isolate --chunksize=1
}

@test "python: what is returned" {
	needs python3
	seq 1 16 >numbers
	cat >r.py <<'END'
values = [None, 'text', 'zwei\nlines', b'bytes', b'\xff\n', True, 12, 1.5, float('nan'), {'a': [1, None], 'b': 'é'},
          [1, {2: 3.0}, float('inf')], (1, 'x'), (n * n for n in range(3)), {7}, complex(1, 2), bytearray(b'array\n')]
def value(x): return values[int(x) - 1]
END
	mp_well -j1 --python r:value <numbers
	printf 'text\nzwei\nlines\nbytes\377\nTrue\n12\n1.5\nnan\n{"a":[1,null],"b":"é"}\n[1,{"2":3.0},null]\n[1,"x"]\n[0,1,4]\n{7}\n(1+2j)\narray\n' >expected
	cmp expected out
	mp_well -j1 -o jsonl --python r:value <numbers
	jq -c .value out >found
	jq -s -e 'all(.stdout == "" and .status == 0)' out >/dev/null
	printf '%s\n' null '"text"' '"zwei\nlines"' '"bytes"' '{"base64":"/wo="}' true 12 1.5 null '{"a":[1,null],"b":"é"}' \
		'[1,{"2":3.0},null]' '[1,"x"]' '[0,1,4]' '[7]' '"(1+2j)"' '"array\n"' | jq -c . >expected
	cmp expected found
}

@test "python: the names of an expression" {
	needs python3
	printf 'a\nb\n' | mp_well -j1 --python '[x, a, seq, attempt, [x for y in a]]'
	same out $'["a",["a"],1,1,["a"]]\n["b",["b"],2,1,["b"]]'
	mp_well --python '[x, a]' ::: 1 2 ::: p q
	same out $'["1 p",["1","p"]]\n["1 q",["1","q"]]\n["2 p",["2","p"]]\n["2 q",["2","q"]]'
	printf 'city,n\nRome,1\nParis,2\n' | mp_well --csv --header=: --python 'city + n * 2 + a[0]'
	same out $'Rome11Rome\nParis22Paris'
	printf 'city,id\nRome,1\n' | mp_well --csv --header=: --setup='id = 7; n = 8' --python '[id, n, city.upper()]'
	same out '["1",8,"ROME"]'
	printf 'x,a\n1,2\n' | mp_well --csv --header=: --python '[x, a]'
	same out '["1,2","2"]'
	printf '{"id":1,"n":2.50}\n{"id":2}\n' | mp_well --jsonl --setup='n = "none"' --python '[id, n, x["id"]]'
	same out $'[1,2.50,1]\n[2,"none",2]'
}

@test "python: starmap: a function is called with the columns and with the items of sources" {
	needs python3
	mp_well --python operator:concat ::: a b ::: 1 2
	same out $'a1\na2\nb1\nb2'
	printf '2 5\n3 2\n10 3\n' | mp_well -C ' ' --setup='def power(a, b): return int(a) ** int(b)' --python 'power(*a)'
	same out $'32\n9\n1000'
	printf 'def power(a, b=1):\n    return int(a) ** int(b)\n' >m.py
	printf '2 5\n3 2\n10\n' | mp_well -C ' ' --python m:power
	same out $'32\n9\n10'
}

@test "python: numbers of JSON remain as they were written" {
	needs python3
	printf '%s\n' 123456789012345678901 1.10 1E400 -0 -0.0 '[1e5,{"a":2.50}]' '{"b":0.1,"c":[-0,-1]}' "$(printf '9%.0s' {1..5000})" '"a\ud83d\ude00é"' >values
	mp_well --jsonl --python '[x]' <values
	sed 's/\\ud83d\\ude00/😀/; s/.*/[&]/' values >expected
	cmp expected out
	mp_well --jsonl -o jsonl --python x <values
	sed 's/.*"value"://; s/}$//' out >found
	sed 's/\\ud83d\\ude00/😀/' values >expected
	cmp expected found
	echo '[1.10, 2.50]' | mp_well --json --python 'x + 1'
	same out $'2.1\n3.5'
}

@test "python: records that are not UTF-8" {
	needs python3
	printf 'a\377b\n\303\n\251\n' >bytes
	mp_well --python x <bytes
	cmp bytes out
	mp_well --python 'print(x)' <bytes
	cmp bytes out
	mp_well --python 'x.encode("utf-8", "surrogateescape") + b"\n"' <bytes
	cmp bytes out
	mp_well -0 --python 'len(x)' < <(printf 'a\nb\0\0ccc')
	same out $'3\n0\n3'
}

@test "python: modules that an expression names, and those of the current folder" {
	needs python3
	mkdir package
	printf 'def twice(x):\n    return x * 2\nclass Box:\n    @staticmethod\n    def wrap(x):\n        return "<" + x + ">"\n' >package/part.py
	touch package/__init__.py
	printf 'a b\n' >records
	mp_well --python 'urllib.parse.quote(x) + str(math.floor(1.5))' <records
	same out 'a%20b1'
	mp_well --python 'package.part.twice(x)' <records
	same out 'a ba b'
	mp_well --python package.part:Box.wrap <records
	same out '<a b>'
	mp_well --setup='import package.part as p' --python 'p.twice(x)' <records
	same out 'a ba b'
	mp --python 'unknown(x)' <records
	expect 123 ''
	says "^NameError: name 'unknown' is not defined"
	# the adapter's own folder is not searched, nor are its names seen
	mp_well --python '[word for word in ("adapter", "Answers", "REQUESTS") if word in globals()] or sys.modules["__main__"].__name__' <records
	same out __main__
}

# refused WORD... : no record was run, with status 2 and these words of Python's
refused() {
	local word
	expect 2 '' || return 1
	[ ! -e ran ] || complain "a record was run" || return 1
	says_not adapter.py || return 1
	for word; do
		says "$word" || return 1
	done
}

@test "python: what cannot be called is refused in Python's words, and nothing is run" {
	needs python3
	printf 'import nothing_of_that_name\n' >broken.py
	printf 'def (:\n' >wrong.py
	printf 'a = 1\n' >m.py
	check() {
		cp ../*.py .
		seq 3 >records
		mp --python 'open("ran", "w").write(x' <records
		refused '^  File "<python>", line 1$' '^ *\^' '^SyntaxError: '
		mp --python 'import os; os.mkdir("ran")' <records
		refused '^SyntaxError: invalid syntax'
		mp --python missing:f <records
		refused "^ModuleNotFoundError: No module named 'missing'"
		mp --python m:f <records
		refused "^AttributeError: module 'm' has no attribute 'f'"
		mp --python m:a <records
		refused "^TypeError: 'int' object is not callable"
		mp --python broken:f <records
		refused 'broken.py", line 1, in <module>' "^ModuleNotFoundError: No module named 'nothing_of_that_name'"
		mp --python wrong:f <records
		refused 'wrong.py", line 1' '^SyntaxError'
		mp --setup='a = 1' --setup='1 / 0' --python 'open("ran", "w")' <records
		refused '^  File "<setup 2>", line 1, in <module>' '^ZeroDivisionError'
		mp --setup='import sys; sys.exit("no licence")' --python 'open("ran", "w")' <records
		refused 'no licence'
		# no records: nothing to be called for
		printf '' | mp_well --python 1
		same out ''
	}
	under_methods check
}

@test "python: an interpreter that is too old says so" {
	needs python3
	mkdir bin
	cat >bin/python3 <<END
#!/bin/sh
exec $(python3 -c 'import sys; print(sys.executable)') -c 'import sys
sys.version_info = (3, 5, 1, "final", 0)
sys.argv[:1] = []
source = open(sys.argv[0]).read()
exec(compile(source, sys.argv[0], "exec"))' "\$@"
END
	chmod +x bin/python3
	check() {
		seq 3 | PATH=$WORK/bin:$PATH mp --python x
		expect 2 ''
		says 'is Python 3\.5\.1; mpmap --python needs Python 3\.8 or later'
	}
	under_methods check
}

@test "python: setup once before the first record, teardown when a worker leaves" {
	needs python3
	check() {
		seq 40 | mp_well -j2 --setup='import os; log = open("log", "a", 1); log.write("setup\n"); count = []' \
			--teardown='log.write("left\n" if count else "idle\n")' --python 'count.append(x) or x'
		seq 40 | cmp - out
		[ "$(head -n 1 log)" = setup ]
		[ "$(grep -c setup log)" -le 2 ]
		grep -q left log
	}
	under_methods check
}

@test "python: what commands and C code print is exact with --isolate, and with --chunksize=1" {
	needs python3
	seq 30 >numbers
	sed 's/.*/py &\nsh &\nc &\n&/' numbers >expected
	sed 's/.*/err &/' numbers >expected_err
	cat >m.py <<'END'
import os, subprocess
def f(x):
    print("py", x, flush=True)
    subprocess.run(["sh", "-c", "echo sh $0; echo err $0 >&2", x])
    os.write(1, b"c %s\n" % x.encode())
    return x
END
	mp -j2 --isolate --python m:f <numbers
	expect 0
	cmp expected out
	cmp expected_err err
	mp -j2 --chunksize=1 --isolate -o jsonl --python m:f <numbers
	jq -r '.stdout' out | sed '/^$/d' | cmp - <(grep -v '^[0-9]' expected)
	# without --isolate what Python itself prints is apart from what its children wrote
	mp -j2 --chunksize=1 -o jsonl --python m:f <numbers
	jq -es 'all((.stdout | split("\n") | sort) == (["", "c \(.seq)", "py \(.seq)", "sh \(.seq)"] | sort) and .stderr == "err \(.seq)\n")' out >/dev/null
	# also where records are fast, and two messages could be on their way
	seq 500 | mp -j2 --chunksize=1 -o jsonl --python 'os.write(1, b"c %s\n" % x.encode()) and None'
	jq -es 'all(.stdout == "c \(.seq)\n")' out >/dev/null
}

@test "python: outputs of many megabytes, in little memory" {
	needs python3
	printf '%s\n' 1 2 3 >numbers
	for words in '-j2' '-j2 --isolate'; do
		# shellcheck disable=SC2086
		mp_well $words --setup='import resource; resource.setrlimit(resource.RLIMIT_AS, (200 << 20, 200 << 20))' \
			--python '[print(x * 1000) for number in range(20000)] and None' <numbers
		[ "$(wc -c <out)" -eq 60060000 ]
		[ "$(cut -c 1 out | uniq -c | awk '{ print $1 $2 }' | tr '\n' ' ')" = '200001 200002 200003 ' ]
	done
	seq 2 | mp_well -j2 --python '"x" * 70000000'
	[ "$(wc -c <out)" -eq 140000002 ]
}

@test "python: outputs of every kind in their order" {
	needs python3
	seq 20000 >numbers
	awk '$1 % 2' numbers >expected
	mp_well -j2 --python 'x if int(x) % 2 else None' <numbers
	cmp expected out
	awk '{ printf "%d%s", $1, $1 % 3 ? "" : "\n" }' numbers >expected
	mp_well -j2 --python 'x.encode() if int(x) % 3 else print(x)' <numbers
	cmp expected out
	awk '{ if ($1 % 50) print }' numbers >expected
	mp -j2 --python 'x if int(x) % 50 else 1 / 0' <numbers
	expect 123
	cmp expected out
	[ "$(grep -c '^ZeroDivisionError' err)" -eq 400 ]
	says_not adapter.py.*line
}

@test "python: one that hangs is ended by --timeout; the others go on" {
	needs python3
	for words in '-j2' '-j2 --isolate'; do
		# shellcheck disable=SC2086
		seq 50 | mp $words --timeout=4 -o jsonl --setup='import time' --python 'time.sleep(1000 if x == "20" else 0)'
		[ "$(jq -r 'select(.outcome == "timeout").seq' out)" = 20 ]
		[ "$(jq -r 'select(.outcome == "ok").seq' out | wc -l)" -eq 49 ]
	done
}

@test "python: threads that print later harm nobody" {
	needs python3
	cat >m.py <<'END'
import sys, threading, time
def late(x):
    time.sleep(0.001)
    sys.stdout.write("late %s\n" % x)
def f(x):
    threading.Thread(target=late, args=(x,)).start()
    sys.stdout.write("now %s\n" % x)
def work():
    for number in range(100):
        sys.stdout.write("q" * 1000 + "\n")
def many(x):
    threads = [threading.Thread(target=work) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
END
	seq 300 | mp -j2 --python m:f
	expect 0
	[ "$(grep -c '^now' out)" -eq 300 ]
	# what comes after the last record is no record's
	[ "$(cat out err | grep -c '^late')" -eq 300 ]
	# with a process for each record they are waited for, as Python does at its end
	seq 30 | mp_well -j2 --isolate --python m:f
	sort out | cmp - <(seq 30 | sed 's/.*/now &\nlate &/' | sort)
	seq 10 | mp_well -j2 --python m:many
	[ "$(grep -cx 'q*' out)" -eq 3000 ]
}

@test "python: a process that is forked and returns never answers for the record" {
	needs python3
	for words in '' '--isolate' '-o jsonl'; do
		# shellcheck disable=SC2086
		seq 20 | mp -j2 $words --setup='import os
def f(x):
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return "parent " + x
    print("child", x)
    if x == "7":
        raise ValueError("in the child")
    return "child returned"' --python 'f(x)'
		expect 0
		if [ "$words" = '-o jsonl' ]; then
			[ "$(jq -r .value out)" = "$(seq 20 | sed 's/.*/"parent &"/' | jq -r .)" ]
		else
			grep '^parent' out | cmp - <(seq 20 | sed 's/^/parent /')
			[ "$(grep -c '^child [0-9]' out)" -eq 20 ]
			[ "$(grep -c '^child returned' out)" -eq 19 ]
			says '^ValueError: in the child'
		fi
	done
	printf 'def square(n):\n    return n * n\n' >m.py
	for words in '-j1' '-j1 --isolate'; do
		# shellcheck disable=SC2086
		printf '3\n4\n' | mp_well $words --setup='import m, multiprocessing
def f(x):
    with multiprocessing.get_context("fork").Pool(2) as pool:
        return pool.map(m.square, range(int(x)))' --python 'f(x)'
		same out $'[0,1,4]\n[0,1,4,9]'
	done
}

@test "python: with --isolate no record sees what another has changed" {
	needs python3
	seq 20 | mp_well -j2 --isolate --setup='seen = []' --python 'seen.append(x) or len(seen)'
	[ "$(sort -u out)" = 1 ]
	seq 20 | mp_well -j1 --setup='seen = []' --python 'seen.append(x) or len(seen)'
	seq 20 | cmp - out
	# what outlives a record is not waited for
	SECONDS=0
	seq 3 | mp_well -j1 --isolate --python 'os.system("sleep 100 & echo $!")'
	[ "$SECONDS" -lt 50 ]
	grep -v '^0$' out | while read -r process; do kill "$process"; done
}

@test "python: interpreters that are killed at any time are replaced, and leave nothing" {
	needs python3
	check() {
		seq 200 | mp -j3 --python 'os.kill(os.getpid(), 9) if int(x) % 40 == 0 else x'
		expect 125
		seq 200 | awk '$1 % 40' | cmp - out
		# the process that the others are forked from, too
		seq 200 | mp_well -j2 --setup='import os; first = os.getpid()' \
			--python '[os.kill(first, 9)] and x if x == "30" and os.getpid() != first else x'
		seq 200 | cmp - out
		no_processes_left
	}
	under_methods check
}

@test "python: the name of a function is called, unless the record has that name" {
	mp_well --setup 'def f(x): return x * 2' --python f ::: a b
	exactly out $'aa\nbb\n'
	mp_well --python str.upper ::: a
	exactly out $'A\n'
	printf 'id,n\n1,2\n' >records
	mp_well --csv --header : -a records --python id
	exactly out $'1\n'
	printf '%s\n' '{"len": 3}' '{"other": 3}' >objects
	mp_well --jsonl -a objects --python len
	exactly out $'3\n1\n'
}

@test "python: a teardown that fails is reported once, and the results count" {
	mp -j2 --chunksize=1 --teardown 'raise ValueError("bye")' --python x ::: 1 2
	expect 1 $'1\n2'
	says 'ValueError: bye'
	says '^mpmap: python3 failed at its end \(teardown\) in ForkWorker-[12]: exit status 1$'
}
