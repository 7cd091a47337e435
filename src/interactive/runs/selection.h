/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ids: what "3", "3.17", "last", "failed" and "all" stand for. */
#ifndef INTERACTIVE_RUNS_SELECTION_H
#define INTERACTIVE_RUNS_SELECTION_H

#include "base/dialect.h"
#include "base/error.h"
#include "interactive/runs/runs.h"

struct selection {
	/* NULL: all runs. */
	struct run *run;
	/* ARCHIVE_NONE: all of its tasks. */
	uint64_t index;
	/* Only those that failed. */
	bool failed;
};

/*
 * Understands an id; NULL is the last run. -1 with the error: it is none, or there is no such run or task. Where no
 * task is named index is ARCHIVE_NONE. "failed" is what failed of the last run of which anything did.
 */
int selection_parse(struct runs *runs, const char *id, struct selection *selection, struct error *error) MUST_CHECK;

/* The tasks of one selected run that have ended, one by one: the first one from an index on, or ARCHIVE_NONE. */
uint64_t selection_next(const struct selection *selection, const struct run *run, uint64_t from);

/* "3", "3.17", "last" ...: those that there are, for completion: a new NULL-terminated array of new strings. */
char **selection_ids(struct runs *runs);

#endif
