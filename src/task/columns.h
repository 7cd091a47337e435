/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Dividing records into columns at what an expression matches: a POSIX extended one (regex(7)), with \t \n \s \d \w and
 * \xHH besides.
 */
#ifndef TASK_COLUMNS_H
#define TASK_COLUMNS_H

#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"

struct columns_expression;

struct columns {
	/* NULL: nothing divides, a record is one column. */
	struct columns_expression *expression;
};

/* -1 with the error when it is no expression, or one that matches nothing at all ("x*"). */
int columns_compile(struct columns *columns, const char *expression, struct error *error) MUST_CHECK;

/*
 * The column that rest (a NUL-terminated string, the whole record or what an earlier call left of it) begins with;
 * *rest is set behind what divides it from the next, or to NULL after the last.
 */
struct slice columns_next(const struct columns *columns, const char **rest, bool is_first);

void columns_release(struct columns *columns);

#endif
