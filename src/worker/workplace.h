/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A worker's surroundings: its channel to the parent, its seat, ring and doorbell, the input, and the run's briefing.
 */
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
	/* The folder that the worker was in before it entered the run's; -1 if the run has no folder of its own. */
	int home;
	struct setup setup;
	struct briefing briefing;
	struct board board;
	struct notice *notice;
	struct seat *seat;
	struct ring ring;
	struct shm arena;
	struct template template;
	/* The template of the tag before each line; used only if briefing.tag is set. workplace_expand checks it, too.
	 */
	struct template tag;
	/* The template of the file that a task's output goes to; used only if briefing.product is set. */
	struct template product;
	struct claim claim;
	/* True if the current task could not be started at an earlier attempt, for want of resources. */
	bool retrying;
	struct doorbell doorbell;
	/* How long this process was stopped itself in all, as far as it has noticed (workplace_note_stop). */
	nsec asleep;
	/* True if the parent has sent a message since this was last cleared. */
	bool woken;
	/* True if the channel was polled since this was last cleared: the end of the parent would have been noticed. */
	bool listened;
	struct bytes scratch;
};

/* Sets everything up by the parent's next SETUP on channel. Returns 1, 0 when the parent is gone, -1 on failure. */
int workplace_open(struct workplace *place, int channel) MUST_CHECK;

/* Releases everything but the channel, and returns to the folder the worker was in before. -1 on failure. */
int workplace_close(struct workplace *place) MUST_CHECK;

/* Receives what the parent has sent, without waiting. False when the parent is gone. */
bool workplace_listen(struct workplace *place);

/* A check before a wait; it may also prepare that a change wakes the worker (a mark, a flag), before it checks. */
typedef bool workplace_condition(struct workplace *place, void *context);

/*
 * Waits until the condition is true or the deadline has passed; checks it again after each WAKE. The only function that
 * clears woken before a check, so that no WAKE between check and wait is overlooked, besides workplace_want_room, where
 * output is waited for, too. Announces what is due. Returns false when the parent is gone.
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
 * return early, when an announcement is due, which the next call sends: call it in a loop. Returns false when the
 * parent is gone.
 */
bool workplace_await(struct workplace *place, struct fd_wait *waits, size_t count, nsec deadline) MUST_CHECK;

/*
 * Rings at once, so that the parent scans this worker's ring and its state. If the RING cannot be sent, it is sent
 * again when due.
 */
void workplace_announce(struct workplace *place);

/* Rings at once if packets are committed that the parent may not know of. */
void workplace_announce_pending(struct workplace *place);

/* Rings if packets have gathered for long enough and no scan has taken them (doorbell_is_due). */
static inline void workplace_announce_if_due(struct workplace *place)
{
	if (doorbell_is_due(&place->doorbell))
		workplace_announce(place);
}

/*
 * Returns where a packet of that size goes in the ring, waiting for room if need be; ring_commit has to follow. NULL
 * when the parent is gone.
 */
char *workplace_reserve(struct workplace *place, size_t size);

/* Commits a packet with a copy of the payload, waiting for room if need be. False when the parent is gone. */
bool workplace_send(struct workplace *place, enum packet_type type, struct slice payload);

/* Commits output of a task in as many packets as it takes. False when the parent is gone. */
bool workplace_send_output(struct workplace *place, const struct output_header *header, struct slice bytes) MUST_CHECK;

/* Sends words to be written to standard error, in as many packets as it takes. False when the parent is gone. */
bool workplace_say(struct workplace *place, struct slice words);

/* Reports to the parent, before HELLO, why this worker cannot work: what failed, with errno. */
void workplace_report_unable(struct workplace *place, const char *what);

/* Notes for workers that begin later whether tasks take long. */
void workplace_note_length(struct workplace *place, bool is_long);

/* Returns the current task's time limit, 0 if none. */
nsec workplace_timeout(const struct workplace *place);

/* Returns the time on a clock that stops while the run is stopped (SIGTSTP), and while this process is (SIGSTOP). */
static inline nsec workplace_time(const struct workplace *place)
{
	nsec stopped_at = atomic_load(&place->notice->stopped_at);

	return (stopped_at ? stopped_at : clock_now()) - atomic_load(&place->notice->stopped_for) - place->asleep;
}

/* Returns when that clock will show time, monotonic; NSEC_FOREVER if the run is stopped. */
static inline nsec workplace_when(const struct workplace *place, nsec time)
{
	if (time == NSEC_FOREVER || atomic_load(&place->notice->stopped_at))
		return NSEC_FOREVER;
	return time + atomic_load(&place->notice->stopped_for) + place->asleep;
}

/*
 * Notes that a wait from before on (workplace_time) was to take no longer than wanted. If it took much longer, this
 * process was stopped meanwhile, by SIGSTOP or with its control group: of that wait only half of what was wanted
 * counts, since when it was stopped is not known; but 50 ms, if as much was wanted, since it may only have been late.
 */
void workplace_note_stop(struct workplace *place, nsec before, nsec wanted);

/* Returns the argv for a task, as template_expand does; NULL with errno. */
char **workplace_expand(struct workplace *place, const struct task *task);

/* Appends a task's command line, quoted for a shell, with the file that its output goes to, and a newline. */
void workplace_quote(struct workplace *place, const struct task *task, struct bytes *line);

/* Returns what fills replacement strings besides a task's own values. */
struct template_values workplace_values(const struct workplace *place);

#endif
