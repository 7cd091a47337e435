/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many tasks to hand over at a time. */
#ifndef RUN_POLICY_PACE_H
#define RUN_POLICY_PACE_H

#include "base/dialect.h"
#include "task/task.h"

struct pace {
	/* Tasks per chunk, when that was asked for; 0: to be found out. */
	uint64_t fixed;
	size_t jobs;
	/* An average of how long tasks take; 0 before the first has ended. */
	nsec task_time;
};

/* Takes note of how long a task took. */
void pace_learn(struct pace *pace, const struct result *result);

/*
 * How many tasks the next chunk should have: as many as take a few milliseconds, and fewer towards the end, so that all
 * workers finish together. remaining is a guess how many there still are; UINT64_MAX if unknown.
 */
uint32_t pace_chunk(const struct pace *pace, uint64_t remaining);

#endif
