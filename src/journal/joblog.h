/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The job log: a line for each task that ran, in the order in which they ended, in the form that GNU parallel reads. */
#ifndef JOURNAL_JOBLOG_H
#define JOURNAL_JOBLOG_H

#include "base/dialect.h"
#include "base/error.h"
#include "journal/recorder.h"

/*
 * Opens the file of that name for writing, or with a plus sign before it for appending. name outlives the recorder.
 * NULL with the error.
 */
struct recorder *joblog_open(const char *name, struct error *error) MUST_CHECK;

#endif
