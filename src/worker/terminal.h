/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The controlling terminal, which a worker hands to its task and takes back (--tty). tcsetpgrp(3) of POSIX. */
#ifndef WORKER_TERMINAL_H
#define WORKER_TERMINAL_H

#include "base/dialect.h"
#include "worker/workplace.h"

struct terminal;

/* Opens the controlling terminal: its descriptor, or -1 with errno when there is none. */
int terminal_open(void) MUST_CHECK;

/* Whether the run's process group is in the foreground. */
bool terminal_is_ours(int fd);

/*
 * Waits until the run's process group is in the foreground: whoever started this process is stopped until it is, as by
 * a read in the background. False, with errno, when that is no use (EIO), or is not wanted any more (ECANCELED).
 */
bool terminal_wait(int fd, struct workplace *place);

/* Puts a process group into the foreground; 0: the run's. */
void terminal_give(int fd, pid_t group);

/* Sends whoever started us a signal that the user typed at a task, and waits until no further task may start. */
void terminal_pass_on(struct workplace *place, int signal);

/* Remembers the terminal's modes, and sets what was remembered again. */
struct terminal *terminal_remember(int fd);
void terminal_restore(int fd, const struct terminal *terminal);

/*
 * After a task that had it: takes it back, with the modes that it had unless the task ended well; what the user typed
 * at the task was meant for us too.
 */
void terminal_take_back(int terminal, const struct terminal *modes, struct workplace *place,
			const struct result *result);

/* That the task which has the terminal was stopped: it goes on when the run does. All zero: it was not. */
struct suspension {
	bool is_on;
	/* How long the run had been stopped before that: it has been stopped and goes on when that has grown. */
	nsec stopped_for;
};

/* The task was stopped by ^Z: the run stops as well. */
void terminal_suspend(int fd, const struct workplace *place, struct suspension *suspension);

/* Lets the task, which leads its group, go on when the run has. */
void terminal_resume(int fd, const struct workplace *place, struct suspension *suspension, pid_t task);

#endif
