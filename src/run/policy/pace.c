/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The size of chunks, by the duration of tasks. */
#include "run/policy/pace.h"

#include "task/chunk.h"

/* The duration of a chunk. */
#define CHUNK_TIME (4 * NSEC_PER_MSEC)
/* The most tasks in a chunk of automatic size. */
enum { CHUNK_MAX = 1024 };

void pace_learn(struct pace *pace, const struct result *result)
{
	if (result->outcome == OUTCOME_NOT_STARTED || result->outcome == OUTCOME_LOST ||
	    result->outcome == OUTCOME_SKIPPED)
		return;
	pace->task_time += (result->duration - pace->task_time) / (pace->task_time ? 8 : 1);
	if (pace->task_time <= 0)
		pace->task_time = 1;
}

uint32_t pace_chunk(const struct pace *pace, uint64_t remaining)
{
	uint64_t size = pace->fixed, share;

	if (size)
		return size < CHUNK_TASKS_MAX ? (uint32_t)size : CHUNK_TASKS_MAX;
	if (!pace->task_time)
		return 1;
	size = (uint64_t)(CHUNK_TIME / pace->task_time);
	share = remaining / (4 * pace->jobs);
	size = size < share ? size : share;
	size = size < CHUNK_MAX ? size : CHUNK_MAX;
	return size ? (uint32_t)size : 1;
}
