/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * File descriptors: every one of ours is close-on-exec from birth, "none" is always -1, and EINTR is dealt with here.
 */
#ifndef IPC_FD_H
#define IPC_FD_H

#include "base/clock.h"
#include "base/dialect.h"
#include "base/slice.h"

/* Closes *fd unless it is -1 and sets it to -1. Keeps errno. */
void fd_close(int *fd);

/* read(2) and write(2), repeated when a signal interrupts them. */
ssize_t fd_read(int fd, void *data, size_t size);
ssize_t fd_write(int fd, const void *data, size_t size);

/* A pipe: ends[0] reads without blocking, ends[1] writes (blocking). -1 with errno. */
int fd_pipe(int ends[2]) MUST_CHECK;

/* The same, but ends[0] blocks until it is told not to: two system calls fewer for who need not. */
int fd_pipe_blocking(int ends[2]) MUST_CHECK;
void fd_unblock(int fd);

/* Makes place (0, 1 or 2) the same as fd, for this process and those that it starts. -1 with errno. */
int fd_replace(int place, int fd) MUST_CHECK;

/*
 * A descriptor from which these bytes can be read, and then the end of the file: a pipe when that holds them, else
 * memory. -1 with errno.
 */
int fd_holding(struct slice bytes) MUST_CHECK;

/* /dev/null for reading and writing; -1 with errno. */
int fd_null(void) MUST_CHECK;

/*
 * Opens /dev/null in the places of standard descriptors that are closed, so that nothing of ours lands there. They are
 * close-on-exec: for the programs we start they are closed again. Returns a mask of those that were closed (1 << fd).
 */
unsigned fd_fill_standard(void);

/*
 * Remembers the descriptors above 2 that this program was started with, which its tasks inherit; except (may be -1) is
 * not one of them. Call once, before anything else opens a descriptor.
 */
void fd_remember_inherited(int except);

/*
 * Moves a high descriptor to the lowest place above 2 that is free: its new number. What a child of this process costs
 * goes by its highest one.
 */
int fd_lower(int fd);

/* In a forked child: closes everything but 0, 1, 2, what was inherited and the given ones (-1 is ignored). */
void fd_close_others(const int *keep, size_t count);

/*
 * A descriptor for the same pipe or terminal as fd that can be made non-blocking without changing it for those who
 * share it; -1 when there is no such thing. The caller closes it.
 */
int fd_reopen_for_writing(int fd);

/* One descriptor to wait for. Errors and hang-ups are always told, whatever is wanted; fd -1 is passed over. */
struct fd_wait {
	int fd;
	bool want_input;
	bool want_output;
	bool input;
	bool output;
	bool hangup;
	/* Hung up, and nothing is left to read. */
	bool end;
};

/* Waits until one is ready or the deadline (monotonic) has passed: how many are ready, 0 at the deadline; -1 with
 * EINTR. */
int fd_wait(struct fd_wait *waits, size_t count, nsec deadline);

#endif
