/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The items of a queue to which tasks push (--queue), from the state server to a pipe that the feeder reads.
 *
 * The pipe is closed once no more can come. That is so if the queue is empty, and all tasks are done; whether it is
 * empty the server says after it has carried out all that tasks had sent:
 *
 *   state     event                                         next
 *   TAKING    all tasks that were submitted are done        ASKING: control_sync
 *   ASKING    an item comes                                 TAKING
 *   ASKING    CONTROL_EVENT_SYNCED                          ENDED: the pipe is closed
 */
#ifndef RUN_COMPANION_FINDING_H
#define RUN_COMPANION_FINDING_H

#include "base/dialect.h"
#include "ipc/writer.h"
#include "state/server/control.h"

struct session;

/* All zero in a run without a queue. */
struct finding {
	enum finding_state {
		FINDING_NOTHING,
		FINDING_TAKING,
		FINDING_ASKING,
		FINDING_ENDED,
	} state;
	/* The writing end of the pipe. */
	int fd;
	struct writer writer;
	/* Tasks that were submitted before; items that have come since, and how many of them were reported as done. */
	uint64_t before;
	uint64_t items;
	uint64_t done;
	/* Items that the server may send yet. */
	uint64_t wanted;
	/* Number of times that was asked and not answered. */
	uint64_t asked;
	/* True while an item has not come whole. */
	bool is_partial;
};

/*
 * Begins to take items of the queue that the run's options name. Returns the reading end of the pipe, where each item
 * has a NUL after it, or -1 with errno.
 */
int finding_open(struct session *session) MUST_CHECK;

/* Takes an event of the server. */
void finding_take(struct session *session, const struct control_event *event);

/* Reports what is done, and asks for more. Returns 0, or -1 with errno as channel_send does. */
int finding_flush(struct session *session) MUST_CHECK;

/* Closes the pipe: no more items come. Harmless if there is none. */
void finding_close(struct finding *finding);

#endif
