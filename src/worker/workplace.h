/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a worker has at hand: its line to the parent, its seat and ring on the board, the input, and what the run is. */
#ifndef WORKER_WORKPLACE_H
#define WORKER_WORKPLACE_H

#include "base/bytes.h"
#include "base/clock.h"
#include "base/dialect.h"
#include "ipc/fd.h"
#include "ipc/shm.h"
#include "task/task.h"
#include "task/template.h"
#include "board/board.h"
#include "board/message.h"
#include "worker/claim.h"

struct workplace {
	int channel;
	/* The folder the worker was in before, where the run has another; -1. */
	int home;
	struct setup setup;
	struct briefing briefing;
	struct board board;
	struct notice *notice;
	struct seat *seat;
	struct ring ring;
	struct shm arena;
	struct template template;
	/* Of the lines' tags, where tasks have them: a task without the values for that has not what it takes either.
	 */
	struct template tag;
	struct claim claim;
	/* The task in hand could not be started before, for want of resources. */
	bool retrying;
	struct doorbell doorbell;
	/* The parent has woken us since this was last cleared. */
	bool woken;
	/* The channel was looked at since this was last cleared. */
	bool listened;
	struct bytes scratch;
};

/* Sets everything up from the parent's next SETUP on channel: 1; 0 when the parent is gone; -1 when it cannot be. */
int workplace_open(struct workplace *place, int channel) MUST_CHECK;

/* Lets go of all that, but for the channel, and goes back to where the worker was before. -1 when it cannot. */
int workplace_close(struct workplace *place) MUST_CHECK;

/* Takes note of what the parent says, without waiting: false when the parent is gone. */
bool workplace_listen(struct workplace *place);

/* A check before a wait; it may also prepare that a change wakes the worker (a mark, a flag), before it checks. */
typedef bool workplace_condition(struct workplace *place, void *context);

/*
 * Waits until the condition is true or the deadline has passed; checks it again after each WAKE. The one place that
 * clears woken before a check, so that no WAKE between check and wait is overlooked (workplace_want_room does the same
 * where output is waited for, too). Announces what is due. Returns false when the parent is gone.
 */
bool workplace_wait_until(struct workplace *place, workplace_condition *condition, void *context,
			  nsec deadline) MUST_CHECK;

/*
 * True if the ring has no room for a packet of that size; the parent is rung for then, and wakes the worker when there
 * is room. False if there is room now.
 */
bool workplace_want_room(struct workplace *place, size_t size);

/*
 * Waits for the parent and for the other descriptors in waits, whose first entry it fills in, until the deadline. May
 * return earlier, when an announcement is due, which the next call sends: call it in a loop. Returns false when the
 * parent is gone.
 */
bool workplace_await(struct workplace *place, struct fd_wait *waits, size_t count, nsec deadline) MUST_CHECK;

/* Rings at once, so that the parent scans this worker's ring and its state. A RING that fails is sent again when due.
 */
void workplace_announce(struct workplace *place);

/* Rings at once if packets are committed that the parent may not know of. */
void workplace_announce_pending(struct workplace *place);

/* Rings if packets have gathered for long enough and no scan has taken them (doorbell_is_due). */
void workplace_announce_if_due(struct workplace *place);

/* Commits a packet of a copied payload, waiting for room if need be: false when the parent is gone. */
bool workplace_send(struct workplace *place, enum packet_type type, struct slice payload);

/* Words for the user to see, in as many packets as it takes: false when the parent is gone. */
bool workplace_say(struct workplace *place, struct slice words);

/* Tells workers that begin after this whether tasks take long. */
void workplace_note_length(struct workplace *place, bool is_long);

/* How long the task in hand may take; 0: as long as it likes. */
nsec workplace_timeout(const struct workplace *place);

/* A time that stands still while the run is stopped (SIGTSTP); and when it will be so late, monotonic (NSEC_FOREVER).
 */
nsec workplace_time(const struct workplace *place);
nsec workplace_when(const struct workplace *place, nsec time);

/* The argv for a task, as template_expand has it; NULL with errno. */
char **workplace_expand(struct workplace *place, const struct task *task);

/* What fills replacement strings. */
struct template_values workplace_values(const struct workplace *place);

#endif
