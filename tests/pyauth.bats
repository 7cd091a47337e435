#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-3.0-or-later
# The handshake and the frames of multiprocessing.connection, with Python at the other end: tests/unit --pyauth is ours.

# Code is for Python.
# shellcheck disable=SC2016

load helper

# Finds every Python there is: before 3.12 they know MD5 only.
setup_file() {
	local name program
	pythons=
	for name in /usr/bin/python3 python3 python3.{6..20}; do
		program=$("$name" -c 'import sys, hmac, multiprocessing.connection; print(sys.executable)' 2>/dev/null) || continue
		[[ " $pythons " == *" $program "* ]] || pythons+=" $program"
	done
	export pythons PEER=${TOOL%/*}/unit PYTHONDONTWRITEBYTECODE=1
}

# What the tests below begin with: KEY, PATH, and peer(ROLE, POLICY, [HASTE]), which starts our end.
prelude='
import inspect, os, subprocess, sys, threading, time
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Listener
import multiprocessing.connection as connection
KEY, PATH = b"supadupasecretkey", "socket"
MODERN = hasattr(connection, "_ALLOWED_DIGESTS")

class peer:
    def __init__(self, role, policy="both", haste=1, key=KEY):
        self.role = role
        self.process = subprocess.Popen([os.environ["PEER"], "--pyauth", role, PATH, key.decode(), policy, str(haste)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if role == "listen":
            assert self.line() == "listening"
    def line(self):
        return self.process.stdout.readline().decode().rstrip("\n")
    def write(self, text):
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()
    def end(self):
        self.process.stdin.close()
        self.process.stdout.close()
        if self.role == "listen":
            os.unlink(PATH)
        return self.process.wait()

def raises(kinds, call, *args, **named):
    try:
        call(*args, **named)
    except kinds as error:
        return str(error)
    raise AssertionError("no error")
'

# each_python CODE: runs the code with every Python
each_python() {
	local program
	[ -n "$pythons" ] || skip_or_fail 'there is no Python' || return 1
	for program in $pythons; do
		echo "$program"
		timeout 60 "$program" -c "$prelude$1" </dev/null 3>&- 4>&- || return 1
	done
}

@test "pyauth: a Client of every Python reaches our Listener (K15, K17)" {
	each_python '
for policy in ("both", "legacy") + (("modern",) if MODERN else ()):
    ours = peer("listen", policy)
    for message in (b"[\"add\",\"done\",1]", b"", b"x" * 16384, b"x" * 16385, b"y" * (16 << 20)):
        with Client(PATH, "AF_UNIX", authkey=KEY) as conn:
            assert ours.line() == "passed"
            conn.send_bytes(message)
            assert conn.recv_bytes() == message + b"!"
    assert ours.end() == 0
'
}

@test "pyauth: our Client reaches a Listener of every Python (K15, K17)" {
	each_python '
for policy in ("both", "legacy") + (("modern",) if MODERN else ()):
    with Listener(PATH, "AF_UNIX", authkey=KEY) as listener:
        ours = peer("connect", policy)
        with listener.accept() as conn:
            ours.write("hello")
            assert conn.recv_bytes() == b"hello"
            conn.send_bytes(b"hello, too")
            assert ours.line() == "passed"
            assert ours.line() == "hello, too"
            assert ours.end() == 0
'
}

@test "pyauth: where MD5 is refused, a Python without another digest does not pass (K17)" {
	each_python '
if not MODERN:
    ours = peer("listen", "modern")
    raises(AuthenticationError, Client, PATH, "AF_UNIX", authkey=KEY)
    assert ours.line() == "failed: the peer has MD5 only, which is not allowed"
    ours.end()
    with Listener(PATH, "AF_UNIX", authkey=KEY) as listener:
        ours = peer("connect", "modern")
        raises((EOFError, OSError), listener.accept)
        assert ours.line() == "failed: the peer wants MD5, which is not allowed"
        assert ours.end() == 1
'
}

@test "pyauth: a wrong key is told from both ends, and the next client is served (K15, OtherTest)" {
	each_python '
ours = peer("listen")
for key in (b"wrong", b""):
    assert "rejected" in raises(AuthenticationError, Client, PATH, "AF_UNIX", authkey=key)
    assert ours.line() == "failed: the digest received was wrong"
Client(PATH, "AF_UNIX", authkey=KEY).close()
assert ours.line() == "passed"
ours.end()
with Listener(PATH, "AF_UNIX", authkey=b"wrong") as listener:
    ours = peer("connect")
    raises(AuthenticationError, listener.accept)
    assert ours.line() == "failed: the digest sent was rejected"
    assert ours.end() == 1
'
}

@test "pyauth: an empty key is a key (bpo-43952)" {
	each_python '
ours = peer("listen", key=b"")
Client(PATH, "AF_UNIX", authkey=b"").close()
assert ours.line() == "passed"
ours.end()
# before bpo-43952 was fixed, such a Listener did not authenticate
if "is not None" in inspect.getsource(Listener.accept):
    with Listener(PATH, "AF_UNIX", authkey=b"") as listener:
        ours = peer("connect", key=b"")
        listener.accept().close()
        assert ours.line() == "passed"
        ours.end()
'
}

@test "pyauth: what is no handshake costs one connection (K19)" {
	each_python '
ours = peer("listen")
good = Client(PATH, "AF_UNIX", authkey=KEY)
assert ours.line() == "passed"
def send(*messages, raw=None):
    conn = Client(PATH, "AF_UNIX")
    assert conn.recv_bytes().startswith(b"#CHALLENGE#{sha256}")
    for message in messages:
        conn.send_bytes(message)
    if raw is not None:
        os.write(conn.fileno(), raw)
    return conn
def refused(reason, conn):
    assert ours.line() == "failed: " + reason
    conn.close()
refused("a frame is too long", send(b"x" * 257))
refused("a frame is too long", send(raw=b"\xff\xff\xff\xff\0\0\0\1\0\0\0\0"))
refused("a frame has a negative length", send(raw=b"\xff\xff\xff\xfe"))
refused("the answer names no digest that is allowed", send(b"something bogus"))
refused("the answer names no digest that is allowed", send(b"{sha1}" + b"x" * 20))
conn = Client(PATH, "AF_UNIX")
conn.send({"a": "pickle"})
refused("the answer names no digest that is allowed", conn)
send().close()
assert ours.line() == "failed: the peer went away during the handshake"
conn = send(raw=b"\0\0\0")
conn.close()
assert ours.line() == "failed: the connection ended in the length of a frame"
good.send_bytes(b"still here")
assert good.recv_bytes() == b"still here!"
good.close()
ours.end()
'
}

@test "pyauth: a silent client keeps none waiting, and is dropped in time (K20, gh-76425)" {
	each_python '
ours = peer("listen", haste=20)
begun = time.monotonic()
silent = [Client(PATH, "AF_UNIX") for _ in range(20)]
for conn in silent:
    assert conn.recv_bytes().startswith(b"#CHALLENGE#")
good = Client(PATH, "AF_UNIX", authkey=KEY)
while ours.line() != "passed":
    pass
for conn in silent:
    raises((EOFError, OSError), conn.recv_bytes)
assert 0.4 <= time.monotonic() - begun < 10
good.send_bytes(b"a")
assert good.recv_bytes() == b"a!"
ours.end()
'
}

@test "pyauth: a key at one end only is no hang of ours (gh-123736)" {
	each_python '
ours = peer("listen", haste=20)
conn = Client(PATH, "AF_UNIX")
assert ours.line() == "failed: the handshake took too long"
conn.close()
ours.end()
with Listener(PATH, "AF_UNIX") as listener:
    ours = peer("connect", haste=20)
    with listener.accept():
        assert ours.line() == "failed: the handshake took too long"
        assert ours.end() == 1
'
}

@test "pyauth: frames arrive whole however they are sent (K5, K14)" {
	each_python '
ours = peer("listen")
with Client(PATH, "AF_UNIX", authkey=KEY) as conn:
    for byte in b"\0\0\0\3abc\0\0\0\0\0\0\0\1d":
        os.write(conn.fileno(), bytes([byte]))
    assert [conn.recv_bytes() for _ in range(3)] == [b"abc!", b"!", b"d!"]
    os.write(conn.fileno(), b"".join(b"\0\0\0\1" + bytes([n]) for n in range(100)))
    assert [conn.recv_bytes() for _ in range(100)] == [bytes([n]) + b"!" for n in range(100)]
    assert not conn.poll(0)
ours.end()
'
}
