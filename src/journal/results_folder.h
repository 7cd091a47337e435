/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The results folder: for each task a folder with its output and its result, DIR/SEQ/{stdout,stderr,meta.json}.
 *
 * Earlier attempts are in DIR/SEQ/attempt-N/{stdout,stderr}.
 *
 * A folder is filled under a temporary name, one for each attempt, and renamed when the last attempt has ended: a
 * folder named by its number is complete. No descriptor is kept for a running task.
 */
#ifndef JOURNAL_RESULTS_FOLDER_H
#define JOURNAL_RESULTS_FOLDER_H

#include "base/dialect.h"
#include "base/error.h"
#include "journal/recorder.h"

/* What is done with results that are there. */
enum results_wish {
	/* They are an error. */
	RESULTS_NEW,
	/* They are removed. */
	RESULTS_REPLACE,
	/* They are kept, but for those of tasks that are run again. */
	RESULTS_CONTINUE,
};

/*
 * Makes the folder of that name, or opens it if it holds nothing but what the wish permits. name outlives the recorder.
 * Returns NULL with the error.
 */
struct recorder *results_open(const char *name, enum results_wish wish, struct error *error) MUST_CHECK;

/* Removes an earlier run's results; of a run that is continued only what it has not finished. -1 with the error. */
int results_clear(struct recorder *recorder, struct error *error) MUST_CHECK;

#endif
