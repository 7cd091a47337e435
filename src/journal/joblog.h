/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The job log: a line for each task that ran, in the order in which they ended, in the form that GNU parallel reads. */
#ifndef JOURNAL_JOBLOG_H
#define JOURNAL_JOBLOG_H

#include "base/dialect.h"
#include "base/error.h"
#include "journal/recorder.h"

/*
 * Opens the file of that name for writing, or for appending if there is a plus sign before it or a run continues. name
 * outlives the recorder. NULL with the error.
 */
struct recorder *joblog_open(const char *name, bool continues, struct error *error) MUST_CHECK;

#endif
