/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The results folder: for each task a folder with what it wrote and what came of it, DIR/SEQ/{stdout,stderr,meta.json}.
 *
 * A task's folder is filled under a temporary name, one for each attempt, and renamed when the last has ended: one that
 * has its number is complete. No descriptor is kept for a task that runs.
 */
#ifndef JOURNAL_RESULTS_FOLDER_H
#define JOURNAL_RESULTS_FOLDER_H

#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"
#include "task/task.h"

struct results {
	/* The caller's. */
	const char *name;
	/* The folder; -1: none is filled. */
	int fd;
	/* Folders under temporary names. */
	uint64_t unfinished;
};

/*
 * Makes the folder, or opens one that is empty; with force also one that holds an earlier run's results, and nothing
 * else. -1 with the error.
 */
int results_open(struct results *results, const char *name, bool force, struct error *error) MUST_CHECK;

/* Removes an earlier run's results. -1 with the error. */
int results_clear(struct results *results, struct error *error) MUST_CHECK;

/* Adds what a task's attempt wrote. -1 with the error. */
int results_put(struct results *results, uint64_t index, uint32_t attempt, enum stream stream, struct slice bytes,
		struct error *error) MUST_CHECK;

/* This attempt counts: the task's folder is complete with its meta.json, and those of other attempts go. -1 with the
 * error. */
int results_finish(struct results *results, const struct result *result, struct slice meta,
		   struct error *error) MUST_CHECK;

/* What has not been finished goes. */
void results_close(struct results *results);

#endif
