/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Held output: pieces of tasks whose turn has not come, in memory up to a limit, then on disk. */
#ifndef ORDER_HELD_H
#define ORDER_HELD_H

#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"
#include "task/task.h"
#include "order/spill.h"

struct order_sink;
struct piece;

/* The held pieces of one task, oldest first; empty if all zero. */
struct held_output {
	struct piece *first;
	struct piece *last;
};

struct held {
	struct spill spill;
	/* Limit on data, bytes. */
	uint64_t memory;
	/* Bytes of output in memory. */
	uint64_t data;
	/* Bytes of memory for keeping track: pieces, results, labels. */
	uint64_t overhead;
	/* The error that ended storing on disk, such as ENOSPC. What was stored before is still read back. */
	struct error refusal;
	/* The error of reading back, by which output is lost. */
	struct error loss;
};

/* directory must outlive held; memory and disk are limits in bytes. */
void held_init(struct held *held, uint64_t memory, const char *directory, uint64_t disk);

/*
 * Stores a copy of the bytes: in memory within its limit, else on disk, else in memory beyond its limit. After the
 * first error of the disk nothing more is stored there, as if the limit were reached.
 */
void held_put(struct held *held, struct held_output *output, enum stream stream, struct slice bytes);

/* The task that pieces belong to, as the sink receives it. */
struct held_task {
	uint64_t index;
	/* The label of the task, NULL if none. */
	const char *label;
};

/* Passes a task's pieces on to the sink while it has room, until one is lost. Returns true if none is left. */
bool held_hand_on(struct held *held, struct held_output *output, struct order_sink *sink, const struct held_task *task);

/* Passes all pieces on to the sink, whether or not it has room. Returns false, with nothing done, if some are on disk.
 */
bool held_hand_over(struct held *held, struct held_output *output, struct order_sink *sink,
		    const struct held_task *task);

/* Drops all pieces. */
void held_drop(struct held *held, struct held_output *output);

/* Closes the file and frees the errors. All pieces must have been passed on or dropped. */
void held_release(struct held *held);

#endif
