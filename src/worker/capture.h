/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A task's standard output and error on their way from its pipes into the worker's ring. */
#ifndef WORKER_CAPTURE_H
#define WORKER_CAPTURE_H

#include "base/dialect.h"
#include "ipc/fd.h"
#include "worker/workplace.h"

enum { CAPTURE_STREAMS = 2 };

struct capture {
	uint64_t index;
	uint32_t attempt;
	/* The reading ends for output and errors; -1 after their end of file. */
	int readers[CAPTURE_STREAMS];
	/* True if the ring is full: nothing is read until the parent has made room and sent a WAKE. */
	bool blocked;
	/* True if the last wait reported the end of a stream. */
	bool is_ending;
	/* True if reading does not wait (O_NONBLOCK). */
	bool unblocked;
	/* Bytes read in all. */
	uint64_t total;
	/* Bytes read of standard output. */
	uint64_t output;
};

/* The streams that have a pipe: a bit for each. */
enum capture_pipes {
	CAPTURE_OUTPUT = 1,
	CAPTURE_ERRORS = 2,
};

/*
 * Makes pipes for some of a task's streams; the caller hands over and closes writers, which are -1 for the others.
 * Returns -1 with errno.
 */
int capture_open(struct capture *capture, const struct task *task, unsigned pipes,
		 int writers[CAPTURE_STREAMS]) MUST_CHECK;

/*
 * After the task's end: reads the pipes that no process can write to any more. Output beyond a few pieces, or without
 * room in the ring, is left for capture_drain.
 */
void capture_take_rest(struct capture *capture, struct workplace *place);

/* Acts on a wait for both streams: closes those at their end, and reads what there is if a stream or the ring is ready.
 */
void capture_heed(struct capture *capture, struct workplace *place, const struct fd_wait waits[CAPTURE_STREAMS]);

/* Reads what there is now, as far as the ring has room. */
void capture_drain(struct capture *capture, struct workplace *place);

/* Closes the pipes of streams that the parent does not receive any more, after reading what they hold. */
void capture_close_unread(struct capture *capture, struct workplace *place);

/* True if both streams are at their end. */
bool capture_is_at_end(const struct capture *capture);

void capture_close(struct capture *capture);

/* Closes the pipes of a task that was not started, both ends. Keeps errno. */
void capture_drop(struct capture *capture, int writers[CAPTURE_STREAMS]);

#endif
