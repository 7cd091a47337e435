#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the power from journalled runs, and compares what --resume makes of what the disk has.

power.py MPMAP SHIM SEED LOSSES: until the power was lost so many times. SHIM is tests/power.c, which is preloaded: it copies
what is synced to a folder, the disk, and stops the run at one of its calls that write, cut or sync. Then all of it is
killed, and the files become what the disk has. What was written and not synced may be there as well, in part, as on a disk
that was writing then:

  the journal   nothing more, the beginning of what was appended (a torn write), or NULs in its place (the size was stored,
                the data was not)
  the output,   nothing more, or any of the 512-byte sectors that were not synced, the others as they were before
  the outputs   (NULs beyond the old end)
  names         that were made or removed since the folder was synced: either way

With --sync=none a run may be refused after that, but its output is never wrong. The scenarios are those of resume_kill.py;
one that fails is printed with the seed that repeats it.
"""
import os
import shutil
import signal
import sys

from resume_kill import JOURNAL, OUTPUTS, Scenario, descendants, kill, prove, read

SECTOR = 512

# The calls among which one is chosen; most runs make fewer than 60.
CALLS = 120


def write(name, data):
    """Changes the contents of a file, which remains the same file."""
    with open(name, 'r+b' if os.path.exists(name) else 'wb') as file:
        file.truncate(0)
        file.write(data)


class PowerScenario(Scenario):
    def __init__(self, mpmap, shim, seed, home):
        super().__init__(mpmap, seed, home)
        self.shim = shim
        self.disk = self.path('disk')
        if self.random.random() < 0.25:
            self.options[self.options.index('--sync=' + self.sync)] = '--sync=none'
            self.sync = 'none'

    def files(self):
        return [self.path(name) for name in (JOURNAL, OUTPUTS, self.file)]

    def boot(self):
        """Has everything that there is on the disk, as it is after a reboot."""
        shutil.rmtree(self.disk, ignore_errors=True)
        os.mkdir(self.disk)
        for folder in {os.path.dirname(name) for name in self.files()}:
            with open(os.path.join(self.disk, str(os.stat(folder).st_ino)), 'w') as names:
                for entry in os.scandir(folder):
                    names.write('%d %s\n' % (entry.inode(), entry.name))
        for name in self.files():
            if os.path.exists(name):
                shutil.copyfile(name, os.path.join(self.disk, str(os.stat(name).st_ino)))

    def stored(self, inode):
        return read(os.path.join(self.disk, str(inode)))

    def stored_inode(self, name):
        """Returns the inode that the disk has for a name, None if it has none."""
        for line in self.stored(os.stat(os.path.dirname(name)).st_ino).decode().splitlines():
            inode, known = line.split(' ', 1)
            if known == os.path.basename(name):
                return int(inode)
        return None

    def torn_append(self, before, after):
        how = self.random.choice(['lost', 'torn', 'nuls'])
        if how == 'lost' or not after.startswith(before):
            return before
        more = self.random.randint(0, len(after) - len(before))
        return after[:len(before) + more] if how == 'torn' else before + bytes(more)

    def torn_sectors(self, before, after):
        if self.random.random() < 0.4:
            return before
        least, most = sorted([len(before), len(after)])
        size = self.random.choice([least, most, self.random.randint(least, most)])
        pieces = []
        for at in range(0, size, SECTOR):
            piece = self.random.choice([before, after])[at:min(at + SECTOR, size)]
            pieces.append(piece + bytes(min(SECTOR, size - at) - len(piece)))
        return b''.join(pieces)

    def restore(self, name):
        """Makes of one file what the disk has of it."""
        tears = self.torn_append if name == self.path(JOURNAL) else self.torn_sectors
        inode = self.stored_inode(name)
        if not os.path.exists(name):
            if inode is not None and self.random.random() < 0.5:
                write(name, self.stored(inode))
        elif inode is None and self.random.random() < 0.7:
            os.remove(name)
        elif inode not in (None, os.stat(name).st_ino) and self.random.random() < 0.5:
            os.remove(name)
            write(name, self.stored(inode))
        else:
            write(name, tears(self.stored(os.stat(name).st_ino), read(name)))

    def lose_power(self):
        for name in self.files():
            self.restore(name)
        self.ended += 1
        # The name of the journal is stored before anything is written to the output.
        if not os.path.exists(self.path(JOURNAL)) and self.place == 'out' and os.path.exists(self.path(self.file)):
            if read(self.path(self.file)):
                return 'output without a journal'
            os.remove(self.path(self.file))
        return None

    def end_early(self, process):
        """Waits until the shim has stopped the run, or the run has ended; ends all of it."""
        state = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WSTOPPED | os.WNOWAIT)
        if state.si_code != os.CLD_STOPPED:
            return
        for pid in descendants(process.pid):
            kill(pid)
        process.send_signal(signal.SIGKILL)

    def environment(self, is_last):
        environment = super().environment(is_last)
        if is_last:
            return environment
        self.boot()
        when = self.random.choice(['POWER_BEFORE', 'POWER_AFTER'])
        call = int(self.random.random() ** 2 * CALLS) + 1
        return dict(environment, LD_PRELOAD=self.shim, POWER_DISK=self.disk, **{when: str(call)})

    def may_refuse(self, status):
        return self.sync == 'none' and self.ended and status in (1, 2)

    def start(self, resumes, is_last):
        status = super().start(resumes, is_last)
        self.lost = self.lose_power() if status == -signal.SIGKILL else None
        return status

    def run(self, is_last):
        return super().run(is_last) or self.lost


if __name__ == '__main__':
    sys.exit(prove(lambda seed, home: PowerScenario(sys.argv[1], sys.argv[2], seed, home), int(sys.argv[3]),
                   int(sys.argv[4])))
