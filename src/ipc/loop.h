/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The event loop: watched descriptors, and the functions that are called when they are ready. */
#ifndef IPC_LOOP_H
#define IPC_LOOP_H

#include "base/clock.h"
#include "base/diag.h"
#include "base/dialect.h"

enum loop_events {
	LOOP_INPUT = 1,
	LOOP_OUTPUT = 2,
	/* The peer is gone, or an error is pending. Always reported, never requested. */
	LOOP_HANGUP = 4,
};

/*
 * A descriptor that can be watched, embedded in its owner (container_of). The owner sets fd, ready and context and
 * leaves the rest zero for the loop.
 */
struct watch {
	int fd;
	void (*ready)(struct watch *watch, unsigned events);
	/* The context of messages while ready runs, NULL if none. */
	const struct diag_context *context;
	/* The events that are waited for. */
	unsigned events;
	bool watched;
	/* True if epoll cannot wait for the descriptor, as for a regular file: it is always ready. */
	bool always;
	struct watch *next_always;
};

struct loop {
	int epoll;
	/* The list of the watches that are always ready. */
	struct watch *always;
	/* The next watch of that list to be called in the current step. */
	struct watch *next_always;
	/* The watches that are ready in the current step; NULL in place of a forgotten one. */
	struct watch **batch;
	size_t batch_size;
};

/* Returns 0, or -1 with errno. */
int loop_init(struct loop *loop) MUST_CHECK;

/* Sets the events that are waited for, 0 for hang-ups only. Returns 0, or -1 with errno. */
int loop_watch(struct loop *loop, struct watch *watch, unsigned events) MUST_CHECK;

/* Stops watching, if it is watched. The descriptor remains open and the owner's. */
void loop_forget(struct loop *loop, struct watch *watch);

/* Waits until a watch is ready or the deadline (monotonic) has passed, and calls each that is ready once. */
void loop_step(struct loop *loop, nsec deadline);

void loop_release(struct loop *loop);

#endif
