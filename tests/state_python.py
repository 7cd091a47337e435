# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of python/mpmap_state.py, run by tests/state_python.bats: named after the entries of CPython's suite that they
stand for. Each argument is a test; the state server is $MPMAP_STATE."""

import json
import os
import queue
import random
import signal
import subprocess
import sys
import threading
import time

import mpmap_state as state

sys.dont_write_bytecode = True
TESTS = {}


def test(function):
    TESTS[function.__name__] = function
    return function


def raises(kinds, call, *args, **named):
    try:
        call(*args, **named)
    except kinds as error:
        return str(error)
    raise AssertionError(f"{call} did not raise")


def equal(actual, expected):
    assert actual == expected, f"{actual!r}, not {expected!r}"


def start(function, *args):
    """Runs a function in a thread, whose result join() of this module returns."""
    thread = threading.Thread(target=lambda: results.__setitem__(thread, function(*args)), daemon=True)
    results = thread.results = {}
    thread.start()
    return thread


def join(thread):
    thread.join(20)
    assert not thread.is_alive(), "a thread hangs"
    return thread.results[thread]


def fork(function):
    """Runs a function in a forked child. Returns its pid."""
    pid = os.fork()
    if pid == 0:
        try:
            function()
        except BaseException as error:
            print(f"in a child: {error!r}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return pid


def ended_well(pid):
    equal(os.waitpid(pid, 0)[1], 0)


def until(condition):
    """Waits until the server has what a thread or a child is about to do."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it does not happen"


def waiting():
    return state._ask("stat")["waiting"]


def takes(seconds, call, *args):
    """Checks that a call takes that long, and not much longer; returns its result."""
    begun = time.monotonic()
    result = call(*args)
    assert seconds - 0.05 <= time.monotonic() - begun < seconds + 5, time.monotonic() - begun
    return result


# ---- queues --------------------------------------------------------------------------------------------------------


@test
def Q1():
    q = state.Queue("q", maxsize=6)
    assert q.empty() and not q.full()
    q.put(1)
    q.put(2, True)
    q.put(3, True, None)
    q.put(4, False)
    q.put(5, False, None)
    q.put_nowait(6)
    assert q.full() and not q.empty()
    equal(q.qsize(), 6)
    for args in ((7, False), (7, False, None), (7, False, 10.0)):
        takes(0, raises, queue.Full, q.put, *args)
    takes(0, raises, queue.Full, q.put_nowait, 7)
    takes(0.2, raises, queue.Full, q.put, 7, True, 0.2)
    takes(0, raises, queue.Full, q.put, 7, True, -1)


@test
def Q2():
    q = state.Queue("q")
    for item in (1, 2, 3, 4, 5, 6):
        q.put(item)
    equal([q.get(True, None), q.get(True), q.get(timeout=1), q.get(True, 1), q.get(False), q.get_nowait()],
          [1, 2, 3, 4, 5, 6])
    assert q.empty()
    takes(0, raises, queue.Empty, q.get, False)
    takes(0, raises, queue.Empty, q.get, False, 10.0)
    takes(0, raises, queue.Empty, q.get_nowait)
    takes(0.2, raises, queue.Empty, q.get, True, 0.2)
    takes(0, raises, queue.Empty, q.get, True, 0)


@test
def Q3():
    q = state.Queue("q")
    for i in range(10):
        q.put(i)

    def more():
        for i in range(10, 20):
            q.put(i)
    ended_well(fork(more))
    equal([q.get() for _ in range(20)], [*range(20)])
    raises(queue.Empty, q.get, False)


@test
def Q4():
    q = state.Queue("q")
    sizes = [q.qsize()]
    for call in (lambda: q.put(1), lambda: q.put(5), q.get, q.get):
        call()
        sizes.append(q.qsize())
    equal(sizes, [0, 1, 2, 1, 0])


@test
def Q5():
    q = state.JoinableQueue("q")

    def work():
        while q.get() is not None:
            q.task_done()
        q.task_done()
    workers = [start(work) for _ in range(4)]
    for i in range(10):
        q.put(i)
    assert q.join() is True
    for _ in workers:
        q.put(None)
    for worker in workers:
        join(worker)
    q.join()
    raises(ValueError, q.task_done)
    q.put(1)
    equal(takes(0.1, q.join, 0.1), False)


@test
def Q6():
    q = state.Queue("q", maxsize=1)
    raises(TypeError, q.put, object())
    q.put("good")
    equal(q.get(timeout=5), "good")
    assert q.empty()


@test
def Q7():
    q = state.Queue("q")
    raises(ValueError, q.join_thread)
    q.put(1)
    q.close()
    q.join_thread()
    q.cancel_join_thread()
    assert "is closed" in raises(ValueError, q.put, 1)
    assert "is closed" in raises(ValueError, q.get)
    assert "is closed" in raises(OSError, q.empty)
    equal(state.Queue("q").get(), 1)


@test
def Q9():
    q = state.SimpleQueue("q")
    assert q.empty()
    ended_well(fork(lambda: q.put("from a child")))
    assert not q.empty()
    equal(q.get(), "from a child")
    q.close()
    q.close()
    raises(OSError, q.empty)


@test
def Q10():
    q = state.JoinableQueue("q")
    for _ in range(30):
        reader = fork(q.get)
        until(lambda: waiting() == 1)
        os.kill(reader, signal.SIGKILL)
        os.waitpid(reader, 0)
    until(lambda: waiting() == 0)
    q.put("whole")
    equal(q.get(timeout=5), "whole")
    q.task_done()


@test
def Q11():
    q = state.JoinableQueue("q")
    q.put("item")

    def die():
        q.get()
        os.kill(os.getpid(), signal.SIGKILL)
    pid = fork(die)
    os.waitpid(pid, 0)
    equal(q.get(timeout=5), "item")
    joiner = start(q.join)
    until(lambda: waiting() == 1)
    q.task_done()
    equal(join(joiner), True)


@test
def Q12():
    q = state.Queue("q", maxsize=100)
    count, sides = 500, 4

    def produce(number):
        for i in range(count):
            q.put((number, i))

    def consume():
        got = []
        while True:
            item = q.get()
            if item is None:
                return got
            got.append(item)
    consumers = [start(consume) for _ in range(sides)]
    for producer in [start(produce, number) for number in range(sides)]:
        join(producer)
    for _ in consumers:
        q.put(None)
    got = [join(consumer) for consumer in consumers]
    equal(sorted(sum(got, [])), [(number, i) for number in range(sides) for i in range(count)])
    for items in got:
        for number in range(sides):
            mine = [i for n, i in items if n == number]
            equal(mine, sorted(mine))


# ---- values on the connection --------------------------------------------------------------------------------------

VALUES = [
    None, True, False, 0, -1, 1 << 70, 0.5, -0.0, 1e300, float("inf"), "", "text", "a\0b\n\x7f", "\u00e4\u20ac\U0001f600",
    "\ud800", b"", b"bytes", b"\xff\0\n", bytearray(b"x"), [], [1, [2, [3]]], (), (1, ("a", None)), {}, {"a": 1, "b": [2]},
    {1: "one", (2, 3): b"\xfe"}, {"!": 1}, {"!bytes": "x"}, {"base64": "YQ=="}, {"base64": 1}, set(), {1, 2},
    frozenset({"a"}), "--", "--timeout", "5", "1e3", "[1]", "true", " blank ", [float("-inf"), b"\0", {"!tuple": [1]}],
]


@test
def K1():
    q, value, d, values = state.Queue("q"), state.Value("v"), state.dict("d"), state.list("l")
    for item in VALUES:
        q.put(item)
        value.set(item)
        d["key"] = item
        values.append(item)
        for got in (q.get(), value.get(), d["key"], values[-1]):
            assert got == item and type(got) is type(item), (item, got)
    equal(values.copy(), VALUES)
    raises(TypeError, q.put, object())
    raises(TypeError, q.put, [1, {"a": 1j}])
    big = "x" * ((1 << 20) - 2)
    q.put(big)
    equal(q.get(), big)
    assert "too long" in raises(ValueError, q.put, "x" * ((1 << 20) + 1))
    assert q.empty()


@test
def K9():
    hits = []
    signal.signal(signal.SIGUSR1, lambda *_: hits.append(1))
    q = state.Queue("q")
    sender = fork(lambda: [os.kill(os.getppid(), signal.SIGUSR1) or time.sleep(0.001) for _ in range(100)])
    item = "x" * 1000000
    for _ in range(30):
        q.put(item)
        assert q.get() == item
    ended_well(sender)
    assert hits


@test
def K13():
    for name, value in (("MPMAP_STATE_FD", "-1"), ("MPMAP_STATE_FD", "44977608"), ("MPMAP_STATE_FD", "x"),
                        ("MPMAP_STATE", "/nowhere/s"), ("MPMAP_STATE", "x" * 200)):
        code = "import mpmap_state as s\ntry: s.Value('v').get()\nexcept s.ServerError as e: print(e.status, e)"
        environment = {key: text for key, text in os.environ.items() if not key.startswith("MPMAP_STATE")}
        out = subprocess.run([sys.executable, "-c", code], env={**environment, name: value}, stdout=subprocess.PIPE)
        assert out.returncode == 0 and out.stdout.startswith(b"7 "), out


@test
def K21():
    state.Value("v").set("k")
    listing = open(f"/proc/{os.getpid()}/cmdline", "rb").read() + open("/proc/self/environ", "rb").read()
    assert b"authkey" not in listing


# ---- synchronize ---------------------------------------------------------------------------------------------------


@test
def Y1():
    lock = state.Lock("l")
    equal(lock.acquire(), True)
    equal(lock.acquire(False), False)
    equal(takes(0.1, lock.acquire, True, 0.1), False)
    assert "deadlock" in raises(state.DeadlockError, lock.acquire)
    assert lock.locked()
    equal(join(start(lock.acquire, False)), False)
    equal(join(start(state.Lock("l").locked)), True)
    ended_well(fork(lambda: equal((lock.locked(), lock.acquire(False)), (True, False))))
    lock.release()
    assert not lock.locked()
    assert "not held" in raises((ValueError, RuntimeError), lock.release)
    with lock:
        assert lock.locked()
    assert not lock.locked()


@test
def Y2():
    lock = state.RLock("l")
    for _ in range(3):
        equal(lock.acquire(), True)
    equal(join(start(lock.acquire, False)), False)
    assert "held by" in join(start(raises, RuntimeError, lock.release))
    for _ in range(3):
        equal(join(start(lock.acquire, False)), False)
        lock.release()
    raises(RuntimeError, lock.release)

    def take():
        equal(lock.acquire(False), True)
        lock.release()
    join(start(take))


@test
def Y3():
    semaphore = state.BoundedSemaphore("s", 2)
    values = [semaphore.get_value()]
    for call in (semaphore.acquire, semaphore.acquire, lambda: semaphore.acquire(False), semaphore.release,
                 semaphore.release):
        call()
        values.append(semaphore.get_value())
    equal(values, [2, 1, 0, 0, 1, 2])
    assert "too many" in raises(ValueError, semaphore.release)
    equal(semaphore.get_value(), 2)
    with semaphore, state.Semaphore("s", 2):
        assert semaphore.locked()
        equal(takes(0, semaphore.acquire, False, None), False)
        equal(takes(0, semaphore.acquire, False, 10), False)
        equal(takes(0, semaphore.acquire, True, -1), False)
        equal(takes(0.2, semaphore.acquire, True, 0.2), False)
    raises(ValueError, state.Semaphore, "s", 0)
    assert "of 2" in raises(ValueError, state.Semaphore("s", 3).acquire)


@test
def Y4():
    condition = state.Condition("c")
    awake = state.Counter("awake")

    def sleep(timeout=None):
        with condition:
            result = condition.wait(timeout)
            awake.add()
            return result
    sleepers = [start(sleep) for _ in range(9)]
    until(lambda: waiting() == 9)
    for notify, sum_of in ((lambda: condition.notify(), 1), (lambda: condition.notify(2), 3),
                           (lambda: condition.notify_all(), 9)):
        with condition:
            notify()
        equal(awake.wait_for(">=", sum_of, 10), sum_of)
        equal(waiting(), 9 - sum_of)
    equal([join(sleeper) for sleeper in sleepers], [True] * 9)
    with condition:
        condition.notify_all()
        equal(takes(0.1, condition.wait, 0.1), False)
        assert condition._lock.locked()
        equal(condition.wait_for(lambda: True, 0.1), True)
        equal(takes(0.1, condition.wait_for, lambda: False, 0.1), False)
    equal(waiting(), 0)
    raises(RuntimeError, condition.wait)
    raises(RuntimeError, condition.notify)
    number = state.Value("n", 0)

    def wait_for_four():
        with condition:
            return condition.wait_for(lambda: number.value == 4, 10)
    waiter = start(wait_for_four)
    for _ in range(4):
        with condition:
            number.add()
            condition.notify()
    equal(join(waiter), True)


@test
def Y5():
    event = state.Event("e")
    assert not event.is_set()
    equal(takes(0, event.wait, 0.0), False)
    equal(takes(0.1, event.wait, 0.1), False)
    event.set()
    assert event.is_set()
    equal(takes(0, event.wait), True)
    equal(takes(0, event.wait, 1), True)
    event.clear()
    assert not event.is_set()
    waiters = [start(event.wait) for _ in range(3)]
    until(lambda: waiting() == 3)
    state.Event("e").set()
    equal([join(waiter) for waiter in waiters], [True] * 3)


@test
def Y6():
    barrier = state.Barrier("b", 5)
    rounds = 10
    places = state.list("places")

    def step(own=barrier):
        for turn in range(rounds):
            index = own.wait()
            places.append((turn, index))
            own.wait()
    for thread in [start(step) for _ in range(5)]:
        join(thread)
    equal(sorted(places), [(turn, index) for turn in range(rounds) for index in range(5)])
    equal([turn for turn, _ in places], sorted(turn for turn, _ in places))
    assert not barrier.broken
    equal(barrier.n_waiting, 0)
    equal(state.Barrier("alone", 1).wait(), 0)
    for _ in range(1000):
        state.Barrier("alone", 1).wait()


@test
def Y6_action():
    done = []
    barrier = state.Barrier("b", 3, action=lambda: done.append(threading.get_ident()))

    def step():
        indexes = []
        for turn in range(1, 4):
            indexes.append(barrier.wait())
            equal(len(done), turn)
            state.Barrier("after", 3).wait()
        return indexes
    indexes = [join(thread) for thread in [start(step) for _ in range(3)]]
    for turn in range(3):
        equal(sorted(index[turn] for index in indexes), [0, 1, 2])

    def fails():
        raise KeyError("in the action")
    bad = state.Barrier("bad", 2, action=fails)

    def meet():
        try:
            bad.wait()
        except (threading.BrokenBarrierError, KeyError) as error:
            return type(error).__name__
    equal(sorted([join(thread) for thread in [start(meet), start(meet)]]), ["BrokenBarrierError", "KeyError"])
    assert bad.broken


@test
def Y6_broken():
    barrier = state.Barrier("b", 3)

    def meet():
        return raises(threading.BrokenBarrierError, barrier.wait)
    for breaks in (barrier.abort, barrier.reset):
        waiters = [start(meet) for _ in range(2)]
        until(lambda: waiting() == 2)
        equal(barrier.n_waiting, 2)
        breaks()
        for waiter in waiters:
            join(waiter)
        equal(barrier.broken, breaks == barrier.abort)
        if barrier.broken:
            meet()
            barrier.reset()
        assert not barrier.broken
    waiter = start(meet)
    until(lambda: waiting() == 1)
    takes(0.1, raises, threading.BrokenBarrierError, barrier.wait, 0.1)
    join(waiter)
    assert barrier.broken
    barrier.reset()
    takes(0.1, raises, threading.BrokenBarrierError, state.Barrier("b", 3, timeout=0.1).wait)
    barrier.reset()
    for thread in [start(barrier.wait) for _ in range(3)]:
        join(thread)


@test
def Y7():
    lock = state.Lock("l")

    def die():
        lock.acquire()
        os.kill(os.getpid(), signal.SIGKILL)
    for _ in range(20):
        pid = fork(die)
        os.waitpid(pid, 0)
        equal(lock.acquire(timeout=5), True)
        lock.release()


@test
def Y7_thread():
    lock = state.Lock("l")
    join(start(lock.acquire))
    equal(lock.acquire(timeout=5), True)


@test
def Y8():
    condition, event, barrier = state.Condition("c"), state.Event("e"), state.Barrier("b", 2)

    def sleep():
        with condition:
            condition.wait()
    for wait in (sleep, event.wait, barrier.wait):
        pid = fork(wait)
        until(lambda: waiting() == 1)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    begun = time.monotonic()
    with condition:
        condition.notify_all()
    event.set()
    raises(threading.BrokenBarrierError, barrier.wait, 5)
    assert time.monotonic() - begun < 4


@test
def Y10():
    counter = state.Counter("shared counter")

    def work():
        for _ in range(1000):
            counter.add(1)
    children = [fork(work) for _ in range(8)]
    for pid in children:
        ended_well(pid)
    equal(counter.value, 8000)
    plain = state.Value("plain", 0)

    def work_locked():
        for _ in range(100):
            with plain.get_lock():
                plain.value += 1
    for pid in [fork(work_locked) for _ in range(4)]:
        ended_well(pid)
    equal(plain.value, 400)


@test
def Y11_deadlock():
    a, b = state.Lock("a"), state.Lock("b")
    a.acquire()

    def other():
        b.acquire()
        return a.acquire()
    thread = start(other)
    until(lambda: waiting() == 1)
    message = raises(state.DeadlockError, b.acquire)
    assert '"a"' in message and '"b"' in message, message
    a.release()
    equal(join(thread), True)


@test
def Y12_interrupt():
    lock = state.Lock("l")
    event = state.Event("e")

    def interrupted():
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            event.wait()
        except KeyboardInterrupt:
            equal(state.Counter("after").add(), 1)
            return
        raise AssertionError("not interrupted")
    pid = fork(interrupted)
    until(lambda: waiting() == 1)
    os.kill(pid, signal.SIGINT)
    ended_well(pid)
    equal(waiting(), 0)
    with lock:
        pass


# ---- shared memory -------------------------------------------------------------------------------------------------


@test
def H4():
    for code, value in (("i", 24234), ("d", -2.5), ("h", -232), ("q", 1 << 34), ("c", b"y"), ("B", 255), ("f", 0.5)):
        shared = state.Value("h4" + code)
        assert shared.value in (0, b"\0"), shared.value
        shared.value = value
        equal(state.Value("h4" + code).value, value)
    array = state.Array("array")
    equal(len(array), 10)
    equal(array[:], [0.0] * 10)
    array[:] = [i / 2 for i in range(10)]
    ended_well(fork(lambda: array.__setitem__(3, 99.0)))
    equal(array[2:5], [1.0, 99.0, 2.0])
    equal(sum(state.Array("array")), sum(array.get_obj()))
    raises(IndexError, lambda: array[10])
    raises(TypeError, array.__setitem__, 0, "text")
    text = state.Array("text")
    text.value = b"hello"
    equal((text.value, text.raw[:7]), (b"hello", b"hello\0\0"))
    raises(ValueError, setattr, text, "value", b"x" * 100)
    assert "--shared nothing" in raises(ValueError, state.Array, "nothing")


@test
def H4_lock():
    array, number = state.Array("array"), state.Value("h4i")
    number.value = 0

    def work():
        for _ in range(200):
            with array.get_lock():
                array[0] += 1
            with number:
                number.value += 1
            number.add(1)
    for pid in [fork(work) for _ in range(4)]:
        ended_well(pid)
    equal((array[0], number.value), (800.0, 1600))


# ---- managers ------------------------------------------------------------------------------------------------------


@test
def G1():
    names = ["Lock", "RLock", "Semaphore", "BoundedSemaphore", "Condition", "Event", "Queue", "JoinableQueue",
             "SimpleQueue", "dict", "list", "Namespace", "Counter", "Value"]

    def touch():
        state.Event("event").set()
        state.Queue("queue").put(3)
        state.dict("dict")["key"] = (1, 2)
        state.list("list").extend([1, 2, 3])
        state.Namespace("ns").attribute = "x"
        state.Counter("counter").add(5)
        state.Value("value").value = {"a": 1}
        state.Semaphore("semaphore", 2).acquire()
        state.Barrier("barrier", 2).wait(10)
    pid = fork(touch)
    state.Barrier("barrier", 2).wait(10)
    ended_well(pid)
    assert state.Event("event").is_set()
    equal(state.Queue("queue").get(), 3)
    equal(state.dict("dict")["key"], (1, 2))
    equal(state.list("list").copy(), [1, 2, 3])
    equal(state.Namespace("ns").attribute, "x")
    equal(state.Counter("counter").value, 5)
    equal(state.Value("value").value, {"a": 1})
    equal(state.Semaphore("semaphore", 2).get_value(), 2)
    for name in names:
        assert hasattr(state, name) and name in state.__all__, name
    assert "'q'" in repr(state.Queue("q"))


@test
def G1_dict():
    d, real = state.dict("d", {"a": 1}, b=2), {"a": 1, "b": 2}
    for key, value in ((3, "three"), ((1, 2), [4]), ("!", 5), (None, 6), (b"x", 7), (1.5, 8)):
        d[key] = real[key] = value
    equal(d.copy(), real)
    assert d == real and d != {}
    equal(sorted(map(repr, d)), sorted(map(repr, real)))
    equal(len(d), len(real))
    equal(sorted(map(repr, d.items())), sorted(map(repr, real.items())))
    equal(sorted(map(repr, d.values())), sorted(map(repr, real.values())))
    assert "a" in d and "z" not in d and 3 in d
    equal((d.get("a"), d.get("z"), d.get("z", 9)), (1, None, 9))
    raises(KeyError, lambda: d["z"])
    raises(KeyError, d.__delitem__, "z")
    raises(KeyError, d.pop, "z")
    equal((d.pop("z", 0), d.pop("a"), d.setdefault("b", 0), d.setdefault("n", 4)), (0, 1, 2, 4))
    del d["b"]
    d.update({"u": 1}, v=2)
    d.update([("w", 3)])
    key, value = d.popitem()
    assert key not in d
    d.clear()
    equal((len(d), d.keys()), (0, []))
    raises(KeyError, d.popitem)
    raises(TypeError, hash, d)
    # what is nested is a copy
    d["x"] = [1]
    d["x"].append(2)
    equal(d["x"], [1])


@test
def G1_list():
    values, real = state.list("l", [1, 2]), [1, 2]
    rng = random.Random(1)

    def both(change):
        outcomes = []
        for target in (values, real):
            try:
                outcomes.append(change(target))
            except (IndexError, ValueError, TypeError) as error:
                outcomes.append(type(error))
        equal(*outcomes)
        equal(values.copy(), real)
    for change in (lambda v: v.append("three"), lambda v: v.extend([4, 5, (6,)]), lambda v: v[0], lambda v: v[-1],
                   lambda v: v[1:4], lambda v: v[::-1], lambda v: v[99], lambda v: v.__setitem__(1, "two"),
                   lambda v: v.__setitem__(slice(2, 4), [7, 8, 9]), lambda v: v.__setitem__(99, 1),
                   lambda v: v.insert(0, "first"), lambda v: v.pop(), lambda v: v.pop(0), lambda v: v.pop(99),
                   lambda v: v.remove(7), lambda v: v.remove("none"), lambda v: v.__delitem__(0),
                   lambda v: v.__delitem__(slice(0, 2)), lambda v: v.reverse(), lambda v: v.index(9),
                   lambda v: v.index("none"), lambda v: v.count(9), lambda v: len(v), lambda v: 9 in v,
                   lambda v: [*v], lambda v: [*reversed(v)], lambda v: v + [1], lambda v: v * 2, lambda v: v == [],
                   lambda v: v.clear(), lambda v: v.extend(rng.sample(range(100), 0)), lambda v: v.extend([3, 1, 2]),
                   lambda v: v.sort(), lambda v: v.sort(key=lambda x: -x), lambda v: v.sort(reverse=True),
                   lambda v: v.pop(), lambda v: v.pop(), lambda v: v.pop(), lambda v: v.pop(), lambda v: len(v)):
        both(change)
    values += ["x"]
    equal(values.copy(), ["x"])

    def work():
        for i in range(50):
            values.append(i)
            values.pop(0)
    for pid in [fork(work) for _ in range(3)]:
        ended_well(pid)
    equal(len(values), 1)


@test
def G2():
    q = state.Queue("q", maxsize=2)
    q.put(5)
    q.put(6)
    equal((q.qsize(), q.full()), (2, True))
    equal((q.get(), q.get(), q.empty()), (5, 6, True))


@test
def G3():
    ns = state.Namespace("ns", a=1)
    ns.b = [2]
    ns._hidden = 3
    equal((ns.a, ns.b, ns._hidden), (1, [2], 3))
    equal(repr(ns), "Namespace(a=1, b=[2])")
    del ns.a
    raises(AttributeError, lambda: ns.a)
    raises(AttributeError, lambda: state.Namespace("ns")._hidden)
    raises(AttributeError, ns.__delattr__, "a")
    raises(ValueError, state._ask, "no such verb")
    state.Value("value").set(1)
    assert "a value" in raises(ValueError, state.Queue("value").put, 1)
    assert "a value" in raises(ValueError, state.Lock("value").acquire)
    raises(TypeError, state.Lock, 5)
    raises(ValueError, state.Value("x" * 256).set, 1)
    raises(ValueError, state.Value("").set, 1)
    raises(ValueError, state.Counter("value").add, "x")


@test
def G6():
    # the server is killed: no request hangs
    q = state.Queue("q")
    waiter = start(raises, state.ServerError, q.get)
    until(lambda: waiting() == 1)
    os.kill(int(os.environ["SERVER_PID"]), signal.SIGKILL)
    assert "ended" in join(waiter)
    raises(ConnectionError, q.put, 1)
    raises(state.ServerError, state.Lock("l").acquire)
    equal(state.ServerError.status, 7)


@test
def G8():
    before = state._ask("stat")["connections"]
    for pid in [fork(lambda: state.Lock(str(os.getpid())).acquire()) for _ in range(20)]:
        ended_well(pid)
    join(start(state.Lock("thread").acquire))
    until(lambda: state._ask("stat")["connections"] == before)
    equal([name for name in state._ask("list") if name != "G8"], [])


@test
def G9():
    # 500 connections at once, one of which sends nothing, and one garbage
    import socket
    others = []
    for text in (b"", b"garbage\n", b"\x80\x04K\x01.\n"):
        other = socket.socket(socket.AF_UNIX)
        other.connect(os.environ["MPMAP_STATE"])
        other.sendall(text)
        others.append(other)
    threads = [start(lambda: [state.Counter("all").add() for _ in range(10)]) for _ in range(500)]
    for thread in threads:
        join(thread)
    equal(state.Counter("all").value, 5000)


@test
def G10():
    counter = state.Counter("c")
    before = state._ask("stat")["connections accepted"]
    for _ in range(2000):
        counter.add()
    state.list("l", range(1000))
    equal(state._ask("stat")["connections accepted"], before)
    equal(counter.value, 2000)


# ---- multiprocessing.connection ------------------------------------------------------------------------------------


def dial(key=None):
    from multiprocessing.connection import Client
    if key is None:
        with open(os.environ["MPMAP_STATE_KEYFILE"], "rb") as file:
            key = file.read()
    return Client(os.environ["MPMAP_STATE_PYTHON"], "AF_UNIX", authkey=key or None)


def speak(conn, *words):
    conn.send_bytes(json.dumps(words).encode())
    return json.loads(conn.recv_bytes())


@test
def C1_requests():
    equal(os.stat(os.environ["MPMAP_STATE_KEYFILE"]).st_mode & 0o777, 0o600)
    with dial() as conn, dial() as other:
        equal(speak(conn, "add", "done", 1), {"value": 1})
        equal(speak(other, "add", "done", 4), {"value": 5})
        equal(speak(conn, "get", "nothing")["status"], 1)
        equal(speak(conn, "no such verb")["status"], 2)
        equal(speak(conn, "lock", "l"), {"value": None})
        equal(speak(other, "lock", "--timeout", 0, "l")["status"], 1)
        other.send_bytes(b'["lock", "l"]')
        until(lambda: waiting() == 1)
        assert not other.poll(0)
        equal(speak(conn, "unlock", "l"), {"value": None})
        equal(json.loads(other.recv_bytes()), {"value": None})
        big = "x" * 1000000
        equal(speak(conn, "set", "big", big), {"value": None})
        equal(speak(conn, "get", "big"), {"value": big})
        # several under way
        for number in range(100):
            conn.send_bytes(b'["add", "many"]')
        equal([json.loads(conn.recv_bytes())["value"] for _ in range(100)], [*range(1, 101)])
        equal(speak(conn, "set", "lines", "a\nb"), {"value": None})
        conn.send_bytes(b'[\n"get",\n"lines"\n]')
        equal(json.loads(conn.recv_bytes()), {"value": "a\nb"})
        conn.send_bytes(b'["get", ')
        equal(json.loads(conn.recv_bytes())["status"], 2)
        equal(speak(conn, "get", "lines"), {"value": "a\nb"})
    # the lock of the one that has gone is free
    with dial() as conn:
        equal(speak(conn, "lock", "--timeout", 5, "l"), {"value": None})


@test
def C2_strangers():
    from multiprocessing import AuthenticationError
    with dial() as good:
        for key in (b"wrong", b"x" * 64):
            raises(AuthenticationError, dial, key)
        for raw in (b"\xff\xff\xff\xff\0\0\0\1\0\0\0\0", b"\xff\xff\xff\xfe", b"get done\n" * 100, b"\0\0\1\1"):
            stranger = dial(b"")
            assert stranger.recv_bytes().startswith(b"#CHALLENGE#")
            os.write(stranger.fileno(), raw)
            raises((EOFError, OSError), lambda: [stranger.recv_bytes(), stranger.recv_bytes()])
        # a pickle, and other things that are no array of JSON, after the handshake
        for message in (b"\x80\x04K\x01.", b"", b'{"a": 1}', b"get done"):
            bad = dial()
            bad.send_bytes(message)
            raises((EOFError, OSError), bad.recv_bytes)
        bad = dial()
        os.write(bad.fileno(), b"\xff\xff\xff\xff\0\0\0\1\0\0\0\0")
        raises((EOFError, OSError), bad.recv_bytes)
        equal(speak(good, "add", "still here"), {"value": 1})


@test
def C3_silent():
    # dropped within ten seconds, and the others do not wait for that
    silent = [dial(b"") for _ in range(20)]
    begun = time.monotonic()
    with dial() as good:
        equal(speak(good, "add", "n"), {"value": 1})
        assert time.monotonic() - begun < 5
        for conn in silent:
            equal(conn.recv_bytes()[:11], b"#CHALLENGE#")
            raises((EOFError, OSError), conn.recv_bytes)
        assert 5 < time.monotonic() - begun < 12, time.monotonic() - begun
        equal(speak(good, "add", "n"), {"value": 2})


@test
def S1():
    # tasks at the shell see the same
    client = os.environ.get("STATE_CLIENT")
    if client:
        def shell(*words):
            return subprocess.run([client, *words], stdout=subprocess.PIPE).stdout
        state.Counter("n").add(4)
        equal(shell("add", "n", "1"), b"5\n")
        shell("push", "q", "text")
        equal(state.Queue("q").get(), "text")
        state.dict("m")["k"] = "v"
        equal(shell("get", "m", "k"), b"v\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        print("\n".join(TESTS))
    for name in sys.argv[1:]:
        if name in TESTS:
            TESTS[name]()
        elif name != "--list":
            sys.exit(f"there is no test {name}")
