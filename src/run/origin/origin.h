/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a result is of: the values of its task, or its record in JSON. */
#ifndef RUN_ORIGIN_H
#define RUN_ORIGIN_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "task/task.h"
#include "task/values.h"

struct session;

/* All zero at first. */
struct origin {
	/* The values of the last task. */
	struct values values;
	/* The columns of a table: their names, each after a comma as a cell, and their number. */
	struct bytes columns;
	size_t column_count;
};

/* Names the columns of a run, if its output is a table. */
void origin_open(struct session *session);

/*
 * Appends the keys "values" and "fields", or "input", each with a comma after it, to a result object. Nothing for a
 * task that brings its command, and for a block of many records.
 */
void origin_append(struct session *session, const struct task *task, struct bytes *object);

/* Returns the cells of a task for these columns, each after a comma: a new string (free). */
char *origin_cells(struct session *session, const struct task *task);

void origin_release(struct origin *origin);

#endif
