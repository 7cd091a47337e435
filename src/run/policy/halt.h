/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When a run stops early (--halt): WHEN,WHY in the grammar of GNU parallel's manual: never, or soon|now,
 * fail|success|done=N or N%.
 */
#ifndef RUN_POLICY_HALT_H
#define RUN_POLICY_HALT_H

#include "base/dialect.h"
#include "base/error.h"
#include "task/task.h"

struct halt {
	enum halt_when {
		HALT_NEVER,
		/* What runs is waited for. */
		HALT_SOON,
		/* What runs is ended. */
		HALT_NOW,
	} when;
	enum halt_why {
		HALT_FAIL,
		HALT_SUCCESS,
		HALT_DONE,
	} why;
	/* So many tasks, or so many hundredths of all. */
	uint64_t count;
	bool is_percent;
};

/* Takes in what --halt says. -1 with the error. */
int halt_parse(const char *text, struct halt *halt, struct error *error) MUST_CHECK;

/* The outcomes (a bit for each) that may make the run stop: a worker that has one waits to be told whether it does. */
uint32_t halt_outcomes(const struct halt *halt);

/*
 * Whether the run stops now: so many tasks failed, so many succeeded. total is how many there are in all, 0 while that
 * is not known: a percentage waits for it.
 */
bool halt_is_due(const struct halt *halt, uint64_t failed, uint64_t succeeded, uint64_t total);

#endif
