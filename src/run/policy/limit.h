/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The time limit of tasks (--timeout): a fixed time, or a percentage of the median of tasks that have ended. */
#ifndef RUN_POLICY_LIMIT_H
#define RUN_POLICY_LIMIT_H

#include "base/clock.h"
#include "base/dialect.h"
#include "base/error.h"
#include "task/task.h"

enum {
	/* Doublings of a nanosecond on the scale. */
	LIMIT_DOUBLINGS = 64,
	/* Steps of the scale within a doubling: the median is right within two percent. */
	LIMIT_STEPS = 32,
	/* Tasks that must have ended before there is a median. */
	LIMIT_LEAST = 10,
};

struct limit_options {
	/* The fixed time, 0 if none. */
	nsec fixed;
	/* The percentage of the median, 0 if none. */
	uint64_t percent;
};

struct limit {
	struct limit_options options;
	/* Tasks by their duration on the scale. */
	uint64_t counts[LIMIT_DOUBLINGS * LIMIT_STEPS];
	/* The sum of counts. */
	uint64_t count;
};

/* Parses the value of --timeout. -1 with the error. */
int limit_parse(const char *text, struct limit_options *options, struct error *error) MUST_CHECK;

/* Counts a result. True if limit_now may have changed. */
bool limit_learn(struct limit *limit, const struct result *result);

/* Returns the current time limit of a task, 0 if none. */
nsec limit_now(const struct limit *limit);

#endif
