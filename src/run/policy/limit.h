/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long a task may take (--timeout): a fixed time, or a percentage of the median of those that have ended. */
#ifndef RUN_POLICY_LIMIT_H
#define RUN_POLICY_LIMIT_H

#include "base/clock.h"
#include "base/dialect.h"
#include "base/error.h"
#include "task/task.h"

enum {
	/* Doublings of a time that are told apart, and steps within each: the median is right within two percent. */
	LIMIT_DOUBLINGS = 64,
	LIMIT_STEPS = 32,
	/* So many tasks must have ended before there is a median. */
	LIMIT_LEAST = 10,
};

struct limit_options {
	/* 0: none. */
	nsec fixed;
	/* 0: none. */
	uint64_t percent;
};

struct limit {
	struct limit_options options;
	/* How many tasks took so long. */
	uint64_t counts[LIMIT_DOUBLINGS * LIMIT_STEPS];
	uint64_t count;
};

/* Takes in what --timeout says. -1 with the error. */
int limit_parse(const char *text, struct limit_options *options, struct error *error) MUST_CHECK;

/* A task has ended by itself. True when limit_now may say something new. */
bool limit_learn(struct limit *limit, const struct result *result);

/* How long a task may take, as far as is known; 0: as long as it likes. */
nsec limit_now(const struct limit *limit);

#endif
