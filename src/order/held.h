/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Output of tasks whose turn has not come: in memory up to a limit, then on disk. */
#ifndef ORDER_HELD_H
#define ORDER_HELD_H

#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"
#include "task/task.h"
#include "order/spill.h"

struct order_sink;
struct piece;

/* What is held of one task; all zero is nothing. */
struct held_output {
	struct piece *first;
	struct piece *last;
};

struct held {
	struct spill spill;
	/* The limit for data in memory, bytes. */
	uint64_t memory;
	/* Bytes held in memory: of data, and of what it takes to keep track. */
	uint64_t data;
	uint64_t overhead;
	/* The first thing that went wrong (the disk is full); what waited on disk is then lost. */
	struct error error;
	/* Some of that cannot be read back. */
	bool is_lost;
};

/* directory must outlive it; limits in bytes. */
void held_init(struct held *held, uint64_t memory, const char *directory, uint64_t disk);

/* Takes a copy: to memory within its limit, else to disk, else to memory all the same. */
void held_put(struct held *held, struct held_output *output, enum stream stream, struct slice bytes);

/* The task that pieces are of, as the sink is told. */
struct held_task {
	uint64_t index;
	const char *label;
};

/* Hands a task's pieces on while the sink has room: true when none is left. */
bool held_hand_on(struct held *held, struct held_output *output, struct order_sink *sink, const struct held_task *task);

/* Hands all of them on at once, room or not: false when some are on disk, and nothing is done. */
bool held_hand_over(struct held *held, struct held_output *output, struct order_sink *sink,
		    const struct held_task *task);

/* Forgets them. */
void held_drop(struct held *held, struct held_output *output);

void held_release(struct held *held);

#endif
