/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a task's replacement strings can stand for: its values, by their places or their names. */
#ifndef TASK_VALUES_H
#define TASK_VALUES_H

#include "base/dialect.h"
#include "base/slice.h"
#include "task/columns.h"
#include "task/task.h"

enum values_kind {
	/* Each is a value of its own. */
	VALUES_PLAIN,
	/* They also make one text together, a JSON array. */
	VALUES_ARRAY,
	/* That text is a JSON object, and they have names in the place of numbers. */
	VALUES_OBJECT,
};

/* All zero is empty. Views of a task; the memory for them is used again for the next. */
struct values {
	enum values_kind kind;
	/* A value without data is a column that is not there. */
	struct slice *list;
	/* As many, with VALUES_OBJECT. */
	struct slice *names;
	size_t count;
	size_t capacity;
	/* Each has a NUL behind it where it lies. */
	bool are_ended;
	/* What all of them are together; with VALUES_PLAIN nothing. */
	struct slice whole;
};

/*
 * Lists the values of a task, or their columns. With columns and several sources widths says how many columns each has,
 * so that no record lends another's (width_count below 2: that does not matter).
 */
void values_gather(struct values *values, const struct task *task, const struct columns *columns,
		   const uint32_t *widths, size_t width_count);

/* The value at a position from 1, or from the end down from -1: false when there is none. */
bool values_at(const struct values *values, int64_t position, struct slice *value);

/* The value of that name: false when there is none. */
bool values_named(const struct values *values, struct slice name, struct slice *value);

void values_release(struct values *values);

#endif
