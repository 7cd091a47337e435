/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The event loop: which descriptors are watched, and who is told when they are ready. */
#ifndef IPC_LOOP_H
#define IPC_LOOP_H

#include "base/clock.h"
#include "base/diag.h"
#include "base/dialect.h"

enum loop_events {
	LOOP_INPUT = 1,
	LOOP_OUTPUT = 2,
	/* The other side is gone, or an error is pending: told always, never asked for. */
	LOOP_HANGUP = 4,
};

/*
 * A watched descriptor, embedded in what it belongs to (container_of). The owner sets fd, ready and context; the
 * rest is the loop's. Not watched while all zero but fd.
 */
struct watch {
	int fd;
	void (*ready)(struct watch *watch, unsigned events);
	/* The context of messages while ready runs; NULL if none. */
	const struct diag_context *context;
	unsigned events;
	bool watched;
	/* A regular file, say, for which there is nothing to wait: always ready. */
	bool always;
	struct watch *next_always;
};

struct loop {
	int epoll;
	struct watch *always;
	/* The one to be called next, while they are. */
	struct watch *next_always;
	/* The batch being delivered, so that a watch removed meanwhile is not called. */
	struct watch **batch;
	size_t batch_size;
};

/* 0, or -1 with errno. */
int loop_init(struct loop *loop) MUST_CHECK;

/* Watches for the events (none: only hang-ups), changing what was watched for. 0, or -1 with errno. */
int loop_watch(struct loop *loop, struct watch *watch, unsigned events) MUST_CHECK;

/* Stops watching; harmless when it is not watched. The descriptor stays open: it is the owner's. */
void loop_forget(struct loop *loop, struct watch *watch);

/* Waits until something is ready or the deadline (monotonic) has passed, and calls each that is ready once. */
void loop_step(struct loop *loop, nsec deadline);

void loop_release(struct loop *loop);

#endif
