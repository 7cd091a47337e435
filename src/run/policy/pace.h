/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The size of chunks. */
#ifndef RUN_POLICY_PACE_H
#define RUN_POLICY_PACE_H

#include "base/dialect.h"
#include "task/task.h"

struct pace {
	/* Tasks per chunk as the user wants it; 0: by their duration. */
	uint64_t fixed;
	/* The number of workers. */
	size_t jobs;
	/* True if commands answer each record once it is done, and need no more than one to begin. */
	bool answers_each;
	/* The moving average of durations; 0 before the first task has ended. */
	nsec task_time;
};

/* Counts the duration of a task that ran, or of several in turn. */
void pace_learn(struct pace *pace, const struct result *result);

/*
 * Returns how many tasks the next chunk should have: as many as take a few milliseconds, and fewer towards the end, so
 * that all workers finish together. remaining is a guess how many tasks follow; UINT64_MAX if not known.
 */
uint32_t pace_chunk(const struct pace *pace, uint64_t remaining);

/*
 * Returns how many bytes of records for a persistent command the next chunk should have: as many as take a twentieth of
 * a second, but enough to fill the buffers of commands that have any, and at most as given. rate is how many bytes all
 * workers together answer in a second. left is how many are to be divided among them, SIZE_MAX if more is to come.
 */
size_t pace_bytes(const struct pace *pace, uint64_t rate, size_t left, size_t most);

#endif
