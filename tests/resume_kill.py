#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills journalled runs at random instants, edits their input, and compares what --resume makes of it.

resume_kill.py MPMAP SEED KILLS: until so many runs were killed or ended by a signal. Each scenario is a run that is killed
and resumed several times; a scenario that fails is printed with the seed that repeats it.
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

# Every task notes that it was begun, and prints as many lines as its record has digits; those that end with 13 fail.
SCRIPT = """echo "$1" >>begun; case $1 in *7) sleep 0.0${#1};; esac; echo "out $1"; i=0
while [ $i -lt ${#1} ]; do echo "line $i of $1"; i=$((i+1)); done; case $1 in *13) exit 3;; esac"""


def output(record):
    return 'out %s\n' % record + ''.join('line %d of %s\n' % (i, record) for i in range(len(record)))


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


class Scenario:
    def __init__(self, mpmap, seed):
        self.random = random.Random(seed)
        choice = self.random.choice
        self.mpmap = mpmap
        self.form = choice(['text', 'text', 'jsonl', 'json'])
        self.place = choice(['out', 'append', 'pipe'])
        self.is_unordered = self.random.random() < 0.25
        self.options = ['--journal=run.mpj', '-o', self.form, '--start-method=' + choice(['fork', 'spawn', 'forkserver']),
                        '-j%d' % choice([1, 2, 4, 8])]
        self.options += ['--unordered'] if self.is_unordered else []
        self.options += ['--retries=1'] if self.random.random() < 0.3 else []
        self.options += ['--out=file'] if self.place == 'out' else []
        self.edits = self.random.random() < 0.5
        self.records = [str(i) for i in range(1, self.random.randint(5, 60))]
        for _ in range(self.random.randint(0, 5)):
            self.records.insert(self.random.randint(0, len(self.records)), choice(self.records))
        self.written = b''
        self.errors = b''
        self.ended = 0

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

    def run(self, resumes, is_last):
        """Runs once. Returns the exit status."""
        with open('in', 'w') as records:
            records.writelines(record + '\n' for record in self.records)
        out = open('file', 'ab') if self.place == 'append' else subprocess.PIPE
        command = [self.mpmap] + self.options + (['--resume'] if resumes else []) + ['sh', '-c', SCRIPT, 'sh']
        with open('in') as records, open('err', 'wb') as err:
            process = subprocess.Popen(command, stdin=records, stdout=out, stderr=err)
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
        self.errors = open('err', 'rb').read()
        self.written = pieces[0] if self.place == 'pipe' else open('file', 'rb').read() if os.path.exists('file') else b''
        return status

    def check(self):
        """Returns what is wrong with the output, None if nothing is."""
        expected = [output(record) for record in self.records]
        text = self.written.decode()
        if self.form == 'text':
            found = re.findall(r'out [^\n]*\n(?:line [^\n]*\n)*', text)
            if self.is_unordered:
                found.sort()
                expected.sort()
            return None if found == expected and len(text) == sum(map(len, expected)) else text
        results = json.loads(text) if self.form == 'json' else [json.loads(line) for line in text.splitlines()]
        if self.is_unordered:
            results.sort(key=lambda result: result['seq'])
        found = [(result['seq'], result['argv'][-1], result['status'], result['stdout']) for result in results]
        wanted = [(i + 1, record, 3 if record.endswith('13') else 0, expected[i]) for i, record in enumerate(self.records)]
        return None if found == wanted else text

    def whole(self):
        """Runs, ends and resumes. Returns what is wrong, None if nothing is."""
        ends = self.random.randint(1, 5)
        for i in range(ends + 1):
            status = self.run(os.path.exists('run.mpj'), i == ends)
            if status in (1, 2):
                return 'status %d: %s' % (status, self.errors.decode())
            if self.edits and i < ends and self.random.random() < 0.6:
                self.edit()
        return self.check()


def main():
    mpmap, seed, wanted = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    ended, scenarios = 0, 0
    while ended < wanted:
        shutil.rmtree('scenario', ignore_errors=True)
        os.mkdir('scenario')
        os.chdir('scenario')
        scenario = Scenario(mpmap, seed + scenarios)
        wrong = scenario.whole()
        os.chdir('..')
        if wrong is not None:
            print('seed %d: %s' % (seed + scenarios, ' '.join(scenario.options)))
            print(wrong[:2000])
            return 1
        ended += scenario.ended
        scenarios += 1
    print('%d runs ended early in %d scenarios' % (ended, scenarios))
    return 0


sys.exit(main())
