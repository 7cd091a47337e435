/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The reorder window: output and results come in as tasks produce them and go out in the order of the input (or of
 * completion), each task's whole.
 *
 * The head is the lowest index that is not finished; what it produces goes straight out. What others produce waits, in
 * memory up to one limit, then on disk up to another. When both are spent the window is full, and says so by
 * order_accepts; the head is always accepted while the sink has room, so the window can always move on.
 *
 * A task that may be run again is held back until its last attempt has ended, so that only that counts. The head's
 * output then has an allowance beyond the limits; past that it goes out all the same, and the task is not run again.
 *
 * In the order of completion a task goes out when its result is there; only when the window is full does the lowest
 * unfinished task become the head, streams, and holds the others back until it ends. By lines it is the same, but that
 * lines go out as soon as they are whole, and only the last, unfinished one of each stream waits.
 *
 * Where tasks go out whole, the head cannot stream: what is held of it may go beyond the limit on disk.
 */
#ifndef ORDER_ORDER_H
#define ORDER_ORDER_H

#include "base/dialect.h"
#include "base/slice.h"
#include "task/task.h"
#include "order/held.h"
#include "order/window.h"

struct order_options {
	/* Limits in bytes: what waits in memory, and then on disk. */
	uint64_t memory;
	uint64_t disk;
	/* For the temporary file. */
	const char *directory;
	enum order_kind {
		/* In the order of the input, or in that of completion. */
		ORDER_INPUT,
		ORDER_COMPLETION,
		/* Lines as they come. */
		ORDER_LINES,
	} kind;
	/* A task goes out only once its result is there, which goes first, then standard output, then standard error.
	 */
	bool whole;
	/* How many times a task may be run. */
	uint32_t attempts;
};

/* Where everything goes, in order. A label is what order_set_label has said, or NULL. */
struct order_sink {
	/* Whether more can be taken now. */
	bool (*has_room)(struct order_sink *sink);
	/* A task begins that goes out whole; text has a bit (1 << stream) for each stream that is UTF-8. */
	void (*begin)(struct order_sink *sink, const struct result *result, const char *label, unsigned text);
	void (*data)(struct order_sink *sink, uint64_t index, const char *label, enum stream stream,
		     struct slice bytes);
	/* The end of a task: nothing of it comes after. */
	void (*result)(struct order_sink *sink, const struct result *result);
};

/* No index. */
#define ORDER_NONE UINT64_MAX

struct order {
	struct order_options options;
	struct order_sink *sink;
	/* What waits, and what that takes. */
	struct held held;
	struct window window;
	/* The task that goes out now; what it produces goes straight on. ORDER_NONE: unordered, and none is complete.
	 */
	uint64_t current;
	/* Bytes of the current task that were held although the window was full. */
	uint64_t exempt;
	bool full;
	/* Finished tasks that have not gone out. */
	size_t complete;
	/* The most that was ever held in memory. */
	uint64_t peak;
};

void order_init(struct order *order, const struct order_options *options, struct order_sink *sink);

/* A task that will come may be run so many times, whatever holds for the others. */
void order_expect(struct order *order, uint64_t index, uint32_t attempts);

/* How many times a task may be run. */
uint32_t order_attempts(const struct order *order, uint64_t index);

/* The lowest index that is not finished. */
static inline uint64_t order_head(const struct order *order)
{
	return order->window.head;
}

/* Whether what waits has used up memory and disk: no task but the head's should start. */
static inline bool order_is_full(const struct order *order)
{
	return order->full;
}

/* Whether output or the result of this task should be put in now. */
bool order_accepts(const struct order *order, uint64_t index);

/*
 * Puts in a piece of the output of a task's attempt. The first of an attempt drops what is held of the one before. -1
 * when this attempt cannot produce now (a defect of the producer's).
 */
int order_put(struct order *order, uint64_t index, uint32_t attempt, enum stream stream, struct slice bytes) MUST_CHECK;

/*
 * What stands for a task in the output of this attempt: copied. It belongs to the attempt, and has to be said anew for
 * the next; attempt 0 is of a task that is never run. -1 like order_put.
 */
int order_set_label(struct order *order, uint64_t index, uint32_t attempt, const char *label) MUST_CHECK;
bool order_has_label(const struct order *order, uint64_t index, uint32_t attempt);

/* Puts in a task's result, once; its texts are copied. -1 like order_put. */
int order_finish(struct order *order, const struct result *result) MUST_CHECK;

/* Whether a task may be run again: none of its output has gone out. */
bool order_may_repeat(const struct order *order, uint64_t index);

/* Puts in the result of an attempt that is to be followed by another, and stands if that never comes. -1 like
 * order_put. */
int order_set_aside(struct order *order, const struct result *result) MUST_CHECK;

/* The result that was set aside for a task whose next attempt has produced nothing, or NULL. */
const struct result *order_aside(const struct order *order, uint64_t index);

/* There will be no further attempt: what was set aside is the task's result. */
void order_stand(struct order *order, uint64_t index);

/* Hands on what can be handed on while the sink has room; call when the sink has room again. */
void order_pump(struct order *order);

/* Whether a task that goes out as a whole has begun and not ended; and goes on with that one, and no other. */
bool order_is_midway(const struct order *order);
void order_go_on(struct order *order);

/* Whether a result for this index has come in. */
bool order_is_finished(const struct order *order, uint64_t index);

/* Bytes that went through the disk. */
uint64_t order_spilled(const struct order *order);

void order_release(struct order *order);

#endif
