/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tasks that are to be run again, each waiting for its time. They occupy no worker and no row of the ledger. */
#ifndef POOL_RETRIES_H
#define POOL_RETRIES_H

#include "base/clock.h"
#include "base/dialect.h"
#include "task/chunk.h"

struct retry {
	/* A chunk of one task, with the next attempt. It counts as a use of its block. */
	struct chunk chunk;
	/* When the task may be run again, monotonic; 0 if at once. */
	nsec due;
};

struct retries {
	/* A heap: on top is the task that is due first; of several, the one with the lowest index. */
	struct retry *list;
	size_t count;
	size_t capacity;
};

/* Adds a task, and takes over its use of its block. */
void retries_add(struct retries *retries, const struct retry *retry);

/* Returns when the first task is due, NSEC_FOREVER if none. */
nsec retries_due(const struct retries *retries);

/* Takes the first task, with its use of its block. False if it is not due by now. */
bool retries_take(struct retries *retries, nsec now, struct retry *retry);

/* Takes the task with this index, with its use of its block. False if it is absent or not due by now. */
bool retries_take_task(struct retries *retries, nsec now, uint64_t index, struct retry *retry);

/* Frees the heap's memory, not the uses of blocks. */
void retries_release(struct retries *retries);

#endif
