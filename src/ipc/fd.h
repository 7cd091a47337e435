/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * File descriptors. All that this program opens are close-on-exec from the beginning. A variable without a descriptor
 * is -1. EINTR is handled here.
 */
#ifndef IPC_FD_H
#define IPC_FD_H

#include "base/clock.h"
#include "base/dialect.h"
#include "base/slice.h"

/* Closes *fd, unless it is -1, and sets it to -1. Keeps errno. */
void fd_close(int *fd);

/* read(2) and write(2), repeated after a signal. */
ssize_t fd_read(int fd, void *data, size_t size);
ssize_t fd_write(int fd, const void *data, size_t size);

/* Creates a pipe whose ends[0] does not block, and whose ends[1] does. Returns 0, or -1 with errno. */
int fd_pipe(int ends[2]) MUST_CHECK;

/* Creates a pipe like fd_pipe whose ends both block, which saves a system call where reads may block. */
int fd_pipe_blocking(int ends[2]) MUST_CHECK;

/*
 * Creates two connected stream sockets: ends[0] does not block, ends[1] does. Returns 0, or -1 with errno. Each can be
 * read and written; fd_end_writing ends the reading of the other.
 */
int fd_socket_pair(int ends[2]) MUST_CHECK;
void fd_end_writing(int fd);

/* Makes an end of a pipe non-blocking, for every process that has it. */
void fd_unblock(int fd);

/* Makes a pipe hold size bytes, if the system permits that (pipe(7)); else it remains as it is. */
void fd_widen(int fd, size_t size);

/* Returns another descriptor for the same, or -1 with errno. */
int fd_copy(int fd) MUST_CHECK;

/* Makes descriptor place (0, 1 or 2) a copy of fd, also for programs that are executed. Returns 0, or -1 with errno. */
int fd_replace(int place, int fd) MUST_CHECK;

/*
 * Returns a descriptor from which the bytes and then the end of file can be read, or -1 with errno. It is a pipe if
 * any can hold them, else a memory file, or a large pipe where files may not be that large.
 */
int fd_holding(struct slice bytes) MUST_CHECK;

/* Opens /dev/null for reading and writing. Returns the descriptor, or -1 with errno. */
int fd_null(void) MUST_CHECK;

/*
 * Opens /dev/null in place of each standard descriptor that is closed, so that no other file gets its number. It is
 * close-on-exec, hence closed again in programs that are executed. Returns a mask of those that were closed (1 << fd);
 * ends this process if there is no /dev/null.
 */
unsigned fd_fill_standard(void);

/*
 * Records the descriptors above 2 that this program was started with, but for except (-1 if none): its tasks inherit
 * them. Called once, before any other descriptor is opened.
 */
void fd_remember_inherited(int except);

/*
 * Moves a high descriptor to the lowest free number above 2. Returns its new number. A fork costs the more the higher
 * the highest descriptor is.
 */
int fd_lower(int fd);

/*
 * Moves a descriptor to a number of at least least, so that a smaller one is free for a child to use. Returns 0, or -1
 * with errno and *fd unchanged.
 */
int fd_raise(int *fd, int least) MUST_CHECK;

/* True if this program was started with the descriptor, by fd_remember_inherited. */
bool fd_is_inherited(int fd);

/* Closes, in a forked child, everything but 0, 1, 2, the inherited ones and those in keep (-1 is ignored). */
void fd_close_others(const int *keep, size_t count);

/*
 * Opens the pipe or terminal of fd anew, non-blocking, without effect on processes that share fd. Returns the
 * descriptor, which the caller closes, or -1 if fd is neither or cannot be opened.
 */
int fd_reopen_for_writing(int fd);

/*
 * Opens the pipe that another process has as descriptor fd, for writing. Returns the descriptor, which the caller
 * closes, or -1 with errno.
 */
int fd_open_other(pid_t pid, int fd) MUST_CHECK;

/* Opens the terminal of fd likewise for reading, else -1. */
int fd_reopen_for_reading(int fd);

/*
 * Opens the file of fd once more, for reading from its beginning, also if it has lost its name. Returns the descriptor,
 * which the caller closes, or -1 with errno.
 */
int fd_open_again(int fd) MUST_CHECK;

/* A descriptor to wait for. Errors and hang-ups are always reported. */
struct fd_wait {
	/* -1 is ignored. */
	int fd;
	/* What to wait for, set by the caller. */
	bool want_input;
	bool want_output;
	/* What is ready, set by fd_wait. */
	bool input;
	bool output;
	bool hangup;
	/* True if the peer has hung up, with nothing left to read. */
	bool end;
};

/* Waits until one is ready. Returns how many are, 0 after the deadline (monotonic), or -1 with errno EINTR. */
int fd_wait(struct fd_wait *waits, size_t count, nsec deadline);

/* False if what is written to fd is not read any more. */
bool fd_has_reader(int fd);

#endif
