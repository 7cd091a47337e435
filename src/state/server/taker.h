/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run that takes its input from a queue: items are popped for it, and sent to it as messages. */
#ifndef STATE_SERVER_TAKER_H
#define STATE_SERVER_TAKER_H

#include "base/dialect.h"
#include "base/slice.h"
#include "state/server/attempts.h"
#include "state/server/control.h"

/* The bytes of messages under way (server->out) at which no further item is popped. */
enum { TAKER_OUT_MAX = 1 << 18 };

struct taker {
	struct server *server;
	uint64_t run;
	/* The owner of what was taken and is not done. */
	struct owner *owner;
	/* The queue; owned. */
	char *queue;
	/* The pop that is under way. */
	struct call call;
	/* True if that has waited, and has its answer. */
	bool is_answered;
	/* How many items are wanted yet. */
	uint64_t wanted;
};

/* The run wants so many more items of a queue. Another than before is refused. */
void taker_want(struct server *server, struct run *run, const char *queue, uint32_t count);

/* So many of the items are done. */
void taker_done(struct run *run, uint64_t count);

/* Pops what can be had, and answers syncs once that is done. */
void taker_go_on(struct server *server, struct run *run);

/* Gives back what is not done. */
void taker_end(struct run *run);

#endif
