/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The values of a task, by position or name. */
#ifndef TASK_VALUES_H
#define TASK_VALUES_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"
#include "task/columns.h"
#include "task/task.h"

enum values_kind {
	/* Separate values. */
	VALUES_PLAIN,
	/* The elements of a JSON array, which whole is the text of. */
	VALUES_ARRAY,
	/* The members of a JSON object, which whole is the text of; they have names instead of positions. */
	VALUES_OBJECT,
};

/* Views of the values of a task; empty if all zero. The lists are used again for the next task. */
struct values {
	enum values_kind kind;
	/* A value without data is a missing column. */
	struct slice *list;
	/* The name of each value, for VALUES_OBJECT only. */
	struct slice *names;
	size_t count;
	size_t capacity;
	/* True if each value is followed by a NUL in its place. */
	bool are_ended;
	/* The whole record, empty for VALUES_PLAIN. */
	struct slice whole;
	/* The fields of records of CSV, each with its NUL. */
	struct bytes fields;
};

/*
 * Lists the values of a task, or their columns. With columns and several sources, widths has the number of columns of
 * each source, so that a record with fewer columns does not shift those of the next; otherwise width_count is below 2.
 */
void values_gather(struct values *values, const struct task *task, const struct columns *columns,
		   const uint32_t *widths, size_t width_count);

/* Finds the value at a position from 1, or from the end down from -1. Returns false if the task has no such value. */
bool values_at(const struct values *values, int64_t position, struct slice *value);

/* Finds the value of a name. Returns false if the task has no such name. */
bool values_named(const struct values *values, struct slice name, struct slice *value);

void values_release(struct values *values);

#endif
