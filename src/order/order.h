/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The reorder window: output and results arrive as tasks produce them and leave in the order of the input (or of
 * completion), each task's without a gap.
 *
 * The head is the lowest index that is not finished. The current task is the one whose output is passed on as it
 * arrives; the output of others is held, in memory up to one limit, then on disk up to another. When both are used up
 * the window is full: order_accepts refuses all but the current task, which in a full window is the head. The head is
 * accepted whenever the sink has room, so the window can always move.
 *
 *	kind        current task                      next current task            accepted beside it
 *	INPUT       the head                          the head                     all, unless full
 *	COMPLETION  a finished one; the head if full  finished ones, in turn       all, unless full
 *	LINES       like COMPLETION, or one whose     like COMPLETION              all, unless full or one
 *	            line was spilled to disk                                       is current or the sink
 *	                                                                           has no room
 *
 * By lines, whole lines of every task are passed on at once; only the last, unfinished line of each stream is held.
 *
 * The output of a task that may be run again is held until its last attempt has ended. For the current task that may
 * exceed the limits by an allowance; beyond it the task is committed: its output is passed on, and it is not run again.
 *
 * Where tasks are written as a whole (options.whole), or their output may have to be forgotten (options.holds), even
 * the current task is held until its result is there; what is held of it may exceed the limit on disk. Output that
 * comes together with its result (order_finish_with) is not held if the task is current and the sink has room.
 *
 * A result may cover the tasks after its own. These get no entry: they are gone once it is put in.
 */
#ifndef ORDER_ORDER_H
#define ORDER_ORDER_H

#include "base/dialect.h"
#include "base/slice.h"
#include "task/task.h"
#include "order/held.h"
#include "order/window.h"

/* The ways in which tasks take turns. */
enum order_kind {
	ORDER_INPUT,
	ORDER_COMPLETION,
	ORDER_LINES,
	ORDER_KINDS,
};

struct order_options {
	/* Limit on held output in memory, bytes. */
	uint64_t memory;
	/* Limit on held output on disk, bytes. */
	uint64_t disk;
	/* Folder of the temporary file; outlives the order. */
	const char *directory;
	enum order_kind kind;
	/* True if a task is written once its result is there: first the result, then standard output, standard error
	 * and the value. */
	bool whole;
	/* True if a task's output is held until its result is there, so that it can be forgotten. */
	bool holds;
	/* How many times a task may be run; 0 is 1. */
	uint32_t attempts;
};

/* Receives everything in order. label is that of order_set_label, or NULL. */
struct order_sink {
	/* True if more can be taken now. */
	bool (*has_room)(struct order_sink *sink);
	/* Begins a task that is written as a whole; text has a bit (1 << stream) for standard output and error
	 * where these are UTF-8. */
	void (*begin)(struct order_sink *sink, const struct result *result, const char *label, unsigned text);
	/* Takes a piece of output. */
	void (*data)(struct order_sink *sink, uint64_t index, const char *label, enum stream stream,
		     struct slice bytes);
	/* Notes that the rest of the output of a task written as a whole has been lost. Its end follows. */
	void (*lost)(struct order_sink *sink);
	/* Ends a task. */
	void (*result)(struct order_sink *sink, const struct result *result);
};

/* No index. */
#define ORDER_NONE UINT64_MAX

struct order {
	struct order_options options;
	struct order_sink *sink;
	/* Held output, and the memory and disk that it takes. */
	struct held held;
	struct window window;
	/* The current task. ORDER_NONE where tasks are not in the order of the input and none is finished. */
	uint64_t current;
	/* Bytes of the current task that were held although the window was full. */
	uint64_t exempt;
	bool full;
	/* How many finished tasks have not been written. */
	size_t complete;
	/* The largest amount ever held in memory, bytes. */
	uint64_t peak;
};

void order_init(struct order *order, const struct order_options *options, struct order_sink *sink);

/* Sets how many times a task that has not begun may be run, in place of options.attempts. */
void order_expect(struct order *order, uint64_t index, uint32_t attempts);

/* Returns how many times a task may be run. */
uint32_t order_attempts(const struct order *order, uint64_t index);

/* Returns the lowest index that is not finished. */
static inline uint64_t order_head(const struct order *order)
{
	return order->window.head;
}

/* True if memory and disk are used up: only the head should start. */
static inline bool order_is_full(const struct order *order)
{
	return order->full;
}

/* True if output or the result of this task should be put in now. */
bool order_accepts(const struct order *order, uint64_t index);

/*
 * Puts in a piece of a task's output. The first piece of an attempt drops what is held of the attempt before. Returns
 * 0, or -1 if this attempt cannot produce now, which is a defect of the producer.
 */
int order_put(struct order *order, uint64_t index, uint32_t attempt, enum stream stream, struct slice bytes) MUST_CHECK;

/*
 * Sets a copy of label as what represents a task in the output of this attempt; the next attempt has none until it is
 * set again. attempt is 0 for a task that is never run. Returns 0, or -1 like order_put.
 */
int order_set_label(struct order *order, uint64_t index, uint32_t attempt, const char *label) MUST_CHECK;

/* True if order_set_label was called for this attempt. */
bool order_has_label(const struct order *order, uint64_t index, uint32_t attempt);

/*
 * Puts in the result that counts, once for each task; it is copied. The tasks that it covers besides its own must not
 * have been heard of. Returns 0, or -1 like order_put.
 */
int order_finish(struct order *order, const struct result *result) MUST_CHECK;

/* Puts in the rest of the standard output of the tasks that a result covers, and the result. Returns as order_finish.
 */
int order_finish_with(struct order *order, const struct result *result, struct slice bytes) MUST_CHECK;

/*
 * Drops the output that is held of count tasks from this one on, of attempts without a result: it comes once more. Only
 * where options.holds, and so none of it has been passed on.
 */
void order_forget(struct order *order, uint64_t index, uint64_t count);

/* True if a task may be run again: none of its output has been written. */
bool order_may_repeat(const struct order *order, uint64_t index);

/*
 * Puts in a provisional result: that of an attempt after which another is to follow, and which counts if none does.
 * Returns 0, or -1 like order_put.
 */
int order_keep_provisional(struct order *order, const struct result *result) MUST_CHECK;

/* Returns the provisional result of a task whose next attempt has not begun, or NULL. */
const struct result *order_provisional(const struct order *order, uint64_t index);

/* Makes the provisional result, which must exist, count: no further attempt follows. */
void order_confirm(struct order *order, uint64_t index);

/* Passes on everything that can be passed on while the sink has room. Called when the sink has room again. */
void order_pump(struct order *order);

/* True if a part of a task that is written as a whole has been written, and not its end. */
bool order_is_midway(const struct order *order);

/* Passes on more of the task that is midway, and of no other. */
void order_continue(struct order *order);

/* True if the result that counts of this task has been put in. */
bool order_is_finished(const struct order *order, uint64_t index);

/* Returns how many bytes were ever written to the disk. */
uint64_t order_spilled(const struct order *order);

void order_release(struct order *order);

#endif
