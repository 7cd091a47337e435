# SPDX-License-Identifier: GPL-3.0-or-later
# What tasks of mpmap have in common, for Python; mpmap_state(3).
"""What tasks of mpmap have in common, for Python: mpmap-state(1) with the classes and methods of multiprocessing.

    import mpmap_state
    with mpmap_state.Lock("report"):
        ...
    print(mpmap_state.Counter("done").add(1))

An object is its name: whoever says Queue("work") has the same queue, in whatever language. The objects are those of
multiprocessing.Manager, with these differences:

- Locks, places of semaphores and items that are not task_done() belong to the thread that took them. They are free once
  it ends, however it ends, and nobody else can release them.
- A wait that would never end is a DeadlockError that says why.
- Values are None, bool, int, float, str, bytes, and lists, tuples, sets and dicts of these, each at most 1 MiB. They
  are copied, so that changing one does not change what is shared. No pickle is written or read.

Each thread has a connection of its own to the server, $MPMAP_STATE; where that is not set, all of a process use the one
that it has inherited, $MPMAP_STATE_FD. Needs Python 3.8 and nothing else.
"""

import base64
import builtins
import ctypes
import json
import math
import mmap
import os
import queue
import re
import socket
import sys
import threading
import time
import weakref

__all__ = [
    "Array", "Barrier", "BoundedSemaphore", "Condition", "Counter", "DeadlockError", "Event", "JoinableQueue", "Lock",
    "Namespace", "NotHeldError", "OwnerEndedError", "Queue", "RLock", "Semaphore", "ServerError", "SimpleQueue",
    "StateError", "UsageError", "Value", "dict", "list",
]

# ---- errors --------------------------------------------------------------------------------------------------------


class StateError(Exception):
    """What mpmap-state answered; status is its exit status."""

    status = 2


class UnmetError(StateError):
    """No such thing, empty, not acquired, or timed out."""

    status = 1


class UsageError(StateError, ValueError):
    """A name, a type or a number is wrong, or something is over a limit."""


class NotHeldError(UsageError, RuntimeError):
    """What is released or waited with is not held by this thread."""


class DeadlockError(StateError, RuntimeError):
    """The wait would never have ended."""

    status = 3


class OwnerEndedError(StateError):
    """The task that this thread acts for has ended, or a barrier is broken."""

    status = 4


class ServerError(StateError, ConnectionError):
    """There is no server, or it has ended."""

    status = 7


_ERRORS = {kind.status: kind for kind in (UnmetError, UsageError, DeadlockError, OwnerEndedError, ServerError)}

# ---- values --------------------------------------------------------------------------------------------------------

# What JSON does not have is an object with one key that begins with this.
_MARK = "!"


def _text(data):
    return base64.b64encode(data).decode("ascii")


def _is_plain(value):
    """True if the dict can be an object of JSON that is not taken for something else."""
    if not all(type(key) is str for key in value):
        return False
    return len(value) != 1 or not next(iter(value)).startswith((_MARK, "base64"))


def _encode(value):
    """Returns what JSON has for a value."""
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"!float": repr(value)}
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return {"!str": _text(value.encode("utf-8", "surrogatepass"))}
        return value
    if isinstance(value, (bytes, bytearray)):
        return {_MARK + type(value).__name__: _text(value)}
    if isinstance(value, builtins.list):
        return [_encode(item) for item in value]
    if isinstance(value, (tuple, set, frozenset)):
        return {_MARK + type(value).__name__: [_encode(item) for item in value]}
    if isinstance(value, builtins.dict):
        if _is_plain(value):
            return {_encode(key): _encode(item) for key, item in value.items()}
        return {"!dict": [[_encode(key), _encode(item)] for key, item in value.items()]}
    raise TypeError(f"a value of type {type(value).__name__} cannot be shared: only None, bool, int, float, str, bytes, "
                    "and lists, tuples, sets and dicts of these")


_DECODERS = {
    "!float": float,
    "!str": lambda text: base64.b64decode(text).decode("utf-8", "surrogatepass"),
    "!bytes": base64.b64decode,
    "!bytearray": lambda text: bytearray(base64.b64decode(text)),
    "!tuple": tuple,
    "!set": set,
    "!frozenset": frozenset,
    "!dict": builtins.dict,
    "base64": base64.b64decode,
}


def _decode_object(value):
    if len(value) == 1:
        (key, item), = value.items()
        if key in _DECODERS:
            return _DECODERS[key](item)
    return value


def _put_key(key):
    """Returns the text by which a dictionary's key is known: itself, or a mark and its JSON."""
    if type(key) is str and not key.startswith(_MARK):
        return key
    return _MARK + _encode_text(_encode(key))


def _take_key(text):
    if isinstance(text, str) and text.startswith(_MARK):
        return _decode(text[1:])
    return text


_encode_text = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
_encode_string = json.encoder.encode_basestring_ascii
_decode = json.JSONDecoder(object_hook=_decode_object).decode


def _encode_words(words):
    """Returns a request, a line. Most words are texts, for which no encoder has to be made."""
    texts = [_encode_string(word) if type(word) is str else _encode_text(word) for word in words]
    return ("[" + ",".join(texts) + "]\n").encode()


# Names that are a word of the dialect of lines as they are.
_is_plain_name = re.compile("[!-~]+").fullmatch


def _encode_named(verb, name):
    """Returns a request about a name that is answered by no value; in lines if it can be, which take less time."""
    return f"{verb} -- {name}\n".encode() if _is_plain_name(name) else _encode_words((verb, "--", name))


_VALUE = b'{"value": '


def _result(line):
    """Returns the value in an answer, or raises its error."""
    if line == b"=\n":
        return None
    if line.startswith(_VALUE):
        text = line[len(_VALUE):-2]
        return int(text) if text.isdigit() else _decode(text.decode())
    if line.startswith(b"! "):
        _, status, reason = line[:-1].decode().split(" ", 2)
    else:
        answer = _decode(line.decode())
        status, reason = answer["status"], answer["error"]
    raise _ERRORS.get(int(status), StateError)(reason)


# ---- the connection ------------------------------------------------------------------------------------------------

# Requests that are under way at a time.
_BATCH = 64
# Bytes that are read at a time.
_CHUNK = 1 << 16


def _connect():
    path = os.environ.get("MPMAP_STATE")
    inherited = os.environ.get("MPMAP_STATE_FD")
    try:
        if path:
            connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connected.connect(path)
        elif inherited:
            connected = socket.socket(fileno=os.dup(int(inherited)))
            connected.setblocking(True)
        else:
            raise ServerError("not in a run with state: start it with mpmap --state, or mpmap-state serve")
    except (OSError, ValueError) as error:
        if isinstance(error, ServerError):
            raise
        raise ServerError(f"no state server at {path or 'descriptor ' + inherited}: {error}") from None
    return connected


class _Connection:
    """A thread's connection, with what the thread holds."""

    def __init__(self):
        self.socket = _connect()
        self.send = self.socket.sendall
        self.receive = self.socket.recv
        self.is_open = True
        self.buffer = b""
        # True if all threads of the process have it in common.
        self.is_shared = not os.environ.get("MPMAP_STATE")
        # How often this thread holds a lock, by its name; and for which record of a function (adapter.py), with which
        # all that it holds ends.
        self._held = {}
        self.record = None

    @property
    def held(self):
        record = getattr(sys, "mpmap_record", int)()
        if record != self.record:
            self._held.clear()
            self.record = record
        return self._held

    def close(self):
        self.is_open = False
        self._held.clear()
        self.socket.close()

    def read_line(self):
        """Returns the next line of the server, with its newline."""
        data = self.buffer or self.receive(_CHUNK)
        end = data.find(b"\n") + 1
        # One answer, and no more: most are like this.
        if 0 < end == len(data):
            self.buffer = b""
            return data
        parts = []
        while not end:
            if not data:
                raise EOFError("no answer")
            parts.append(data)
            data = self.receive(_CHUNK)
            end = data.find(b"\n") + 1
        self.buffer = data[end:]
        return b"".join((*parts, data[:end]))

    def fail(self, error):
        """Raises an error that ends the connection: an answer that nobody takes would be taken for the next one."""
        self.close()
        if isinstance(error, (OSError, EOFError)):
            raise ServerError(f"the state server has ended: {error}") from None
        raise error

    def ask(self, line):
        """Sends a request, a line, and returns its answer, likewise."""
        try:
            self.send(line)
            return self.read_line()
        except BaseException as error:
            return self.fail(error)

    def exchange(self, lines):
        """The same for several requests, with few round trips."""
        answers = []
        try:
            for start in range(0, len(lines), _BATCH):
                batch = lines[start:start + _BATCH]
                self.send(b"".join(batch))
                for _ in batch:
                    answers.append(self.read_line())
        except BaseException as error:
            self.fail(error)
        return answers


_threads = threading.local()
_connections = weakref.WeakSet()
_shared = None
_shared_lock = threading.RLock()


def _forget_all():
    """In a forked child: what it has inherited is its parent's."""
    global _threads, _shared, _shared_lock
    for connection in builtins.list(_connections):
        connection.close()
    _connections.clear()
    _threads = threading.local()
    _shared = None
    _shared_lock = threading.RLock()


os.register_at_fork(after_in_child=_forget_all)


def _connection():
    global _shared
    connection = getattr(_threads, "connection", None)
    if connection is not None and connection.is_open:
        return connection
    with _shared_lock:
        if _shared is None or not _shared.is_open:
            connection = _Connection()
            _connections.add(connection)
            _shared = connection if connection.is_shared else None
        else:
            connection = _shared
    _threads.connection = connection
    return connection


def _exchange(requests):
    """Returns the answers to several requests, or raises the first error among them once all are there."""
    lines = [_encode_words(words) for words in requests]
    connection = _connection()
    if connection.is_shared:
        # One thread uses it at a time.
        with _shared_lock:
            answers = connection.exchange(lines)
    else:
        answers = connection.exchange(lines)
    return [_result(line) for line in answers]


def _ask_line(line):
    """Returns the answer to a request that is a line, or raises its error."""
    connection = _connection()
    if connection.is_shared:
        with _shared_lock:
            return _result(connection.ask(line))
    return _result(connection.ask(line))


def _ask(verb, *operands, options=()):
    return _ask_line(_encode_words((verb, *options, "--", *operands)))


def _wait_option(block, timeout):
    """Returns the words for how long to wait: as multiprocessing has it, a negative time is none."""
    if block and timeout is None:
        return ()
    return ("--timeout", f"{max(timeout, 0) if block else 0:.6f}")


def _named(name):
    if not isinstance(name, str):
        raise TypeError(f"an object of mpmap_state has a name, a str, not {type(name).__name__}")
    return name


class _Object:
    """An object of the server: its name."""

    def __init__(self, name):
        self.name = _named(name)

    def __repr__(self):
        return f"<mpmap_state.{type(self).__name__} {self.name!r}>"

    def _describe(self):
        """Returns what the server says of it, without the word for what it is; "" if there is nothing."""
        return str(_ask("list").get(self.name, "")).partition(" ")[2]


# ---- locks ---------------------------------------------------------------------------------------------------------


def _acquire(words, line, block, timeout):
    """Takes a lock or a place by a request: its verb, options and name, and as a line. False if not in time."""
    wait = _wait_option(block, timeout)
    try:
        if wait:
            verb, *options, name = words
            _ask(verb, name, options=(*options, *wait))
        else:
            _ask_line(line)
    except UnmetError:
        return False
    except DeadlockError:
        # Nobody can release it, but the wait ends.
        if not wait:
            raise
        time.sleep(float(wait[1]))
        return False
    return True


class _Acquirer(_Object):
    def __enter__(self):
        self.acquire()
        return self

    def __exit__(self, *_):
        self.release()


class RLock(_Acquirer):
    """A lock that its thread may take several times."""

    def __init__(self, name):
        super().__init__(name)
        self._lock_line = _encode_named("lock", name)
        self._unlock_line = _encode_named("unlock", name)

    def acquire(self, block=True, timeout=None, *, blocking=None):
        if not _acquire(("lock", self.name), self._lock_line, block if blocking is None else blocking, timeout):
            return False
        held = _connection().held
        held[self.name] = held.get(self.name, 0) + 1
        return True

    def release(self):
        try:
            _ask_line(self._unlock_line)
        except UsageError as error:
            raise NotHeldError(str(error)) from None
        held = _connection().held
        held[self.name] = held.get(self.name, 1) - 1

    def locked(self):
        """True if a thread has it."""
        return self._describe().startswith("held")


class Lock(RLock):
    """A lock that its thread may take once."""

    def acquire(self, block=True, timeout=None, *, blocking=None):
        block = block if blocking is None else blocking
        if not _connection().held.get(self.name):
            return super().acquire(block, timeout)
        if block and timeout is None:
            raise DeadlockError(f"deadlock: this thread waits for \"{self.name}\", which it has locked itself")
        time.sleep(max(timeout, 0) if block else 0)
        return False


class BoundedSemaphore(_Acquirer):
    """A semaphore; what a thread has not acquired it cannot release."""

    def __init__(self, name, value=1):
        super().__init__(name)
        if not isinstance(value, int) or value < 1:
            raise ValueError("semaphore initial value must be >= 1")
        self.size = value
        self._words = ("acquire", "--of", value, name)
        self._line = _encode_words(("acquire", "--of", value, "--", name))

    def acquire(self, block=True, timeout=None, *, blocking=None):
        return _acquire(self._words, self._line, block if blocking is None else blocking, timeout)

    def release(self, n=1):
        try:
            _exchange([["release", "--", self.name]] * n)
        except (UsageError, UnmetError) as error:
            raise NotHeldError(f"semaphore released too many times: {error}") from None

    def get_value(self):
        held = self._describe().split(" ")[0]
        return self.size - int(held or 0)

    def locked(self):
        return self.get_value() == 0


class Semaphore(BoundedSemaphore):
    """The same: places belong to their threads, so that they are free when these end."""


class Condition(_Acquirer):
    """A condition; lock is the name of a lock, or a Lock or RLock."""

    def __init__(self, lock):
        self._lock = lock if isinstance(lock, RLock) else RLock(lock)
        super().__init__(self._lock.name)
        self.acquire = self._lock.acquire
        self.release = self._lock.release

    def wait(self, timeout=None):
        try:
            _ask("await", self.name, options=_wait_option(True, timeout))
        except UnmetError:
            return False
        except UsageError as error:
            raise NotHeldError(str(error)) from None
        return True

    def wait_for(self, predicate, timeout=None):
        end = None if timeout is None else time.monotonic() + timeout
        result = predicate()
        while not result:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                break
            self.wait(left)
            result = predicate()
        return result

    def notify(self, n=1):
        try:
            return _ask("notify", self.name, n)
        except UsageError as error:
            raise NotHeldError(str(error)) from None

    def notify_all(self):
        return self.notify("all")


class Event(_Object):
    def _do(self, action, options=()):
        try:
            _ask("event", action, self.name, options=options)
        except UnmetError:
            return False
        return True

    def is_set(self):
        return self.wait(0)

    def set(self):
        self._do("set")

    def clear(self):
        self._do("clear")

    def wait(self, timeout=None):
        return self._do("wait", _wait_option(True, timeout))


class Barrier(_Object):
    """A barrier; action is run by one of the threads, before the others go on."""

    def __init__(self, name, parties, action=None, timeout=None):
        super().__init__(name)
        if not isinstance(parties, int) or parties < 1:
            raise ValueError("parties must be >= 1")
        self.parties = parties
        self._action = action
        self._timeout = timeout

    def _meet(self, name, timeout):
        try:
            return _ask("barrier", name, self.parties, options=_wait_option(True, timeout))
        except (UnmetError, OwnerEndedError) as error:
            raise threading.BrokenBarrierError(str(error)) from None

    def wait(self, timeout=None):
        index = self._meet(self.name, self._timeout if timeout is None else timeout)
        if self._action is None:
            return index
        if index == 0:
            try:
                self._action()
            except BaseException:
                _ask("barrier", self.name + "/action", "abort")
                self.abort()
                raise
        self._meet(self.name + "/action", None)
        return index

    def abort(self):
        """Breaks it for all that wait, and all that come until reset()."""
        _ask("barrier", self.name, "abort")

    def reset(self):
        """Makes it whole; it is broken for those that wait."""
        _ask("barrier", self.name, "reset")
        if self._action is not None:
            _ask("barrier", self.name + "/action", "reset")

    @property
    def n_waiting(self):
        return int(self._describe().split(" ")[0] or 0)

    @property
    def broken(self):
        return self._describe().endswith("broken")


# ---- queues --------------------------------------------------------------------------------------------------------


class SimpleQueue(_Object):
    _pop_options = ()

    def __init__(self, name):
        super().__init__(name)
        self._maxsize = 0
        self._closed = False

    def _put(self, item, block, timeout):
        if self._closed:
            raise ValueError(f"queue {self.name!r} is closed")
        options = ("--max", self._maxsize) if self._maxsize else ()
        try:
            _ask("push", self.name, _encode(item), options=(*options, *_wait_option(block, timeout)))
        except UnmetError:
            raise queue.Full from None

    def _get(self, block, timeout):
        if self._closed:
            raise ValueError(f"queue {self.name!r} is closed")
        try:
            return _ask("pop", self.name, options=(*self._pop_options, *_wait_option(block, timeout)))
        except UnmetError:
            raise queue.Empty from None

    def put(self, item):
        self._put(item, True, None)

    def get(self):
        return self._get(True, None)

    def empty(self):
        if self._closed:
            raise OSError("handle is closed")
        return _ask("len", self.name) == 0

    def close(self):
        """Ends the use of the queue by this object; the queue remains."""
        self._closed = True


class Queue(SimpleQueue):
    def __init__(self, name, maxsize=0):
        super().__init__(name)
        self._maxsize = max(maxsize, 0)

    def put(self, item, block=True, timeout=None):
        self._put(item, block, timeout)

    def get(self, block=True, timeout=None):
        return self._get(block, timeout)

    def put_nowait(self, item):
        self._put(item, False, None)

    def get_nowait(self):
        return self._get(False, None)

    def qsize(self):
        return _ask("len", self.name)

    def full(self):
        return 0 < self._maxsize <= self.qsize()

    def join_thread(self):
        """Does nothing: what was put is with the server."""
        if not self._closed:
            raise ValueError(f"queue {self.name!r} is not closed")

    def cancel_join_thread(self):
        """Does nothing, likewise."""


class JoinableQueue(Queue):
    """A queue whose items go back if the thread that got them ends without task_done()."""

    _pop_options = ("--ack",)

    def task_done(self):
        try:
            _ask("done", self.name)
        except (UsageError, UnmetError) as error:
            raise NotHeldError(f"task_done() called too many times: {error}") from None

    def join(self, timeout=None):
        """Waits until all items are done. False if that takes longer than timeout."""
        try:
            _ask("join", self.name, options=_wait_option(True, timeout))
        except UnmetError:
            return False
        return True


# ---- values --------------------------------------------------------------------------------------------------------

_TYPES = {
    "c": ctypes.c_char, "u": ctypes.c_wchar, "b": ctypes.c_byte, "B": ctypes.c_ubyte, "h": ctypes.c_short,
    "H": ctypes.c_ushort, "i": ctypes.c_int, "I": ctypes.c_uint, "l": ctypes.c_long, "L": ctypes.c_ulong,
    "q": ctypes.c_longlong, "Q": ctypes.c_ulonglong, "f": ctypes.c_float, "d": ctypes.c_double,
}


def _map_shared(name):
    """Maps the memory of mpmap --shared NAME. Returns it as an array of ctypes, and its type's code."""
    path = os.environ.get("MPMAP_SHARED_" + _named(name))
    if path is None:
        raise UsageError(f"nothing is shared as {name}: start the run with mpmap --shared {name}=SIZE or {name}=TYPE*N")
    with open(path, "r+b") as file:
        memory = mmap.mmap(file.fileno(), 0)
    code = os.environ.get("MPMAP_TYPE_" + name, "B")[0]
    kind = _TYPES[code]
    return (kind * (len(memory) // ctypes.sizeof(kind))).from_buffer(memory), code


class _Locked(_Object):
    """An object with a lock, which its methods do not take: "with" does, and get_lock()."""

    def __init__(self, name):
        super().__init__(name)
        self._lock = RLock(self.name + "/lock")

    def get_lock(self):
        return self._lock

    def acquire(self, *args, **named):
        return self._lock.acquire(*args, **named)

    def release(self):
        self._lock.release()

    def __enter__(self):
        return self._lock.__enter__()

    def __exit__(self, *args):
        return self._lock.__exit__(*args)


class Array(_Locked):
    """The memory of mpmap --shared NAME=TYPE*N, as multiprocessing's Array; get_lock() needs --state, too."""

    def __init__(self, name):
        super().__init__(name)
        self._array, self._code = _map_shared(name)

    def get_obj(self):
        return self._array

    def __len__(self):
        return len(self._array)

    def __getitem__(self, index):
        return self._array[index]

    def __setitem__(self, index, value):
        if isinstance(index, slice):
            for place, item in zip(range(*index.indices(len(self))), value, **_STRICT):
                self._array[place] = item
        else:
            self._array[index] = value

    def __iter__(self):
        return iter(self._array)

    @property
    def value(self):
        """The bytes up to the first NUL, of an array of c; the text of one of u."""
        return self._array.value

    @value.setter
    def value(self, value):
        self._array.value = value

    @property
    def raw(self):
        return self._array.raw

    @raw.setter
    def raw(self, value):
        self._array.raw = value


# zip is strict from Python 3.10 on.
_STRICT = {"strict": True} if "strict" in (zip.__doc__ or "") else {}


class Value(_Locked):
    """A value; with an initial one if there is none yet. None if there is none.

    If the run has memory of that name (mpmap --shared NAME=TYPE), it is that, as multiprocessing's Value.
    """

    def __new__(cls, name, value=None):
        if cls is Value and "MPMAP_SHARED_" + _named(name) in os.environ:
            return super().__new__(_SharedValue)
        return super().__new__(cls)

    def __init__(self, name, value=None):
        super().__init__(name)
        if value is not None:
            try:
                _ask("cas", self.name, "", _encode(value))
            except UnmetError:
                pass

    def get(self):
        try:
            return _ask("get", self.name)
        except UnmetError:
            return None

    def set(self, value):
        _ask("set", self.name, _encode(value))

    value = property(get, set)

    def add(self, number=1):
        """Adds to a number, in one step. Returns the sum."""
        return _ask("add", self.name, number)

    def compare_and_set(self, old, new):
        """Sets it to new if it is old, in one step. False if it is not."""
        try:
            _ask("cas", self.name, _encode(old), _encode(new))
        except UnmetError:
            return False
        return True

    def wait_for(self, operator, value, timeout=None):
        """Waits until it is "=", "!=", "<", "<=", ">" or ">=" value. Returns it, or None if that takes too long."""
        try:
            return _ask("wait", self.name, operator, _encode(value), options=_wait_option(True, timeout))
        except UnmetError:
            return None


class _SharedValue(Value):
    def __init__(self, name, value=None):
        _Locked.__init__(self, name)
        self._array, self._code = _map_shared(name)
        if value is not None and not any(bytes(self._array)):
            self._array[0] = value

    def get_obj(self):
        return self._array

    def get(self):
        return self._array[0]

    def set(self, value):
        self._array[0] = value

    value = property(get, set)

    def add(self, number=1):
        with self:
            self._array[0] += number
            return self._array[0]


class Counter(Value):
    """A number that is 0 at first, and is changed in one step."""

    def get(self):
        value = super().get()
        return 0 if value is None else value

    value = property(get, Value.set)

    def increment(self, number=1):
        return self.add(number)

    def decrement(self, number=1):
        return self.add(-number)

    def __iadd__(self, number):
        self.add(number)
        return self

    def __isub__(self, number):
        self.add(-number)
        return self

    def __int__(self):
        return int(self.value)

    __index__ = __int__


# ---- collections ---------------------------------------------------------------------------------------------------

_MISSING = object()


class _Collection(_Object):
    """Dictionaries and lists: each method is one step for all others in Python."""

    def _guarded(self, *requests):
        """Sends requests while the collection is locked, without waiting for the lock first."""
        lock = self.name + "/lock"
        return _exchange([["lock", "--", lock], *requests, ["unlock", "--", lock]])[1:-1]

    def _guard(self):
        return RLock(self.name + "/lock")

    def __eq__(self, other):
        return self.copy() == (other.copy() if isinstance(other, _Collection) else other)

    __hash__ = None

    def __len__(self):
        return _ask("len", self.name)

    def _remove(self):
        try:
            _ask("del", self.name)
        except UnmetError:
            pass

    def clear(self):
        with self._guard():
            self._remove()


class Dict(_Collection):
    """A dictionary; its keys are values that can be hashed."""

    def __init__(self, name, *args, **named):
        super().__init__(name)
        if args or named:
            self.update(*args, **named)

    def _get(self, key):
        try:
            return _ask("get", self.name, _put_key(key))
        except UnmetError:
            return _MISSING

    def __getitem__(self, key):
        value = self._get(key)
        if value is _MISSING:
            raise KeyError(key)
        return value

    def get(self, key, default=None):
        value = self._get(key)
        return default if value is _MISSING else value

    def __setitem__(self, key, value):
        self._guarded(["put", "--", self.name, _put_key(key), _encode(value)])

    def __delitem__(self, key):
        with self._guard():
            try:
                _ask("del", self.name, _put_key(key))
            except UnmetError:
                raise KeyError(key) from None

    def __contains__(self, key):
        return self._get(key) is not _MISSING

    def copy(self):
        try:
            pairs = _ask("items", self.name)
        except UnmetError:
            return {}
        return {_take_key(key): value for key, value in pairs.items()}

    def keys(self):
        return [*self.copy()]

    def values(self):
        return [*self.copy().values()]

    def items(self):
        return [*self.copy().items()]

    def __iter__(self):
        return iter(self.keys())

    def pop(self, key, default=_MISSING):
        with self._guard():
            value = self._get(key)
            if value is not _MISSING:
                _ask("del", self.name, _put_key(key))
            elif default is _MISSING:
                raise KeyError(key)
            return default if value is _MISSING else value

    def popitem(self):
        with self._guard():
            pairs = self.items()
            if not pairs:
                raise KeyError("popitem(): dictionary is empty")
            _ask("del", self.name, _put_key(pairs[-1][0]))
            return pairs[-1]

    def setdefault(self, key, default=None):
        with self._guard():
            value = self._get(key)
            if value is _MISSING:
                _ask("put", self.name, _put_key(key), _encode(default))
                value = default
            return value

    def update(self, *args, **named):
        pairs = builtins.dict(*args, **named)
        self._guarded(*(["put", "--", self.name, _put_key(key), _encode(value)] for key, value in pairs.items()))


class List(_Collection):
    """A list. Methods that do more than read or append take all of it, and write it anew."""

    def __init__(self, name, values=()):
        super().__init__(name)
        values = [*values]
        if values:
            self.extend(values)

    def append(self, value):
        self._guarded(["append", "--", self.name, _encode(value)])

    def extend(self, values):
        self._guarded(*(["append", "--", self.name, _encode(value)] for value in values))

    def __iadd__(self, values):
        self.extend(values)
        return self

    def _read(self):
        return _exchange([["at", "--", self.name, place] for place in range(len(self))])

    def copy(self):
        with self._guard():
            return self._read()

    def _write(self, values):
        """Replaces all values; the list is locked."""
        requests = [["append", "--", self.name, _encode(value)] for value in values]
        self._remove()
        _exchange(requests)

    def _change(self, change):
        """Has a function change a copy, which is then written."""
        with self._guard():
            before = self._read()
            values = before[:]
            result = change(values)
            if values[:len(before)] == before:
                _exchange([["append", "--", self.name, _encode(value)] for value in values[len(before):]])
            else:
                self._write(values)
            return result

    def __getitem__(self, index):
        if isinstance(index, slice):
            return self.copy()[index]
        try:
            return self._guarded(["at", "--", self.name, index.__index__()])[0]
        except UnmetError:
            raise IndexError("list index out of range") from None

    def __setitem__(self, index, value):
        self._change(lambda values: values.__setitem__(index, value))

    def __delitem__(self, index):
        self._change(lambda values: values.__delitem__(index))

    def insert(self, index, value):
        self._change(lambda values: values.insert(index, value))

    def pop(self, index=-1):
        return self._change(lambda values: values.pop(index))

    def remove(self, value):
        self._change(lambda values: values.remove(value))

    def reverse(self):
        self._change(lambda values: values.reverse())

    def sort(self, *, key=None, reverse=False):
        self._change(lambda values: values.sort(key=key, reverse=reverse))

    def index(self, *args):
        return self.copy().index(*args)

    def count(self, value):
        return self.copy().count(value)

    def __contains__(self, value):
        return value in self.copy()

    def __iter__(self):
        return iter(self.copy())

    def __reversed__(self):
        return reversed(self.copy())

    def __add__(self, other):
        return self.copy() + [*other]

    def __mul__(self, times):
        return self.copy() * times


class Namespace:
    """Attributes, which are the keys of the dictionary of that name. Those that begin with _ are the object's own."""

    def __init__(self, name, **values):
        object.__setattr__(self, "_dict", Dict(name, **values))

    def __getattr__(self, key):
        if key.startswith("_"):
            raise AttributeError(key)
        value = self._dict._get(key)
        if value is _MISSING:
            raise AttributeError(key)
        return value

    def __setattr__(self, key, value):
        if key.startswith("_"):
            object.__setattr__(self, key, value)
        else:
            self._dict[key] = value

    def __delattr__(self, key):
        if key.startswith("_"):
            object.__delattr__(self, key)
            return
        try:
            del self._dict[key]
        except KeyError:
            raise AttributeError(key) from None

    def __repr__(self):
        values = ", ".join(f"{key}={value!r}" for key, value in sorted(self._dict.items()))
        return f"Namespace({values})"


# From here on these are the module's; within it, builtins.list and builtins.dict are meant.
dict = Dict
list = List
