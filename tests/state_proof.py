# SPDX-License-Identifier: GPL-3.0-or-later
"""MPMAP=PATH TOOL=PATH state_proof.py SEED[+COUNT] METHOD MODE RECORDS

Runs mpmap --state while a random holder, waiter, popper or pusher is killed every 20 ms (a task, its client, and now and
then a worker), and checks what must hold all the same. MODE is one of

    atomic    tasks that lock, count, push and pop, wait in semaphores and barriers (tool share), with --state=atomic
    plain     the same with --state
    crawl     a crawler, with --queue and --state=atomic; crawl-once: without atomic, each page with mpmap-state once
    python    functions in Python that do the same, with --state=atomic
    server    as atomic, and after a while the state server is killed

RECORDS tasks at least. Prints a line for each seed; fails with all that does not hold, and the folder of the run.
The log of a run is mpmap's trace and what tasks write, in one file, so that its order is that of the events.
"""

import collections
import fcntl
import json
import mmap
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

PAUSE = 0.02
STALL = 60
SEAT = struct.Struct("iiii")
SEATS = 64
PHASES = ("idle", "holder", "waiter", "popper", "pusher", "meeter")
RETRIES = 10000

# ---- the functions of the mode python, which mpmap runs ------------------------------------------------------------


class Function:
    """What a function does for a record: as tool share, in small."""

    def __init__(self, seed, records):
        import mpmap_state
        self.state = mpmap_state
        self.seed = seed
        self.records = records
        self.log = os.open(os.environ["PROOF_LOG"], os.O_WRONLY | os.O_APPEND)
        self.places = os.open(os.environ["PROOF_PLACES"], os.O_RDWR)
        with open(os.environ["PROOF_SEATS"], "r+b") as file:
            self.seats = mmap.mmap(file.fileno(), 0)
        self.seat = os.getpid() % SEATS * SEAT.size
        self.lock, self.items = mpmap_state.Lock("L0"), mpmap_state.JoinableQueue("q")
        self.places_of = mpmap_state.BoundedSemaphore("s", 2)

    def phase(self, name):
        SEAT.pack_into(self.seats, self.seat, os.getpid(), PHASES.index(name), 0, 0)

    def note(self, step, what, **more):
        line = {"step": step, "what": str(what), "seq": self.seq, "attempt": self.attempt, "pid": os.getpid(), **more}
        os.write(self.log, (json.dumps(line, separators=(",", ":")) + "\n").encode())

    def place(self, first, count):
        """Takes a place, which must be free."""
        for place in range(first, first + count):
            try:
                fcntl.lockf(self.places, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
            except OSError:
                continue
            self.note("take", place)
            return place
        self.note("two", first)
        raise AssertionError("not alone")

    def leave(self, place):
        self.note("put", place)
        fcntl.lockf(self.places, fcntl.LOCK_UN, 1, place)

    def hold(self, what, first, count):
        self.phase("waiter")
        with what:
            self.phase("holder")
            place = self.place(first, count)
            time.sleep(self.random.random() * 0.001)
            if self.random.random() < 0.03:
                os._exit(3)
            self.leave(place)

    def item(self, timeout):
        """Does an item. False if there was none."""
        import queue
        self.phase("waiter")
        try:
            item = self.items.get(timeout=timeout)
        except (queue.Empty, self.state.DeadlockError):
            return False
        self.note("pop", item)
        self.phase("popper")
        time.sleep(self.random.random() * 0.001)
        self.note("doing", item)
        self.items.task_done()
        self.note("done", item)
        return True

    def conclude(self):
        self.phase("waiter")
        self.state.Value("n").wait_for("=", self.records - 1)
        self.state.Value("m").wait_for("=", self.records - 1)
        while self.item(0):
            pass
        values = self.state.list("l").copy()
        self.note("final", "", n=self.state.Counter("n").value, size=len(values), different=len(set(values)))

    def __call__(self, record, seq, attempt):
        self.seq, self.attempt = seq, attempt
        self.random = random.Random(f"{self.seed} {record} {attempt}")
        if record == self.records:
            self.conclude()
            return
        for step in range(4):
            if step % 2 == 0:
                self.phase("pusher")
                self.items.put(f"{record}.{step // 2}")
            self.random.choice([lambda: self.hold(self.lock, 0, 1), lambda: self.hold(self.places_of, 3, 2),
                                lambda: self.item(0.01)])()
        self.phase("pusher")
        self.state.list("l").append(record)
        self.state.Counter("n").add(1)
        self.state.Counter("m").add(1)
        self.phase("idle")


# ---- a run ---------------------------------------------------------------------------------------------------------


def text_of(pid, name):
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:
            return file.read()
    except OSError:
        return b""


class Run:
    def __init__(self, seed, method, mode, records):
        self.seed, self.method, self.mode, self.records = seed, method, mode, records
        self.random = random.Random(seed)
        self.folder = tempfile.mkdtemp(prefix="mpmap-proof-")
        self.kills = collections.Counter()
        self.problems = []
        self.scanned = self.steps_seen = 0
        self.output = ""
        for name, size in (("log", 0), ("places", 64), ("seats", SEATS * SEAT.size)):
            with open(self.path(name), "wb") as file:
                file.truncate(size)
        os.mkdir(self.path("temporary"))
        with open(self.path("seats"), "r+b") as file:
            self.seats = mmap.mmap(file.fileno(), 0)

    def path(self, name):
        return os.path.join(self.folder, name)

    def bad(self, problem):
        self.problems.append(problem)

    def words(self):
        words = [os.environ["MPMAP"], "-j4", "--start-method", self.method, "--retries", str(RETRIES)]
        words += ["--state"] if self.mode in ("plain", "crawl-once") else ["--state=atomic"]
        if self.mode == "python":
            setup = f"import state_proof; proof = state_proof.Function({self.seed}, {self.records})"
            return [*words, "--setup", setup, "--python", "proof(int(x), seq, attempt)"]
        if self.mode.startswith("crawl"):
            words += ["--queue", "pages"]
        style = "atomic" if self.mode == "server" else self.mode
        return [*words, os.environ["TOOL"], "share", style, str(self.seed), str(self.records)]

    def begin(self):
        own = os.path.dirname(os.path.abspath(__file__))
        environment = {
            **os.environ, "MPMAP_TRACE": self.path("log"), "PROOF_LOG": self.path("log"), "PYTHONDONTWRITEBYTECODE": "1",
            "PROOF_PLACES": self.path("places"), "PROOF_SEATS": self.path("seats"), "TMPDIR": self.path("temporary"),
            "PYTHONPATH": own, "PATH": os.path.dirname(os.environ["MPMAP"]) + ":" + os.environ["PATH"],
        }
        records = "0\n" if self.mode.startswith("crawl") else "".join(f"{i + 1}\n" for i in range(self.records))
        with open(self.path("in"), "w", encoding="ascii") as file:
            file.write(records)
        with open(self.path("in"), "rb") as given, open(self.path("out"), "wb") as out, open(self.path("err"), "wb") as err:
            self.mpmap = subprocess.Popen(self.words(), stdin=given, stdout=out, stderr=err, env=environment,
                                          cwd=self.folder, start_new_session=True)
        self.pidfd = os.pidfd_open(self.mpmap.pid)

    def is_ours(self, pid):
        try:
            return pid > 0 and os.getsid(pid) == self.mpmap.pid
        except ProcessLookupError:
            return False

    def kill(self, pid, what):
        """Kills a process if it is still one of the run."""
        try:
            pidfd = os.pidfd_open(pid)
        except (OSError, OverflowError):
            return
        try:
            if self.is_ours(pid):
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
                self.kills[what] += 1
        except ProcessLookupError:
            pass
        finally:
            os.close(pidfd)

    def children(self, title):
        """The processes that mpmap itself has started, with such a title."""
        path = f"/proc/{self.mpmap.pid}/task/{self.mpmap.pid}/children"
        try:
            with open(path, encoding="ascii") as file:
                pids = [int(word) for word in file.read().split()]
        except OSError:
            return []
        return [pid for pid in pids if title in text_of(pid, "cmdline")]

    def strike(self):
        """Kills one at random: first what it is at is chosen, so that all are hit, however short they last."""
        if self.random.random() < 0.06:
            workers = self.children(b"Worker")
            if workers:
                self.kill(self.random.choice(workers), "worker")
            return
        seats = [SEAT.unpack_from(self.seats, i * SEAT.size) for i in range(SEATS)]
        by_phase = collections.defaultdict(list)
        for pid, phase, client, _ in seats:
            if client:
                by_phase["client"].append(client)
            if pid and self.is_ours(pid):
                by_phase[PHASES[phase]].append(pid)
        if by_phase:
            what = self.random.choice(sorted(by_phase))
            self.kill(self.random.choice(by_phase[what]), what)

    def count_steps(self):
        with open(self.path("log"), "rb") as file:
            file.seek(self.scanned)
            text = file.read()
        self.scanned += len(text)
        self.steps_seen += text.count(b'"step"')
        return self.steps_seen

    def has_ended(self, wait):
        import select
        return bool(select.select([self.pidfd], [], [], max(wait, 0))[0])

    def play(self):
        """Kills until mpmap has ended. False if nothing went on for long."""
        self.begun = now = time.monotonic()
        size, grown, strike, steps = 0, now, now, 0
        fatal = now + self.random.random() * 0.6 if self.mode == "server" else None
        while not self.has_ended(strike - now):
            now = time.monotonic()
            if fatal and now >= fatal and self.children(b"StateServer"):
                self.kill(self.children(b"StateServer")[0], "server")
                self.fatal_size = os.stat(self.path("log")).st_size
                fatal = None
            elif now >= strike:
                # Not before something has been done since the last: a process that starts again takes longer.
                if self.count_steps() > steps and sum(self.kills.values()) < self.records:
                    self.strike()
                    steps = self.count_steps()
                strike = now + PAUSE * 2 * self.random.random()
            if os.stat(self.path("log")).st_size > size:
                size, grown = os.stat(self.path("log")).st_size, now
            if now - grown > STALL:
                return False
        return True

    def all_left(self):
        found = []
        for name in os.listdir("/proc"):
            if name.isdigit() and self.is_ours(int(name)) and b"State:\tZ" not in text_of(name, "status"):
                found.append((int(name), text_of(name, "cmdline").replace(b"\0", b" ")[:100]))
        return found

    def finish(self):
        """Waits until nothing is left of the run, and reads what it wrote."""
        self.mpmap.wait()
        end = time.monotonic() + 20
        while self.all_left() and time.monotonic() < end:
            time.sleep(0.005)
        for left in self.all_left():
            self.bad(f"left behind: {left}")
            self.kill(left[0], "left")
        if os.listdir(self.path("temporary")):
            self.bad(f"left in TMPDIR: {os.listdir(self.path('temporary'))}")
        self.time = time.monotonic() - self.begun
        with open(self.path("err"), encoding="utf-8", errors="replace") as file:
            self.errors = file.read()
        self.log = []
        with open(self.path("log"), encoding="utf-8") as file:
            for line in file:
                # A process that is killed may have written a part of its line only, which the next one continues.
                start = max(line.rfind('{"step"'), line.rfind('{"time"'), 0)
                if line.endswith("}\n"):
                    self.log.append(json.loads(line[start:]))

    def check(self):
        ends = Ends(self.log)
        self.steps = [line for line in self.log if "step" in line]
        for at, line in enumerate(self.log):
            if line.get("step") in ("two", "bad"):
                self.bad(f"not as it must be: {line}")
            if line.get("step") == "ended" and ends.end_of(line["seq"], line["attempt"]) > at:
                self.bad(f"{line} was taken for ended")
        self.check_places(ends)
        if self.mode == "server":
            self.check_server()
            return
        if self.mpmap.returncode != 0:
            self.bad(f"exit status {self.mpmap.returncode}")
        self.well = ends.well
        if self.mode in ("atomic", "python"):
            self.check_atomic()
        elif self.mode == "plain":
            self.check_plain()
        else:
            self.check_pages()

    def check_places(self, ends):
        """A lock, or a place of the semaphore, is had only after a former holder left it, or its outcome is known."""
        locks = {"0": 1, "1": 1, "2": 1}
        holders = collections.defaultdict(set)
        self.inherited = 0
        for at, line in enumerate(self.log):
            step = line.get("step")
            if step not in ("enter", "leave", "take"):
                continue
            name, who = line["what"] if line["what"] in locks else "semaphore", (line["seq"], line["attempt"])
            if step == "leave":
                holders[name].discard(who)
                continue
            over = {former for former in holders[name] if ends.end_of(*former) < at}
            self.inherited += len(over)
            holders[name] -= over
            if len(holders[name]) >= locks.get(name, 2):
                self.bad(f"{line}, though {holders[name]} have it, whose outcome is not known")
            # What a connection takes is free once that is closed; the kernel's locks say whether that is so.
            if step == "enter":
                holders[name].add(who)

    def check_server(self):
        for line in self.steps:
            if line["step"] == "gone" and line["what"] != "7":
                self.bad(f"a client got another status than 7: {line}")
        if not self.kills["server"]:
            self.bad("the server was not killed")
        if self.mpmap.returncode != 1:
            self.bad(f"exit status {self.mpmap.returncode}, not 1")
        if not re.search("state server was killed by signal 9|state server has ended", self.errors):
            self.bad("the end of the server is not said")

    def final(self):
        lines = [line for line in self.steps if line["step"] == "final"]
        if not lines:
            self.bad("the last record has not ended")
            return {"n": -1, "size": -1, "different": -1, "attempt": -1}
        return lines[-1]

    def is_final(self, line):
        """True if it is of the attempt that counts; a function is called again in another process without a new one."""
        attempt, pid = self.well.get(line["seq"], (0, 0))
        return line["attempt"] == attempt and line.get("pid", pid) == pid

    def check_atomic(self):
        """What attempts did that ended well, and only that, counts."""
        others = self.records - 1
        final = self.final()
        if (final["n"], final["size"], final["different"]) != (others, others, others):
            self.bad(f"not {others} each: {final}")
        done = collections.Counter(line["what"] for line in self.steps if line["step"] == "done" and self.is_final(line))
        expected = {f"{record + 1}.{i}" for record in range(others) for i in range(2)}
        for item in expected - done.keys():
            self.bad(f"item {item} was lost")
        for item, count in done.items():
            if count != 1 or item not in expected:
                self.bad(f"item {item} was done {count} times")

    def check_plain(self):
        """What was acknowledged is done, and nothing that was pushed is lost."""
        others = self.records - 1
        final = self.final()
        if final["different"] != others or final["size"] < others:
            self.bad(f"not {others} records: {final}")
        # A task that is killed after its last step is run again, and may go on after the last record has looked.
        last = (final.get("seq"), final["attempt"])
        start = next((at for at, line in enumerate(self.steps) if (line["seq"], line["attempt"]) == last), 0)
        if final["n"] < sum(line["step"] == "add" for line in self.steps[:start]):
            self.bad(f"the counter has lost something: {final}")
        pushed, state = {line["what"] for line in self.steps[:start] if line["step"] == "pushed"}, {}
        for line in self.steps:
            item = line["what"] if "what" in line else ""
            who = line["seq"], line["attempt"]
            if line["step"] == "pop":
                if state.get(item, ("",))[0] == "done":
                    self.bad(f"item {item} came again to {who} after it was done: {state[item]}")
                state[item] = "pop", who
            elif line["step"] in ("doing", "done", "backing"):
                if state.get(item, ("", ""))[1] != who:
                    self.bad(f"{line}, but it is {state.get(item)}")
                state[item] = line["step"], who
        for item in pushed:
            # Where the end of doing it was not written, its task was killed in between.
            if state.get(item, ("nothing",))[0] not in ("doing", "done"):
                self.bad(f"item {item} was lost: {state.get(item)}")

    def check_pages(self):
        """Each page is done once."""
        done, visits = collections.Counter(), {}
        for line in self.steps:
            page = line["what"]
            if line["step"] == "visit":
                if done[page] and self.mode == "crawl-once":
                    self.bad(f"page {page} began again after it was done")
                visits[page] = line
            elif line["step"] == "visiting":
                visits[page] = line
            elif line["step"] == "visited" and (self.mode == "crawl-once" or self.is_final(line)):
                done[page] += 1
        for page in map(str, range(self.records)):
            if done[page] > 1:
                self.bad(f"page {page} was done {done[page]} times")
            if not done[page] and not (self.mode == "crawl-once" and visits.get(page, {}).get("step") == "visiting"):
                self.bad(f"page {page} was not done: {visits.get(page)}")

    def report(self):
        kills = ", ".join(f"{count} {what}" for what, count in sorted(self.kills.items()))
        what = f"seed {self.seed} {self.method} {self.mode} {self.records}"
        operations = sum(line["step"] not in ("leave", "doing", "pop") for line in self.steps)
        verdict = "FAILED" if self.problems else "ok"
        print(f"{what}: {verdict}, {operations} steps, {self.inherited} places of the dead, {sum(self.kills.values())} kills ({kills}), "
              f"{self.time:.2f} s", flush=True)
        if not self.problems:
            shutil.rmtree(self.folder)
            return True
        print(*self.problems[:20], *self.errors.splitlines()[-5:], sep="\n    ")
        print(f"    all of it is in {self.folder}; this repeats it:\n    MPMAP={os.environ['MPMAP']} "
              f"TOOL={os.environ['TOOL']} {sys.executable} {__file__} {self.seed} {self.method} {self.mode} {self.records}")
        return False


class Ends:
    """Where in the log the outcome of each attempt is known, and whether it counts."""

    def __init__(self, log):
        self.ends, self.well = {}, {}
        for at, line in enumerate(log):
            if line.get("event") != "attempt_end":
                continue
            for seq in range(line["seq"], line["seq"] + line["count"]):
                self.ends.setdefault((seq, line["attempt"]), at)
                if line["well"]:
                    self.well[seq] = line["attempt"], line["task_pid"]

    def end_of(self, seq, attempt):
        """The place in the log; beyond all if it was never known."""
        return self.ends.get((seq, attempt), 1 << 60)


def prove(seed, method, mode, records):
    run = Run(seed, method, mode, records)
    run.begin()
    try:
        if not run.play():
            run.bad(f"nothing has gone on for {STALL} s: {run.all_left()}")
    finally:
        if run.mpmap.poll() is None:
            run.mpmap.kill()
    run.finish()
    run.check()
    return run.report()


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    first, _, count = sys.argv[1].partition("+")
    results = [prove(int(first) + i, sys.argv[2], sys.argv[3], int(sys.argv[4])) for i in range(int(count or 1))]
    return not all(results)


if __name__ == "__main__":
    sys.exit(main())
