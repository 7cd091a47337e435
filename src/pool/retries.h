/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tasks that are to be run again, each waiting for its time. They occupy no worker and no row of the ledger. */
#ifndef POOL_RETRIES_H
#define POOL_RETRIES_H

#include "base/clock.h"
#include "base/dialect.h"
#include "task/chunk.h"

struct retry {
	/* One task, with the attempt to come; its use of its block counts. */
	struct chunk chunk;
	nsec due;
};

struct retries {
	/* A heap: the one that is due first, then the one with the lowest index, is on top. */
	struct retry *list;
	size_t count;
	size_t capacity;
};

void retries_add(struct retries *retries, const struct retry *retry);

/* When the first is due; NSEC_FOREVER. */
nsec retries_due(const struct retries *retries);

/* Takes the first one that is due by now: false when none is. */
bool retries_take(struct retries *retries, nsec now, struct retry *retry);

/* Takes the one of this task if it is due by now: false when it is not. */
bool retries_take_task(struct retries *retries, nsec now, uint64_t index, struct retry *retry);

void retries_release(struct retries *retries);

#endif
