/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A recorder: what keeps tasks' output and results besides the run's own output. The job log, the results folder and
 * the archive are recorders; run/logbook.c calls them.
 *
 *   put      for each piece of an attempt's output as it comes from the worker, in any order of tasks
 *   forget   when the output of a task's last attempt, if there is any, is void since that attempt begins anew
 *   count    once for each task, when it is decided that this attempt counts
 *   written  at most once for each task, when all of its output has been accepted by the kernel (not synced to disk),
 *            or has been shown if the run has a screen; not called for a task that was skipped, nor after output was
 *            lost or cut off by the end of the run
 *   flush    after each step of the event loop, after its calls of written; at the end, and when another recorder has
 *            failed
 *   finish   once, when the run has ended and no further task will count, before the last flush; not after a failure of
 *            a recorder
 *   close    once, after the last flush or after a failure
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
	/* STREAM_OUTPUT or STREAM_ERRORS; STREAM_VALUE only if the recorder takes values. */
	enum stream stream;
	struct slice bytes;
};

/* A result that counts, with the texts that the recorders of the run want; a text that no recorder wants is empty. */
struct recorder_entry {
	const struct result *result;
	/* The task; NULL if it is not known. */
	const struct task *task;
	/* The command line as it ran, quoted for a shell; empty if it did not run. */
	struct slice command;
	/* The command line as people see it, cut if it is long. */
	struct slice shown;
	/* The result object, and the same with the beginning of a failure's standard error: each on a line. */
	struct slice object;
	struct slice logged;
	/* How a failure's standard error begins. */
	struct slice errors;
};

/* The texts that a recorder wants. */
enum recorder_texts {
	RECORDER_COMMAND = 1,
	RECORDER_SHOWN = 2,
	RECORDER_OBJECT = 4,
	RECORDER_LOGGED = 8,
	RECORDER_ERRORS = 16,
};

struct recorder;

/* The functions of a recorder; put, forget, written, flush and finish may be NULL. -1 with the error ends the run. */
struct recorder_kind {
	enum recorder_texts texts;
	/* True if put gets the values of functions, too (STREAM_VALUE). */
	bool takes_values;
	int (*put)(struct recorder *recorder, const struct recorder_piece *piece, struct error *error);
	void (*forget)(struct recorder *recorder, uint64_t index, uint32_t attempt);
	int (*count)(struct recorder *recorder, const struct recorder_entry *entry, struct error *error);
	int (*written)(struct recorder *recorder, const struct result *result, struct error *error);
	int (*flush)(struct recorder *recorder, struct error *error);
	int (*finish)(struct recorder *recorder, struct error *error);
	/* Frees the recorder. NULL if the caller owns it, who then frees it. */
	void (*close)(struct recorder *recorder);
};

/* Base of every recorder: embedded in the recorder's own struct (container_of). */
struct recorder {
	const struct recorder_kind *kind;
};

#endif
