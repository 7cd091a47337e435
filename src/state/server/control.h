/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a run and its state server say to each other, over a channel (ipc/channel.h): the run's side.
 *
 * Which tasks are in work the server reads from the run's board; the run reports when an attempt has ended, before it
 * lets the next attempt at the same task begin.
 */
#ifndef STATE_SERVER_CONTROL_H
#define STATE_SERVER_CONTROL_H

#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"
#include "ipc/channel.h"

struct board;

/* The messages of the channel. The server sends those from CONTROL_READY on. */
enum control_type {
	CONTROL_SETUP = 1,
	CONTROL_RUN_BEGAN,
	CONTROL_RUN_ENDED,
	CONTROL_ATTEMPTS_ENDED,
	CONTROL_OUTLOOK,
	CONTROL_TAKE,
	CONTROL_DONE,
	CONTROL_SYNC,
	CONTROL_READY,
	CONTROL_ITEM,
	CONTROL_SYNCED,
	CONTROL_REFUSED,
};

/* The most ends of one message, and bytes of an item in one. */
enum {
	CONTROL_ENDS_MAX = 128,
	CONTROL_PART_MAX = CHANNEL_MESSAGE_MAX - 64,
};

struct control_run {
	/* Unique in the life of the server. */
	uint64_t number;
	/* MPMAP_RUN_ID. */
	const char *id;
	const struct board *board;
	uint32_t queue_rows;
	/* True if functions are called in the workers (plugins). */
	bool calls;
	/* True if what an attempt adds counts only if it ends well. */
	bool is_atomic;
};

/* The ends of the attempts at count tasks from index on, well or not. */
struct control_end {
	uint64_t index;
	uint64_t count;
	bool well;
	/* Which attempt it was, from 1; 0 for whichever there is. A task that is tried again needs it. */
	uint32_t attempt;
	/* The process whose work counts, 0 for whichever: what another did for the same record is dropped. */
	int32_t process;
};

/* All that send return 0, or -1 with errno as channel_send does: EAGAIN to try again later. */

/* The first message: where the server listens (server_open), and how many bytes it may have. */
int control_setup(int channel, const char *path, uint64_t memory_limit) MUST_CHECK;

/* Waits until the server listens. Returns 0, or -1 with why it cannot. */
int control_wait(int channel, struct error *error) MUST_CHECK;

/* A run begins. Sent before its first worker starts. */
int control_run_began(int channel, const struct control_run *run) MUST_CHECK;

/* A run has ended, and with it all its attempts that are left, not well. */
int control_run_ended(int channel, uint64_t number) MUST_CHECK;

/* Attempts have ended: at most CONTROL_ENDS_MAX. An end of a task that never had anything is allowed. */
int control_attempts_ended(int channel, uint64_t run, const struct control_end *ends, size_t count) MUST_CHECK;

/* What is known of a run's tasks to come: remaining have no final outcome, UINT64_MAX while more may come. */
int control_outlook(int channel, uint64_t run, uint64_t jobs, uint64_t remaining) MUST_CHECK;

/*
 * The run takes so many more items of a queue, each of which comes as CONTROL_EVENT_ITEM. One run takes from one queue.
 * What is taken and not done when the run ends goes back to the queue.
 */
int control_take(int channel, uint64_t run, const char *queue, uint32_t count) MUST_CHECK;

/* So many of the items taken are done, the oldest first. */
int control_done(int channel, uint64_t run, uint64_t count) MUST_CHECK;

/* Asks for CONTROL_EVENT_SYNCED, after all before it and all that tasks had sent has been carried out. */
int control_sync(int channel, uint64_t run) MUST_CHECK;

/* What the server sends. */
enum control_event_type {
	/* An item, or the next part of one. */
	CONTROL_EVENT_ITEM,
	CONTROL_EVENT_SYNCED,
	/* Nothing can be taken from that queue, for the reason in bytes; no more items will come. */
	CONTROL_EVENT_REFUSED,
};

struct control_event {
	enum control_event_type type;
	uint64_t run;
	/* A view of the storage. */
	struct slice bytes;
	/* True if the item is whole with this part. */
	bool is_last_part;
};

/* Receives an event. Returns 1, 0 if there is none, or -1 if the server is gone. */
int control_receive(int channel, struct message *storage, struct control_event *event) MUST_CHECK;

#endif
