/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A recorder: what keeps tasks' output and results besides the run's own output. The job log, the results folder and
 * the archive are recorders; run/logbook.c calls them.
 *
 *   put      for each piece of an attempt's output as it comes from the worker, in any order of tasks
 *   count    once for each task, when it is decided that this attempt counts
 *   written  once for each task, when all of its output has been given to the writer of the run's output; a task that
 *            is skipped or whose output is cut off by the end of the run has no call
 *   flush    after each step of the event loop
 *   close    once
 */
#ifndef JOURNAL_RECORDER_H
#define JOURNAL_RECORDER_H

#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"
#include "task/task.h"

/* A piece of an attempt's output. */
struct recorder_piece {
	uint64_t index;
	uint32_t attempt;
	enum stream stream;
	struct slice bytes;
};

/* A result that counts, with the texts that the recorders of the run want; a text is empty if none wants it. */
struct recorder_entry {
	const struct result *result;
	/* NULL if nothing is known of it. */
	const struct task *task;
	/* The command line as it ran, quoted for a shell; empty if it did not run. */
	struct slice command;
	/* The command line as people see it, cut if it is long. */
	struct slice shown;
	/* The result object. */
	struct slice object;
};

/* The texts that a recorder wants. */
enum recorder_texts {
	RECORDER_COMMAND = 1,
	RECORDER_SHOWN = 2,
	RECORDER_OBJECT = 4,
};

struct recorder;

/* What a recorder does. put, written and flush may be NULL. Each returns -1 with the error: then the run ends. */
struct recorder_kind {
	enum recorder_texts texts;
	int (*put)(struct recorder *recorder, const struct recorder_piece *piece, struct error *error);
	int (*count)(struct recorder *recorder, const struct recorder_entry *entry, struct error *error);
	int (*written)(struct recorder *recorder, const struct result *result, struct error *error);
	int (*flush)(struct recorder *recorder, struct error *error);
	/* Frees the recorder. NULL if it is its owner's. */
	void (*close)(struct recorder *recorder);
};

/* Embedded in what it is. */
struct recorder {
	const struct recorder_kind *kind;
};

#endif
