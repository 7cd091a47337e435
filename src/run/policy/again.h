/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which failures are tried again (--retry-on). */
#ifndef RUN_POLICY_AGAIN_H
#define RUN_POLICY_AGAIN_H

#include "base/dialect.h"
#include "base/error.h"
#include "task/task.h"

struct again_options {
	/* The option as it was given; NULL if it was not: all failures are. The caller's. */
	const char *text;
	/* The exit statuses, a bit for each. */
	uint64_t statuses[4];
	/* The outcomes besides OUTCOME_FAILED, a bit for each. */
	uint32_t outcomes;
};

/* Parses the value of --retry-on. -1 with the error. */
int again_parse(const char *text, struct again_options *options, struct error *error) MUST_CHECK;

/* True if a task that failed in this way is to be tried again. */
bool again_applies(const struct again_options *options, const struct result *result);

#endif
