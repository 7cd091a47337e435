/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The size of chunks, by the duration of tasks. */
#include "run/policy/pace.h"

#include "task/chunk.h"

/* The duration of a chunk. */
#define CHUNK_TIME (4 * NSEC_PER_MSEC)
enum {
	/* The most tasks in a chunk of automatic size. */
	CHUNK_MAX = 1024,
	/* The least bytes of a chunk before the end: commands hold back what does not fill their buffers. */
	CHUNK_BYTES_MIN = 64 * 1024,
	/* The parts of a second that such a chunk takes, and at the end a chunk that is no worth dividing. */
	CHUNKS_PER_SECOND = 20,
	LEAST_PER_SECOND = 1000,
	/* The parts of each job's share in what is left that a chunk has. */
	PARTS = 2,
};

void pace_learn(struct pace *pace, const struct result *result)
{
	if (result->outcome == OUTCOME_NOT_STARTED || result->outcome == OUTCOME_LOST ||
	    result->outcome == OUTCOME_SKIPPED)
		return;
	pace->task_time +=
		(result->duration / (nsec)result_count(result) - pace->task_time) / (pace->task_time ? 8 : 1);
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

size_t pace_bytes(const struct pace *pace, uint64_t rate, size_t left, size_t most)
{
	uint64_t each = rate / pace->jobs, size = each / CHUNKS_PER_SECOND, share;

	if (!pace->answers_each && size < CHUNK_BYTES_MIN)
		size = CHUNK_BYTES_MIN;
	size = size < most ? size : most;
	if (left != SIZE_MAX) {
		share = left / (PARTS * pace->jobs);
		share = share > each / LEAST_PER_SECOND ? share : each / LEAST_PER_SECOND;
		size = size < share ? size : share;
	}
	return size ? (size_t)size : 1;
}
