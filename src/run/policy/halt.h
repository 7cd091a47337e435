/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The condition of an early stop (--halt), in the grammar of GNU parallel's manual: never, or WHEN,WHY with soon|now
 * and fail|success|done=N or N%.
 */
#ifndef RUN_POLICY_HALT_H
#define RUN_POLICY_HALT_H

#include "base/dialect.h"
#include "base/error.h"
#include "task/task.h"

struct halt {
	enum halt_when {
		HALT_NEVER,
		/* Running tasks are waited for. */
		HALT_SOON,
		/* Running tasks are ended. */
		HALT_NOW,
	} when;
	enum halt_why {
		HALT_FAIL,
		HALT_SUCCESS,
		HALT_DONE,
	} why;
	/* The number of tasks, or the percentage of all. */
	uint64_t count;
	/* count is a percentage. */
	bool is_percent;
};

/* Parses the value of --halt. -1 with the error. */
int halt_parse(const char *text, struct halt *halt, struct error *error) MUST_CHECK;

/* Returns the outcomes (bits 1 << outcome) that may stop the run: after one a worker waits until it was judged. */
uint32_t halt_outcomes(const struct halt *halt);

/*
 * True if the run stops, with these numbers of failed and succeeded tasks. total is the number of all tasks; 0 if not
 * known yet: a percentage waits for it.
 */
bool halt_is_due(const struct halt *halt, uint64_t failed, uint64_t succeeded, uint64_t total);

#endif
