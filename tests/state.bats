#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# mpmap-state: every verb, what is refused, exit statuses, the socket, and clients that do harm.

load helper

# served SCRIPT: runs it in bash under a server, with mpmap-state as s
served() {
	run_it "${MPMAP%/*}/mpmap-state" serve -- bash -c 's() { mpmap-state "$@"; }; '"$1"
}

# serves: starts a server without a COMMAND in the background, at the path that MPMAP_STATE then names
serves() {
	start_it "${MPMAP%/*}/mpmap-state" serve --socket "$PWD/socket" "$@"
	wait_until file_has out socket
	export MPMAP_STATE=$PWD/socket
}

# Ends the server of serves.
stop_serving() {
	kill -TERM "$pid"
	finish
	[ "$(cat status)" -eq 143 ]
	[ ! -e socket ]
}

state() {
	run_it "${MPMAP%/*}/mpmap-state" "$@"
}

setup_path() {
	PATH=${MPMAP%/*}:$PATH
}

@test "state: numbers and texts" {
	setup_path
	served 's add n; s add n 41; s add n -2; s get n; s set t "two  words "; s get t; s del t; s get t; echo $?
		s max n 7; s max n 50; s min n 3; s cas n 3 x && s get n; s cas n 3 y; echo $?; s set e ""; s get e; s add r 0.5'
	expect 0 $'1\n42\n40\n40\ntwo  words \n1\n40\n50\n3\nx\n1\n\n0.5'
	same err $'mpmap-state: nothing is called "t"\nmpmap-state: "n" is "x", not "3"'
}

@test "state: dictionaries and lists" {
	setup_path
	served 's put m "a b" 1; s put m k $'"'x\\ny'"'; s keys m; s items m; s -0 items m | tr "\0" "|"; echo; s get m k; s len m
		s --json items m; s del m k; s keys m; s append l one; s append l two; s at l 0; s at l -1; s len l; s at l 2; echo $?'
	expect 0 $'a b\nk\na b\t1\nk\tx\ny\na b|1|k|x\ny|\nx\ny\n2\n{"a b":1,"k":"x\\ny"}\na b\n1\n2\none\ntwo\n2\n1'
	same err 'mpmap-state: "l" has no value at 2: it has 2'
}

@test "state: a dictionary is printed as JSON whatever its keys are" {
	setup_path
	served 'for key in AHg= /w== /g==; do
			printf "put64 bQ== %s eQ==\n" "$key" >&"$MPMAP_STATE_FD"; read -r answer <&"$MPMAP_STATE_FD"
		done; s --json items m; s --json keys m'
	expect 0 '{"\u0000x":"y","\ufffd":"y","\ufffd":"y"}
["\u0000x",{"base64":"/w=="},{"base64":"/g=="}]' ''
}

@test "state: queues" {
	setup_path
	served 's push q a; printf "b\nc" | s push q; seq 3 | s push q -; s len q; s pop q; s pop q; s pop q; s pop q
		s push q full --max 1 --timeout 0; echo $?; s pop q --ack; s len q; s pop q --timeout 0; echo $?
		s join q --timeout 0.01; echo $?; s back q; s pop q --ack; s done q; s join q; echo $?'
	expect 0 $'5\na\nb\nc\n1\n2\n1\n3\n0\n1\n1\n3\n0'
	same err 'mpmap-state: queue "q" is full: it has 1
mpmap-state: queue "q" is empty
mpmap-state: timed out: queue "q" has 0, and 1 not done'
}

@test "state: a pop waits for a push, and a push for room" {
	setup_path
	served '{ s pop q; s pop q; } >popped & s push q 1; s push q 2 --max 1; wait; cat popped'
	expect 0 $'1\n2' ''
}

@test "state: locks, alone and shared, several at once, and conditions" {
	setup_path
	served 's lock a b; s lock a; s unlock a b; s list; s unlock a; s list; s unlock a; echo $?
		s lock --shared r; s lock c d --timeout 0; s unlock c d; bash -c "s=mpmap-state
			\$s lock --shared r && \$s unlock r && \$s lock x && \$s unlock x"; echo $?
		s lock c; s notify c; s await c --timeout 0.01; echo $?; s unlock c'
	expect 0 $'a\tlock held by process '"$(sed -n 's/.*held by process \([0-9]*\) (bash)/\1/p' out | head -n 1)"$' (bash)\n2\n0\n0\n1'
	same err 'mpmap-state: lock "a" is not held
mpmap-state: timed out: "c" was not notified'
}

@test "state: lock -- COMMAND, its status, and nobody else meanwhile" {
	setup_path
	served 'for i in {1..8}; do s lock L -- sh -c "mkdir here && rmdir here || echo two; mpmap-state add n" & done; wait
		s get n; s lock L -- sh -c "exit 3"; echo $?; s lock L -- sh -c "kill -9 \$\$"; echo $?; s list'
	expect 0
	[ "$(head -n 8 out | sort -n)" = "$(seq 8)" ] || complain "$(cat out)"
	[ "$(tail -n 4 out)" = $'8\n3\n137\nn\tvalue 8' ] || complain "$(cat out)"
	same err ''
}

@test "state: a barrier that is aborted is broken until it is reset, and one that is reset for those in it" {
	setup_path
	served 'ends() { mpmap-state barrier b 3; echo $?; }
		for how in abort reset; do
			ends & first=$!; ends & second=$!; until s stat | grep -q "^waiting.2"; do :; done
			s barrier b $how; wait $first $second; s barrier b 3 --timeout 0 >/dev/null; echo $how $?; s barrier b reset
		done; s barrier b 1'
	expect 0 $'4\n4\nabort 4\n4\n4\nreset 1\n0'
	says 'barrier "b" is broken: .* has aborted it'
	says 'barrier "b" is broken: .* has reset it'
}

@test "state: semaphores, barriers, events, waiting for a value" {
	setup_path
	served 's acquire s --of 2; s acquire s; s acquire s --timeout 0; echo $?; s release s; s acquire s
		for i in 1 2 3; do s barrier b 3 & done | sort; wait
		s event wait e & s event set e; wait $!; echo $?; s event clear e; s event wait e --timeout 0; echo $?
		s wait n ">=" 3 >waited & s add n 2; s add n 2; wait $!; cat waited'
	expect 0 $'1\n0\n1\n2\n0\n1\n2\n4\n4'
	same err 'mpmap-state: semaphore "s" is held 2 times
mpmap-state: event "e" is not set'
}

@test "state: once runs until it has succeeded" {
	setup_path
	served 's once o -- sh -c "echo tried; exit 4"; echo $?
		for i in {1..6}; do s once o -- sh -c "echo ran >>ran" & done; wait; cat ran; s once o -- echo again; echo $?'
	expect 0 $'tried\n4\nran\n0' ''
}

@test "state: list, watch and stat" {
	setup_path
	served 's --json stat | jq -r "keys[]" | head -n 2; mpmap-state watch n >changes & s push q x
		until [ "$(s stat | sed -n "s/^waiting.//p")" = 1 ]; do :; done
		s add n; s add n; until [ "$(wc -l <changes)" = 2 ]; do :; done; cat changes; kill $!; s list'
	expect 0 $'connections\nconnections accepted\n1\n2\nn\tvalue 1\nn\tvalue 2\nq\tqueue 1\nn\tvalue 2'
}

@test "state: what is wrong is a line and a status, and changes nothing" {
	setup_path
	serves
	state set text words
	while IFS='|' read -r status words reason; do
		# shellcheck disable=SC2086
		state $words
		expect "$status" '' || return 1
		says_lines 1
		says "$reason" || return 1
	done <<-'END'
		2|frob|there is no verb "frob"
		2||there is no verb
		2|add|too few words for add
		2|add text|"text" is a text, not a number
		2|add n x|"x" is not a number
		2|add n 1 2|too many words for add
		2|get text --ack|there is no option "--ack"
		2|--frob get text|there is no option "--frob"
		2|pop q --timeout|--timeout needs a value
		2|pop q --timeout x|--timeout is seconds
		2|push q x --max 0|--max is a number from 1
		2|put text k v|"text" is a value, not a dictionary
		2|lock text|"text" is a value, not a lock
		2|unlock l|lock "l" is not held
		2|acquire s|semaphore "s" is new
		2|barrier b 0|"0" is not a number of parties
		2|wait text ~ x|"~" is no comparison
		2|event frob e|"frob" is not what an event does
		2|notify c|lock "c" is not held
		2|once o|once needs a COMMAND
		2|serve x|serve has no operand "x"
		2|--socket|--socket needs a value
		1|get nothing|nothing is called "nothing"
		1|del nothing|nothing is called "nothing"
		1|pop q --timeout 0|queue "q" is empty
		7|get text --socket nowhere|there is no state server at 'nowhere'
	END
	state list
	expect 0 $'text\tvalue words' ''
	state get "$(printf '%0256d' 0)"
	expect 2 ''
	says 'a name of 256 bytes is too long'
	head -c 1048577 /dev/zero | run_it mpmap-state push q
	expect 2 ''
	says 'longer than 1 MiB'
	head -c 1048576 /dev/zero | run_it mpmap-state push q
	expect 0 '' ''
	state pop q
	[ "$(wc -c <out)" -eq 1048577 ]
	stop_serving
	state get text
	expect 7 ''
	says 'there is no state server'
}

@test "state: without a server" {
	setup_path
	state get x
	expect 7 ''
	says 'MPMAP_STATE is not set: run this in a task of mpmap --state, or in mpmap-state serve -- COMMAND'
	state lock x -- true
	expect 125 ''
}

@test "state: the memory has a limit" {
	setup_path
	run_it mpmap-state serve --memory 1M -- bash -c '
		head -c 700000 /dev/zero | mpmap-state push q; head -c 700000 /dev/zero | mpmap-state push q; echo $?; mpmap-state len q'
	expect 0 $'1\n1'
	says 'the state is full: .* \(.*--memory\)'
}

@test "state: serve passes on the status, and its exit statuses" {
	setup_path
	served 'exit 9'
	expect 9 '' ''
	served 'kill -9 $$'
	expect 137
	run_it mpmap-state serve -- nosuchcommand
	expect 127 ''
	run_it mpmap-state serve -- /
	expect 126 ''
	run_it mpmap-state serve --
	expect 125 ''
	served 'mpmap-state lock a -- nosuchcommand; echo $?; mpmap-state lock a -- /; echo $?
		mpmap-state lock a; setsid mpmap-state --socket "$MPMAP_STATE" lock a --timeout 0 -- true; echo $?'
	expect 0
	[ "$(head -n 2 out)" = $'127\n126' ]
	run_it mpmap-state serve --socket /nowhere/socket -- true
	expect 125 ''
	says "cannot listen at '/nowhere/socket': No such file or directory"
}

@test "state: COMMAND has the limits and signals that it would have without a server" {
	setup_path
	local script='ulimit -Sn; ulimit -Hn; grep -E "^Sig(Blk|Ign|Cgt)" /proc/self/status; umask; echo "$PWD"'
	run_it sh -c "ulimit -Sn 300; $script"
	mv out plain
	run_it sh -c "ulimit -Sn 300; exec mpmap-state serve -- sh -c '$script'"
	expect 0 "$(cat plain)" ''
	run_it sh -c "ulimit -Sn 300; exec mpmap-state serve -- mpmap-state lock a -- sh -c '$script'"
	expect 0 "$(cat plain)" ''
}

@test "state: a lock that is not got in time" {
	setup_path
	mkfifo wait
	served 'bash -c "mpmap-state lock a; echo held >held; read -r _; true" <>wait & until [ -e held ]; do :; done
		mpmap-state lock a --timeout 0.01 -- echo never; echo $?; kill -9 $!; wait $! 2>/dev/null; mpmap-state lock a -- echo got'
	expect 0 $'124\ngot'
}

@test "state: the socket is the user's alone, and is replaced if nobody listens" {
	setup_path
	served 'stat -c %a "${MPMAP_STATE%/*}" "$MPMAP_STATE"; echo "$MPMAP_STATE"'
	expect 0
	[ "$(head -n 2 out)" = $'700\n600' ]
	[ ! -e "$(tail -n 1 out)" ]
	serves
	run_it mpmap-state serve --socket socket -- true
	expect 125 ''
	says 'Address already in use'
	state set x 1
	expect 0
	kill -9 "$pid"
	finish
	[ -S socket ]
	state get x
	expect 7
	serves
	state get x
	expect 1
	stop_serving
}

@test "state: serve ends its COMMAND by a signal, and COMMAND ends with it" {
	setup_path
	mkfifo never
	start_it mpmap-state serve -- bash -c 'trap "echo got; exit 5" TERM; echo ready; while :; do read -rt 1 _; done' <>never
	wait_until file_has out ready
	kill -TERM "$pid"
	finish
	[ "$(cat status)" -eq 5 ]
	grep -q got out
}

@test "state: bash speaks on the inherited descriptor" {
	setup_path
	served 'ask() { printf "%s\n" "$*" >&"$MPMAP_STATE_FD"; IFS= read -r answer <&"$MPMAP_STATE_FD"; echo "$answer"; }
		ask add n 5; ask get n; ask get none; ask set "t a  b"; ask get t; ask "[\"add\", \"n\", 1]"; ask set64 dA== YQpi; ask get t
		ask frob; ask get n; mpmap-state get n; ask lock L; mpmap-state unlock L; echo $?
		printf "add n\nadd n\nkeys m\n" >&"$MPMAP_STATE_FD"; for i in 1 2 3; do IFS= read -r answer <&"$MPMAP_STATE_FD"; echo "$answer"; done'
	expect 0 '= 5
= 5
! 1 nothing is called "none"
=
= a  b
{"value": 6}
=
=64 YQpi
! 2 there is no verb "frob"
= 6
6
=
0
= 7
= 8
! 1 nothing is called "m"' ''
}

@test "state: 500 clients at once, of which some are silent or send garbage" {
	needs python3
	setup_path
	serves
	run_it python3 - "$PWD/socket" <<-'END'
		import socket, struct, sys, time

		def connect():
		    s = socket.socket(socket.AF_UNIX)
		    s.connect(sys.argv[1])
		    s.settimeout(20)
		    return s

		start = time.monotonic()
		bad = [b"", b"ad", b"\x00\x00\x00\x20" + b"x" * 32, b"\xff\xff\xff\xff\x00\x00\x00\x01\x00\x00\x00\x00",
		       b"\x80\x04\x95pickle.\n", b"GET / HTTP/1.0\r\n\r\n", b"[1, 2\n", b"\n"]
		bad = [(connect(), text) for text in bad * 5]
		for s, text in bad:
		    s.sendall(text)
		good = [connect() for _ in range(500)]
		for turn in range(3):
		    for s in good:
		        s.sendall(b"add n\nadd m 2\n")
		    for s in good:
		        answer = b""
		        while answer.count(b"\n") < 2:
		            answer += s.recv(100)
		        assert answer.startswith(b"= "), answer
		assert time.monotonic() - start < 8
		for s, text in bad:
		    answer = b"?"
		    try:
		        while answer:
		            answer = s.recv(1000)
		    except ConnectionResetError:
		        pass
		assert time.monotonic() - start < 11, time.monotonic() - start
		good[0].sendall(b"get n\n")
		assert good[0].recv(100) == b"= 1500\n"
		# A request that is longer than any may be.
		s = connect()
		try:
		    s.sendall(b"get n\n" + b"x" * (9 << 20))
		except (BrokenPipeError, ConnectionResetError):
		    pass
		good[1].sendall(b"get n\n")
		assert good[1].recv(100) == b"= 1500\n"
	END
	expect 0 '' ''
	state get m
	expect 0 3000
	stop_serving
}
