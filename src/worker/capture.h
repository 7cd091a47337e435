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
	/* The reading ends for output and errors; -1 once at their end. */
	int readers[CAPTURE_STREAMS];
	/* The ring is full: nothing is read until the parent has made room and woken us. */
	bool blocked;
	/* What was heeded last was the end of a stream. */
	bool is_ending;
	/* Reading does not wait (O_NONBLOCK). */
	bool unblocked;
	/* Bytes taken in all, and those of standard output. */
	uint64_t total;
	uint64_t output;
};

/* Pipes for a task: writers are the caller's to hand over and close. -1 with errno. */
int capture_open(struct capture *capture, const struct task *task, int writers[CAPTURE_STREAMS]) MUST_CHECK;

/*
 * After the task's end: takes all that it wrote, where nobody else can write. What is more than a few pieces, or has no
 * room, or goes on, is left for capture_drain.
 */
void capture_take_rest(struct capture *capture, struct workplace *place);

/*
 * Heeds what a wait for input said of each stream: one that is at its end is closed, and what is there is taken; so it
 * is when the parent has made room.
 */
void capture_heed(struct capture *capture, struct workplace *place, const struct fd_wait waits[CAPTURE_STREAMS]);

/* Takes what is there now, as far as the ring has room. */
void capture_drain(struct capture *capture, struct workplace *place);

/* Whether both streams have come to their end. */
bool capture_is_at_end(const struct capture *capture);

void capture_close(struct capture *capture);

/* The same, of a task that has not been started, with the other ends. Keeps errno. */
void capture_drop(struct capture *capture, int writers[CAPTURE_STREAMS]);

#endif
