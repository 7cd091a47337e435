/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A process that runs a role: its life from start to close.
 *
 * The contract is that of multiprocessing.Process (CPython's documentation), with two differences: every misuse is a
 * returned error, never an assertion, and the sentinel reports the end of the process itself even while a grandchild
 * lives.
 *
 *	state      start     join, is_alive    signal, sentinel    close
 *	INITIAL    STARTED   EINVAL (alive: 0) EINVAL              CLOSED
 *	STARTED    EALREADY  STOPPED if ended  sent, opened        EBUSY unless ended
 *	STOPPED    EALREADY  0                 nothing, ESRCH      CLOSED
 *	CLOSED     EBADF     EBADF             EBADF               0
 *
 * In a process other than the one that started it, all but start and close fail with ECHILD while it is STARTED or
 * STOPPED.
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
	/* Exit status 0 to 255, or -1 if a signal ended the process or its end is unknown. */
	int status;
	/* The signal that ended the process, or 0. */
	int signal;
};

/* Embedded in its owner. Only process.c writes the fields; everybody may read them. */
struct process {
	/* An array, so that a start allocates nothing: after a fork each page that is written to is copied. */
	char name[PROCESS_NAME_SIZE];
	enum process_state state;
	/* The pid of the process, 0 before the start. */
	pid_t pid;
	/* The process that started this one: no other can wait for it. */
	pid_t parent;
	/* The sentinel: readable once the process has ended; -1 before process_sentinel. */
	int pidfd;
	/* Valid once state is PROCESS_STOPPED. */
	struct process_end end;
	/* Link in the list of living children. */
	struct list link;
};

/* Initializes a process that is not started, with a copy of name, cut to PROCESS_NAME_SIZE - 1 bytes. */
void process_init(struct process *process, const char *name);

/*
 * Starts role by the method with fd, which remains the caller's. Returns 0, or -1 with the error: EALREADY if it was
 * started before (that process continues), EBADF if it is closed, else the method's.
 */
int process_start(struct process *process, const struct start_method *method, const struct role *role, int fd,
		  struct error *error) MUST_CHECK;

/*
 * Waits for its end until the deadline (monotonic); a deadline in the past only checks. May be repeated. Returns 0 when
 * it has ended, or -1 with errno: ETIMEDOUT, EINVAL, ECHILD, EBADF, or why no sentinel can be opened, which only a
 * deadline in the future needs.
 */
int process_join(struct process *process, nsec deadline) MUST_CHECK;

/* Returns 1 while it runs, else 0, or -1 with errno ECHILD or EBADF. Moves an ended process to PROCESS_STOPPED. */
int process_is_alive(struct process *process) MUST_CHECK;

/*
 * True if it is stopped (SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU). False while it runs, also under a debugger, after its
 * end, and in a process other than its parent.
 */
bool process_is_stopped(const struct process *process);

/* Sends a signal, unless it has ended. Returns 0, or -1 with errno EINVAL, ECHILD, EBADF or EPERM. */
int process_signal(struct process *process, int signal) MUST_CHECK;

/* Sends SIGKILL, like process_signal. */
int process_kill(struct process *process) MUST_CHECK;

/* Moves everything of from to to, which must own nothing; from is closed afterwards. The process itself continues. */
void process_move(struct process *to, struct process *from);

/*
 * Returns the descriptor that becomes readable at its end; it belongs to the process. The first call opens it: a
 * descriptor that is opened late is not copied into the children forked before. Returns -1 with errno: EINVAL, ESRCH
 * (its end was taken before the first call), ECHILD, EBADF, EMFILE, ENFILE or ENOMEM.
 */
int process_sentinel(struct process *process);

/* Closes the sentinel; process_sentinel opens it again. */
void process_forget_sentinel(struct process *process);

/* Releases everything. Returns 0, also when repeated, or -1 with errno EBUSY while it runs. */
int process_close(struct process *process) MUST_CHECK;

/*
 * Stores the living children of this process, in the order of their starts, at most size of them. Returns how many
 * there are in all. Takes no child's end.
 */
size_t process_active_children(struct process **children, size_t size);

#endif
