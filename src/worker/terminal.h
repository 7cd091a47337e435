/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The controlling terminal, which a worker hands to its task and takes back (--tty). tcsetpgrp(3) of POSIX. */
#ifndef WORKER_TERMINAL_H
#define WORKER_TERMINAL_H

#include "base/dialect.h"
#include "worker/workplace.h"

struct terminal;

/* Opens the controlling terminal. Returns its descriptor, or -1 with errno. */
int terminal_open(void) MUST_CHECK;

/* True if the run's process group is in the foreground. */
bool terminal_is_ours(int fd);

/*
 * Waits until the run's process group is in the foreground, and stops the parent until then, as a read in the
 * background would. False with errno: EIO if the parent cannot be stopped, ECANCELED if the run ends or the parent is
 * gone.
 */
bool terminal_wait(int fd, struct workplace *place);

/* Puts a process group into the foreground; 0 means the run's group. */
void terminal_give(int fd, pid_t group);

/* Sends the parent a signal that the user typed for a task, and waits at most 2 s until the gate is shut. */
void terminal_pass_on(struct workplace *place, int signal);

/* Returns the current modes of the terminal (free). */
struct terminal *terminal_remember(int fd);

/* Sets modes that were remembered. */
void terminal_restore(int fd, const struct terminal *terminal);

/*
 * Takes the terminal back from a task that has ended, and restores its modes unless the task succeeded. A SIGINT or
 * SIGQUIT that ended the task is passed on to the parent.
 */
void terminal_take_back(int terminal, const struct terminal *modes, struct workplace *place,
			const struct result *result);

/* The suspension, by the user, of a task that has the terminal; it continues when the run does. All zero if none. */
struct suspension {
	bool is_on;
	/* The notice's stopped_for at that time: when it has grown, the run was stopped and has continued. */
	nsec stopped_for;
};

/* Stops the run, after the task was stopped by ^Z. */
void terminal_suspend(int fd, const struct workplace *place, struct suspension *suspension);

/* Continues the task, which leads its group, if the run has continued. */
void terminal_resume(int fd, const struct workplace *place, struct suspension *suspension, pid_t task);

#endif
