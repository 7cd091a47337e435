#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Damages the files of a journalled run, and sees that --resume gives the undisturbed output or refuses.

damage.py MPMAP WHAT SEED: WHAT is

  journal   each byte is changed, one at a time, and the file is cut at each length: the same output, or a refusal that
            leaves everything as it is; and --status neither crashes nor changes anything
  outputs   the same with the outputs file: the same output, or an error and no wrong output; with --force the same output
  output    the same with the run's output: a refusal, or the same output if what is damaged does not count

The run was killed when some of its tasks were in the output, one ran, and some had ended and were kept.
"""
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

AT_ONCE = 4
RECORDS = [str(i) for i in range(1, 9)]
SCRIPT = 'if [ "$1" = 4 ] && [ -p gate ]; then read -r x <gate; fi; echo "out $1"'
EXPECTED = ''.join('out %s\n' % record for record in RECORDS).encode()


class Ground:
    """A folder with the files of a run that was killed, which are put back after each trial."""

    def __init__(self, mpmap, home):
        self.home = home
        self.command = [mpmap, '-q', '-j2', '--journal=run.mpj', '--out=file', '--sync=none']
        os.makedirs(home)
        os.mkfifo(self.path('gate'))
        process = subprocess.Popen(self.command + ['--sync=each', 'sh', '-c', SCRIPT, 'sh', ':::'] + RECORDS,
                                   cwd=home)
        deadline = time.monotonic() + 60
        while self.read('run.mpj').count(b'"task":') < len(RECORDS) - 1:
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError('the run did not come so far')
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        # The task that waited ends with its worker.
        os.close(os.open(self.path('gate'), os.O_RDWR | os.O_NONBLOCK))
        os.remove(self.path('gate'))
        self.files = {name: self.read(name) for name in ('run.mpj', 'run.mpj.outputs', 'file')}

    def path(self, name):
        return os.path.join(self.home, name)

    def read(self, name):
        try:
            with open(self.path(name), 'rb') as file:
                return file.read()
        except FileNotFoundError:
            return b''

    def restore(self, name, data):
        """Changes the contents of a file, which remains the same file: the journal names the output's inode."""
        with open(self.path(name), 'r+b' if os.path.exists(self.path(name)) else 'wb') as file:
            file.truncate(0)
            file.write(data)

    def damage(self, name, data):
        for other, whole in self.files.items():
            self.restore(other, data if other == name else whole)

    def run(self, *options):
        """Returns the exit status and the messages of a run with more options."""
        done = subprocess.run(self.command + list(options) + ['sh', '-c', SCRIPT, 'sh', ':::'] + RECORDS, cwd=self.home,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)
        return done.returncode, done.stderr.decode(errors='replace')

    def is_untouched(self, name, data):
        return all(self.read(other) == (data if other == name else whole) for other, whole in self.files.items())

    def try_journal(self, data):
        """Returns what is wrong, None if nothing is."""
        self.damage('run.mpj', data)
        status, said = self.run('--status')
        if status not in (0, 1, 2) or not self.is_untouched('run.mpj', data):
            return '--status: status %d: %s' % (status, said)
        status, said = self.run('--resume')
        if status == 0:
            return None if self.read('file') == EXPECTED else 'wrong output: %r' % self.read('file')
        if status not in (1, 2) or not said:
            return 'status %d: %s' % (status, said)
        return None if self.is_untouched('run.mpj', data) else 'refused, and changed: %s' % said

    def try_outputs(self, data):
        self.damage('run.mpj.outputs', data)
        status, said = self.run('--resume')
        if status == 0:
            return None if self.read('file') == EXPECTED else 'wrong output: %r' % self.read('file')
        if status != 1 or '--resume --force' not in said or not EXPECTED.startswith(self.read('file')):
            return 'status %d: %s, output %r' % (status, said, self.read('file'))
        status, said = self.run('--resume', '--force')
        if status or self.read('file') != EXPECTED:
            return '--force: status %d: %s, output %r' % (status, said, self.read('file'))
        return None

    def try_output(self, data):
        self.damage('file', data)
        status, said = self.run('--resume')
        if status == 0:
            return None if self.read('file') == EXPECTED else 'wrong output: %r' % self.read('file')
        if status != 2 or not said:
            return 'status %d: %s' % (status, said)
        return None if self.is_untouched('file', data) else 'refused, and changed: %s' % said


def damaged(whole, number, chance):
    """Returns the number-th damage of some bytes: first each is changed, then they are cut at each length."""
    if number >= len(whole):
        return whole[:number - len(whole)]
    other = chance.choice([0, 10, whole[number] ^ 1 << chance.randrange(8)])
    other = other if other != whole[number] else other ^ 1
    return whole[:number] + bytes([other]) + whole[number + 1:]


def main():
    mpmap, what, seed = sys.argv[1], sys.argv[2], int(sys.argv[3])
    name = {'journal': 'run.mpj', 'outputs': 'run.mpj.outputs', 'output': 'file'}[what]
    home = os.path.abspath('grounds')
    shutil.rmtree(home, ignore_errors=True)
    failures = []

    def part(first):
        ground = Ground(mpmap, os.path.join(home, str(first)))
        whole = ground.files[name]
        for number in range(first, 2 * len(whole), AT_ONCE):
            data = damaged(whole, number, random.Random(seed + number))
            wrong = getattr(ground, 'try_' + what)(data)
            if wrong:
                failures.append('seed %d, damage %d of %s, %r: %s' % (seed, number, name, data, wrong))
            if failures:
                return 0
        return 2 * len(whole)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        counts = [thread.result() for thread in [threads.submit(part, first) for first in range(AT_ONCE)]]
    if failures:
        print(failures[0][:6000])
        return 1
    print('%d damages of %s, from seed %d' % (sum(counts) / AT_ONCE, name, seed))
    return 0


if __name__ == '__main__':
    sys.exit(main())
