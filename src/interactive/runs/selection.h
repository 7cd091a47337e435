/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ids: the meaning of "3", "3.17", "last", "failed" and "all". */
#ifndef INTERACTIVE_RUNS_SELECTION_H
#define INTERACTIVE_RUNS_SELECTION_H

#include "base/dialect.h"
#include "base/error.h"
#include "interactive/runs/runs.h"

/* The runs and tasks that an id selects. */
struct selection {
	/* The run, NULL for all runs. */
	struct run *run;
	/* The task, ARCHIVE_NONE for all tasks. */
	uint64_t index;
	/* True if only failed tasks are selected. */
	bool failed;
};

/*
 * Parses an id; NULL selects the last run. "failed" selects the failed tasks of the last run that has any. Returns -1
 * with the error if it is not an id, or there is no such run or task.
 */
int selection_parse(struct runs *runs, const char *id, struct selection *selection, struct error *error) MUST_CHECK;

/* Returns the index of the first ended task of a selected run at from or later, or ARCHIVE_NONE. */
uint64_t selection_next(const struct selection *selection, const struct run *run, uint64_t from);

/* Returns the ids for completion, a new NULL-terminated array of new strings. */
char **selection_ids(struct runs *runs);

#endif
