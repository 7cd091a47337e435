/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A task in the reorder window: its phase, and its output, result and label until they have been written.
 *
 * Phases and events; an empty cell is refused:
 *
 *	event     NEW       RUNNING      COMMITTED  PROVISIONAL  FINISHED  BEGUN  GONE
 *	PUT                 RUNNING      COMMITTED
 *	ATTEMPT   RUNNING                           RUNNING
 *	COMMIT              COMMITTED    COMMITTED
 *	RETRY               PROVISIONAL
 *	CONFIRM                                     FINISHED
 *	FINISH    FINISHED  FINISHED     FINISHED   FINISHED
 *	BEGIN                                                    BEGUN
 *	LEAVE                                                    GONE      GONE
 */
#ifndef ORDER_ENTRY_H
#define ORDER_ENTRY_H

#include "base/dialect.h"
#include "base/utf8.h"
#include "task/task.h"
#include "order/held.h"

enum entry_phase {
	/* No attempt has begun. */
	ENTRY_NEW,
	/* An attempt produces output; none of it has been written if the task may be run again. */
	ENTRY_RUNNING,
	/* An attempt produces output that is written at once: the task cannot be run again. */
	ENTRY_COMMITTED,
	/* An attempt has ended and another is to follow: its result is provisional. */
	ENTRY_PROVISIONAL,
	/* The result that counts is kept. */
	ENTRY_FINISHED,
	/* Like ENTRY_FINISHED, and a part of the task, which is written as a whole, has been written. */
	ENTRY_BEGUN,
	/* Everything has been written. */
	ENTRY_GONE,
	ENTRY_PHASES,
	/* No phase: the event is refused. */
	ENTRY_REFUSED = ENTRY_PHASES,
};

enum entry_event {
	/* Output, label or result of the current attempt arrives. */
	ENTRY_PUT,
	/* The next attempt begins. */
	ENTRY_ATTEMPT,
	/* Output of an attempt that could have been repeated is written. */
	ENTRY_COMMIT,
	/* The attempt ends and another is to follow. */
	ENTRY_RETRY,
	/* No further attempt follows: the provisional result counts. */
	ENTRY_CONFIRM,
	/* The result that counts arrives. */
	ENTRY_FINISH,
	/* Writing the task as a whole begins. */
	ENTRY_BEGIN,
	/* The last of the task has been written. */
	ENTRY_LEAVE,
	ENTRY_EVENTS,
};

/* The lists of held output: one for each stream. */
enum { ENTRY_LISTS = STREAM_VALUE };

struct entry {
	/* Held output: all of it in the first, or a list for each stream where these are kept apart. */
	struct held_output held[ENTRY_LISTS];
	/* The check whether standard output and error are UTF-8 so far, where tasks are written as a whole. */
	struct utf8 text[STREAM_ERRORS];
	/* The label of the current attempt, NULL if none. */
	char *label;
	/* A copy of the result with its texts, NULL if none. */
	struct result *result;
	/* The current attempt, from 1; 0 in phase ENTRY_NEW. */
	uint32_t attempt;
	/* How many times the task may be run, if its own settings say so; else 0. */
	uint32_t attempts;
	enum entry_phase phase;
};

/* Returns the phase that the event leads to, or ENTRY_REFUSED. */
enum entry_phase entry_next(enum entry_phase phase, enum entry_event event);

/* Moves the entry to its next phase. Returns false, with nothing changed, if the event is refused. */
bool entry_move(struct entry *entry, enum entry_event event);

/* True if the result that counts is kept. */
static inline bool entry_is_finished(const struct entry *entry)
{
	return entry->phase == ENTRY_FINISHED || entry->phase == ENTRY_BEGUN;
}

/* True if the task may still produce output. entry may be NULL for a task that is gone. */
static inline bool entry_is_open(const struct entry *entry)
{
	return entry && entry->phase < ENTRY_FINISHED;
}

/* True if output of the task is held. */
static inline bool entry_has_output(const struct entry *entry)
{
	return entry->held[0].first || entry->held[1].first || entry->held[2].first;
}

/*
 * Makes attempt the current one, if it is not. The next attempt drops the output, result and label of the one before.
 * Returns false if attempt is neither the current one nor the next that may begin. entry may be NULL for a task that is
 * gone.
 */
bool entry_begin_attempt(struct entry *entry, struct held *held, uint32_t attempt) MUST_CHECK;

/* Stores a copy of the result with its texts, in place of an earlier one. */
void entry_keep_result(struct entry *entry, struct held *held, const struct result *result);

/* Stores a copy of the label, in place of an earlier one. */
void entry_keep_label(struct entry *entry, struct held *held, const char *label);

/* Drops the held output. */
void entry_drop_output(struct entry *entry, struct held *held);

/* Drops the result, if there is one. */
void entry_drop_result(struct entry *entry, struct held *held);

/* Drops the label, if there is one. */
void entry_drop_label(struct entry *entry, struct held *held);

/* Drops output, result and label. */
void entry_release(struct entry *entry, struct held *held);

#endif
