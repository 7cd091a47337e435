/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The job log: a line for each task that ran, in the order in which they ended, in the form that GNU parallel reads. */
#ifndef JOURNAL_JOBLOG_H
#define JOURNAL_JOBLOG_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/error.h"
#include "task/task.h"

struct joblog {
	/* The caller's. */
	const char *name;
	/* -1: none is kept. */
	int fd;
	/* Lines that are still to be written. */
	struct bytes lines;
};

/* Opens the file of that name for writing, or with a plus sign before it for appending. -1 with the error. */
int joblog_open(struct joblog *log, const char *name, struct error *error) MUST_CHECK;

/* Adds a task that ran; command is one line, quoted for a shell. */
void joblog_add(struct joblog *log, const struct result *result, struct slice command);

/* Writes what was added: whole lines, or none of them. -1 with the error. */
int joblog_flush(struct joblog *log, struct error *error) MUST_CHECK;

void joblog_close(struct joblog *log);

#endif
