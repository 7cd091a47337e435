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
 * Returns the column at *rest, which begins at record (a NUL-terminated string) and is moved by each call past the
 * column and its separator; NULL after the last column.
 */
struct slice columns_next(const struct columns *columns, const char *record, const char **rest);

void columns_release(struct columns *columns);

#endif
