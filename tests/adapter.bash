# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The adapter of the tests: it speaks the block protocol, and misbehaves where its options or its records say so. Tests load
# helper and object before.

# write_adapter: writes it to $WORK/adapter.py.
#
# Options, KEY=VALUE:
#   hello=TEXT    what it sends first; "hello 1 mark" and a newline by default. In TEXT, \n and \033 are what they are in Python
#   setup=CODE    Python that is run before
#   teardown=CODE Python that is run at the end of its input
#   starts=FILE   a line is added to it at each start
#   late          all records of a block are answered at its end, one message each
# The answer to a record is "<RECORD>" and a newline, or that of its values, joined by "|". A record "!CODE" is Python that
# is run first, with these functions: say(TEXT) sends a message, result(STATUS, OUT, ERR, VALUE) answers the record, part(
# STREAM, TEXT) sends a part of its output, once(FILE) is true the first time, pause() waits for a signal.
write_adapter() {
	cat >"$WORK/adapter.py" <<'END'
import mmap, os, signal, sys, time
options = dict(word.partition("=")[::2] for word in sys.argv[1:])
hello = options.get("hello", "hello 1 mark\\n").encode("latin-1").decode("unicode_escape").encode("latin-1")
pending, first, answered, settings, block = [], 0, False, [], []

def send(data):
    while data:
        data = data[os.write(4, data):]

def say(text):
    flush()
    send(text.encode("latin-1"))

def flush():
    global pending, first
    if "singles=1" in settings or "late" in options:
        for text in pending:
            send(b"ok %d 1 %d\n" % (first, len(text)) + text)
            first += 1
    elif pending:
        text = b"".join(pending)
        send(b"ok %d %d %d\n" % (first, len(pending), len(text)) + text)
        first += len(pending)
    pending = []

def result(status=0, out=b"", err=b"", value=None):
    global first, answered
    flush()
    out, err = (part.encode() if isinstance(part, str) else part for part in (out, err))
    size = "-" if value is None else len(value)
    send(("result %d %d %d %d %s\n" % (first, status, len(out), len(err), size)).encode() + out + err + (value or "").encode())
    first += 1
    answered = True

def part(stream, text):
    flush()
    text = text.encode() if isinstance(text, str) else text
    send(b"output %d %d %d\n" % (first, stream, len(text)) + text)

def once(name):
    try:
        os.close(os.open(name, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True

def pause():
    while True:
        signal.pause()

def spend(size, stream=1):
    while size > 0:
        size -= os.write(stream, b"x" * min(size, 65536))

def call(seq, record, whole):
    global answered
    answered = False
    if mark:
        mark[:] = seq.to_bytes(8, sys.byteorder)
    if whole.startswith(b"!"):
        exec(whole[1:].decode(), globals())
    if not answered:
        pending.append(b"<" + record + b">\n")
    if "each" in hello.decode("latin-1") or "single" in hello.decode("latin-1"):
        flush()

def records(kind, count, data):
    if kind == b"lines":
        delimiter = bytes([int(next(word[10:] for word in settings if word.startswith("delimiter=")))])
        assert data.endswith(delimiter)
        lines = data[:-1].split(delimiter)
        assert len(lines) == count
        return [(line, line) for line in lines]
    fields, found = data.split(b"\0"), []
    assert fields.pop() == b""
    while fields:
        size = int(fields[0])
        found.append((b"|".join(fields[2:2 + size]) if size else fields[1], fields[1]))
        del fields[:2 + size]
    assert len(found) == count
    return found

source = os.fdopen(3, "rb")
mark = mmap.mmap(5, 8) if "mark" in hello.decode("latin-1") else None
if "starts" in options:
    with open(options["starts"], "a") as file:
        file.write("%d\n" % os.getpid())
exec(options.get("setup", ""))
send(hello)
for header in source:
    kind, *numbers = header.split()
    numbers = [int(number) for number in numbers]
    data = source.read(numbers[-1])
    if kind == b"begin":
        settings = data.decode().split("\0")
        continue
    first = numbers[0]
    block = records(kind, numbers[1], data)
    for seq, (record, whole) in enumerate(block, first):
        call(seq, record, whole)
    flush()
exec(options.get("teardown", ""))
END
}

# adapt OPTION... [-- ADAPTER_OPTION...]: runs mpmap with the adapter.
adapt() {
	with_adapter mp "$@"
}

adapt_well() {
	with_adapter mp_well "$@"
}

# with_adapter RUN OPTION... [-- ADAPTER_OPTION...]
with_adapter() {
	local words=()
	[ -e "$WORK/adapter.py" ] || write_adapter
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		words+=("$1")
		shift
	done
	"${words[@]}" --coproc=block python3 "$WORK/adapter.py" "${@:2}"
}

# Prints the answers to the numbers from 1 to COUNT, but for those that follow.
answers() {
	local count=$1
	shift
	seq "$count" | grep -vxF "$(printf '%s\n' "${@:-none}")" | sed 's/.*/<&>/'
}

# number_with SEQ CODE [COUNT]: prints the numbers from 1 to COUNT (100), with code in place of one of them
number_with() {
	seq "${3:-100}" | CODE="!$2" awk -v seq="$1" '$0 == seq { print ENVIRON["CODE"]; next } { print }'
}

# failed_one SEQ ERROR [STATUS]: fails unless that record of 100 has that outcome and error, and the others are answered
failed_one() {
	expect "${3:-123}" || return 1
	are_objects out 100 || return 1
	same <(jq -r 'select(.outcome != "ok") | .seq' out) "$1" || return 1
	jq -j 'select(.outcome == "ok") | .stdout' out | cmp - <(answers 100 "$1") || return 1
	jq -r 'select(.outcome != "ok") | "\(.outcome) \(.error // .status // .signal)"' out | grep -E -- "$2" ||
		complain "$(jq -c 'select(.outcome != "ok")' out)"
}

# The ways in which adapters say what they do about a record in work.
OFFERS=('hello 1 mark\n' 'hello 1\n' 'hello 1 each\n' 'hello 1 mark each single\n')
