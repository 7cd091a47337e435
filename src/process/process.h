/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A process that runs a role: its life from start to close.
 *
 * The contract is that of multiprocessing.Process (CPython's documentation), with two differences: every misuse is a
 * returned error, never an assertion, and the sentinel tells of the process's own end even while a grandchild lives.
 */
#ifndef PROCESS_PROCESS_H
#define PROCESS_PROCESS_H

#include "base/clock.h"
#include "base/dialect.h"
#include "base/error.h"
#include "base/list.h"
#include "process/start.h"

enum { PROCESS_NAME_SIZE = 48 };

enum process_state {
	PROCESS_INITIAL,
	PROCESS_STARTED,
	PROCESS_STOPPED,
	PROCESS_CLOSED,
};

/* How a process ended. */
struct process_end {
	/* Exit status 0 to 255; -1 when a signal ended it, or when that is unknown (both below 0 and 0). */
	int status;
	/* The signal, or 0. */
	int signal;
};

/* Embedded in what it serves. Only process.c changes it; the fields may be read. */
struct process {
	/* Here, so that a start need not allocate: a fork makes each page that is written after it dear. */
	char name[PROCESS_NAME_SIZE];
	enum process_state state;
	pid_t pid;
	/* The process that started it: nobody else may wait for it. */
	pid_t parent;
	/* Ready for reading exactly when the process has ended; -1 until somebody asks for it. */
	int pidfd;
	/* Ended when its parent ends its children (process_end_daemons). */
	bool daemon;
	struct process_end end;
	/* In the registry of living children. */
	struct list link;
};

/* A process to be started, with a copy of the name (cut, if it is longer than PROCESS_NAME_SIZE - 1 bytes). */
void process_init(struct process *process, const char *name, bool daemon);

/*
 * Starts role by the method with fd, which stays the caller's. 0, or -1 with the error: EALREADY when it was started
 * before (that one is unharmed), EBADF when closed, else why the method could not.
 */
int process_start(struct process *process, const struct start_method *method, const struct role *role, int fd,
		  struct error *error) MUST_CHECK;

/*
 * Waits for its end until the deadline (monotonic; one in the past only looks). 0 when it has ended; -1 with errno:
 * ETIMEDOUT, EINVAL (not started), ECHILD (not a child of this process), EBADF (closed), or why there can be no
 * sentinel, which only a deadline to come needs. May be repeated.
 */
int process_join(struct process *process, nsec deadline) MUST_CHECK;

/* 1 while it runs, 0 when it does not (or was not started); -1 with errno ECHILD or EBADF. Takes note of its end. */
int process_is_alive(struct process *process) MUST_CHECK;

/* How it ended: 0; -1 with errno EAGAIN while it has not, EINVAL, EBADF. */
int process_get_end(struct process *process, struct process_end *end) MUST_CHECK;

/* Sends a signal; nothing is done when it has ended. 0, or -1 with errno EINVAL (not started), ECHILD, EBADF, EPERM. */
int process_signal(struct process *process, int signal) MUST_CHECK;
int process_terminate(struct process *process) MUST_CHECK;
int process_kill(struct process *process) MUST_CHECK;
int process_interrupt(struct process *process) MUST_CHECK;

/* Makes to, which holds nothing, what from is: from is closed afterwards. Nothing happens to the process itself. */
void process_move(struct process *to, struct process *from);

/*
 * The descriptor to wait on for its end (stays the process's), opened by the first who asks: who is told of an end
 * otherwise keeps it out of all the children that are forked meanwhile. -1 with errno: EINVAL (not started), ESRCH (its
 * end was taken before anybody had asked), ECHILD, EBADF (closed), or EMFILE, ENFILE, ENOMEM.
 */
int process_sentinel(struct process *process);

/* Closes that, where nobody waits on it any more; whoever asks again has it opened again. */
void process_forget_sentinel(struct process *process);

/*
 * Lets go of everything: 0; -1 with EBUSY while it runs. Harmless when done twice. Afterwards every other call fails
 * with EBADF.
 */
int process_close(struct process *process) MUST_CHECK;

/* Living children that were started and not joined, in the order of their starts, at most size of them: their number.
 */
size_t process_active_children(struct process **children, size_t size);

/* At the end of a process: SIGTERM to its daemonic children, then waits for them until the deadline, then SIGKILL. */
void process_end_daemons(nsec deadline);

#endif
