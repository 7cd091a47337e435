#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills journalled runs at random instants, edits their input, and compares what --resume makes of it.

resume_kill.py MPMAP SEED INSTANTS: until so many runs were killed or ended by a signal. Each scenario is a run that is ended
early and resumed several times, until it is let come to its end. Its output is to be that of an undisturbed run, and no task
that the journal has when a session begins is begun in it; with --sync=each no more tasks are begun in vain than there are
jobs. A scenario that fails is printed with the seed that repeats it.
"""
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

# Every task notes in the session's file that it was begun (one whose run was killed may still run), and prints as many lines as its record has digits; those that end with 13 fail.
SCRIPT = """echo "$1" >>"$BEGUN"; case $1 in *7) sleep 0.0${#1};; esac; echo "out $1"; i=0
while [ $i -lt ${#1} ]; do echo "line $i of $1"; i=$((i+1)); done; case $1 in *13) exit 3;; esac"""

# How many scenarios are carried out at once: most of their time is waiting.
AT_ONCE = 3

JOURNAL = 'run.mpj'
OUTPUTS = 'run.mpj.outputs'

# What a run may end with: well, with failed tasks, by one of our signals.
ENDS = (0, 123, -signal.SIGINT, -signal.SIGTERM, -signal.SIGKILL)


def output(record):
    return 'out %s\n' % record + ''.join('line %d of %s\n' % (i, record) for i in range(len(record)))


def read(name):
    """Returns what is in a file, nothing if there is none."""
    try:
        with open(name, 'rb') as file:
            return file.read()
    except FileNotFoundError:
        return b''


def descendants(pid):
    """Processes below a process, found in /proc."""
    parents = {}
    for name in os.listdir('/proc'):
        if name.isdigit():
            try:
                with open('/proc/%s/stat' % name) as stat:
                    parents.setdefault(int(stat.read().rsplit(')', 1)[1].split()[1]), []).append(int(name))
            except OSError:
                pass
    found, rest = [], [pid]
    while rest:
        children = parents.get(rest.pop(), [])
        found += children
        rest += children
    return found


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def committed_notes(journal):
    """Returns the notes of a journal that count."""
    notes, group = [], []
    for line in journal.split(b'\n')[:-1]:
        try:
            note = json.loads(line[9:])
        except ValueError:
            break
        group.append(note)
        if 'commit' in note:
            notes += group
            group = []
    return notes


class Scenario:
    def __init__(self, mpmap, seed, home):
        self.random = random.Random(seed)
        choice = self.random.choice
        self.mpmap = mpmap
        self.home = home
        self.form = choice(['text', 'text', 'jsonl', 'json'])
        self.place = choice(['out', 'append', 'pipe'])
        self.is_unordered = self.random.random() < 0.25
        self.retries = self.random.random() < 0.3
        self.sync = choice(['each', '0.02', '0.1', '1'])
        self.jobs = choice([1, 2, 4, 8])
        self.file = 'elsewhere/file' if self.place == 'out' and self.random.random() < 0.3 else 'file'
        self.options = ['--journal=' + JOURNAL, '-o', self.form, '-j%d' % self.jobs, '--sync=' + self.sync,
                        '--start-method=' + choice(['fork', 'spawn', 'forkserver'])]
        self.options += ['--unordered'] if self.is_unordered else []
        self.options += ['--retries=1'] if self.retries else []
        self.options += ['--out=' + self.file] if self.place == 'out' else []
        self.edits = self.random.random() < 0.5
        self.records = [str(i) for i in range(1, self.random.randint(5, 60))]
        for _ in range(self.random.randint(0, 5)):
            self.records.insert(self.random.randint(0, len(self.records)), choice(self.records))
        # The record of each key that was found in the journal.
        self.record_of = {}
        self.written = b''
        self.errors = b''
        self.ended = 0
        self.sessions = 0
        self.is_refused = False

    def path(self, name):
        return os.path.join(self.home, name)

    def edit(self):
        records, rand = self.records, self.random
        for _ in range(rand.randint(1, 4)):
            where = rand.randint(0, len(records) - 1) if records else 0
            kind = rand.choice(['insert', 'delete', 'change', 'permute', 'duplicate'])
            if kind == 'insert' or not records:
                records.insert(where, 'n%d' % rand.randint(0, 99999))
            elif kind == 'delete':
                del records[where]
            elif kind == 'change':
                records[where] = 'c%d' % rand.randint(0, 99999)
            elif kind == 'permute':
                other = rand.randint(0, len(records) - 1)
                records[where], records[other] = records[other], records[where]
            else:
                records.insert(rand.randint(0, len(records)), records[where])

    def done(self):
        """Returns how many tasks of each record there are that the journal has, by the input as it is."""
        known = set()
        for note in committed_notes(read(self.path(JOURNAL))):
            if 'task' in note:
                known.add((self.record_of.get(note['key']), note.get('nth', 0)))
        return Counter({record: sum((record, nth) in known for nth in range(count))
                        for record, count in Counter(self.records).items()})

    def learn(self):
        """Finds the records of the keys that the last session has noted, if it has noted anything."""
        is_last = False
        for note in committed_notes(read(self.path(JOURNAL))):
            is_last = note['pid'] == self.pid if 'begin' in note else is_last
            if is_last and 'task' in note:
                self.record_of.setdefault(note['key'], self.records[note['task']])

    def begun(self):
        return Counter(read(self.path('begun%d' % self.sessions)).decode().split())

    def find_lost(self, before):
        """Returns what is wrong with how many tasks the last session has begun in vain; before: what was done."""
        lost = self.begun() - (self.done() - before)
        # Tasks that fail may have been begun twice.
        count = sum(lost[record] for record in lost if not (self.retries and record.endswith('13')))
        if self.sync != 'each' or count <= self.jobs:
            return None
        return '%d tasks were begun and not committed, by %d jobs: %s' % (count, self.jobs, ' '.join(lost.elements()))

    def find_doubles(self, before):
        """Returns what is wrong with the tasks that the last session has begun; before: what was done."""
        wanted, begun = Counter(self.records), self.begun()
        for record, count in begun.items():
            attempts = 2 if self.retries and record.endswith('13') else 1
            if count > (wanted[record] - before[record]) * attempts:
                return 'record %s was begun %d times, is in the input %d times, and %d of these were done' % (
                    record, count, wanted[record], before[record])
        return None

    def end_early(self, process):
        """Ends a run at a random instant: alone by a signal, alone by SIGKILL, or all of it by SIGKILL."""
        try:
            process.wait(self.random.random() ** 2 * 0.8)
        except subprocess.TimeoutExpired:
            self.ended += 1
        how = self.random.choice(['tree', 'tree', 'alone', 'INT', 'TERM'])
        if how == 'tree' and process.poll() is None:
            process.send_signal(signal.SIGSTOP)
            for pid in descendants(process.pid):
                kill(pid)
        if process.poll() is None:
            process.send_signal({'INT': signal.SIGINT, 'TERM': signal.SIGTERM}.get(how, signal.SIGKILL))

    def environment(self, is_last):
        return dict(os.environ, BEGUN='begun%d' % self.sessions)

    def start(self, resumes, is_last):
        """Runs once. Returns the exit status."""
        with open(self.path('in'), 'w') as records:
            records.writelines(record + '\n' for record in self.records)
        out = open(self.path(self.file), 'ab') if self.place == 'append' else subprocess.PIPE
        command = [self.mpmap] + self.options + (['--resume'] if resumes else []) + ['sh', '-c', SCRIPT, 'sh']
        with open(self.path('in')) as records, open(self.path('err'), 'wb') as err:
            process = subprocess.Popen(command, cwd=self.home, stdin=records, stdout=out, stderr=err,
                                       env=self.environment(is_last))
            self.pid = process.pid
            pieces = []
            reader = threading.Thread(target=lambda: pieces.append(process.stdout.read()) if process.stdout else None)
            reader.start()
            if not is_last:
                self.end_early(process)
            status = process.wait()
            reader.join()
            if process.stdout:
                process.stdout.close()
            else:
                out.close()
        self.errors = read(self.path('err'))
        self.written = pieces[0] if self.place == 'pipe' else read(self.path(self.file))
        return status

    def run(self, is_last):
        """Runs or resumes. Returns what is wrong, None if nothing is."""
        self.sessions += 1
        before = self.done()
        status = self.start(os.path.exists(self.path(JOURNAL)), is_last)
        self.learn()
        if self.may_refuse(status):
            self.is_refused = True
            return None
        if status not in ENDS:
            return 'status %d: %s' % (status, self.errors.decode())
        return self.find_doubles(before) or self.find_lost(before)

    def may_refuse(self, status):
        """True if a run may have ended with this status because what there was could not be resumed."""
        return False

    def check(self):
        """Returns what is wrong with the output, None if nothing is."""
        expected = [output(record) for record in self.records]
        text = self.written.decode(errors='replace')
        if self.form == 'text':
            found = re.findall(r'out [^\n]*\n(?:line [^\n]*\n)*', text)
            if self.is_unordered:
                found.sort()
                expected.sort()
            return None if found == expected and len(text) == sum(map(len, expected)) else text
        try:
            results = json.loads(text) if self.form == 'json' else [json.loads(line) for line in text.splitlines()]
        except ValueError:
            return text
        if self.is_unordered:
            results.sort(key=lambda result: result['seq'])
        found = [(result['seq'], result['argv'][-1], result['status'], result['stdout']) for result in results]
        wanted = [(i + 1, record, 3 if record.endswith('13') else 0, expected[i]) for i, record in enumerate(self.records)]
        return None if found == wanted else text

    def whole(self):
        """Runs, ends and resumes. Returns what is wrong, None if nothing is."""
        if '/' in self.file:
            os.mkdir(self.path(os.path.dirname(self.file)))
        ends = self.random.randint(1, 5)
        for i in range(ends + 1):
            wrong = self.run(i == ends)
            if wrong or self.is_refused:
                return wrong
            if self.edits and i < ends and self.random.random() < 0.6:
                self.edit()
        return self.check()


def prove(kind, seed, wanted):
    """Carries out scenarios, kind(seed, folder), until so many instants were tried. Returns the exit status."""
    home = os.path.abspath('scenarios')
    state = {'next': seed, 'instants': 0, 'scenarios': 0, 'failed': None}
    lock = threading.Lock()

    def one():
        with lock:
            number = state['next']
            state['next'] += 1
        folder = os.path.join(home, str(number))
        os.makedirs(folder)
        scenario = kind(number, folder)
        wrong = scenario.whole()
        with lock:
            state['instants'] += scenario.ended
            state['scenarios'] += 1
            if wrong is not None and not state['failed']:
                state['failed'] = 'seed %d: %s\n%s\nin %s' % (number, ' '.join(scenario.options), wrong[:2000], folder)
        if wrong is None:
            shutil.rmtree(folder)

    def many():
        while state['instants'] < wanted and not state['failed']:
            one()

    shutil.rmtree(home, ignore_errors=True)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for thread in [threads.submit(many) for _ in range(AT_ONCE)]:
            thread.result()
    if state['failed']:
        print(state['failed'])
        return 1
    print('%d instants in %d scenarios, from seed %d' % (state['instants'], state['scenarios'], seed))
    return 0


if __name__ == '__main__':
    sys.exit(prove(lambda seed, home: Scenario(sys.argv[1], seed, home), int(sys.argv[2]), int(sys.argv[3])))
