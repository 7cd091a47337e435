/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many tasks may start in a time (--rate): a token bucket, as two numbers of the turns that workers take. */
#ifndef RUN_POLICY_RATE_H
#define RUN_POLICY_RATE_H

#include "base/clock.h"
#include "base/dialect.h"
#include "base/error.h"

struct rate_options {
	/* Time in which one more task may start; 0 without a rate. */
	nsec interval;
	/* How much earlier than that a start may be, after a time with fewer: burst - 1 intervals. */
	nsec slack;
	/* The option as it was given; NULL if it was not. The caller's. */
	const char *text;
};

/* Parses the value of --rate. -1 with the error. */
int rate_parse(const char *text, struct rate_options *rate, struct error *error) MUST_CHECK;

#endif
