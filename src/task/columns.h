/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Columns: dividing records by a separator, a POSIX extended regular expression (regex(7)) with \t \n \s \d \w and \xHH
 * added.
 */
#ifndef TASK_COLUMNS_H
#define TASK_COLUMNS_H

#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"

struct columns_expression;

struct columns {
	/* The separator, NULL if a record is one column. */
	struct columns_expression *expression;
};

/*
 * Compiles a separator. Returns 0, or -1 with the error if it is not an expression, or matches the empty string ("x*").
 */
int columns_compile(struct columns *columns, const char *expression, struct error *error) MUST_CHECK;

/*
 * Returns the column at *rest, which begins at record (a NUL-terminated string) and is moved by each call past the
 * column and its separator; NULL after the last column.
 */
struct slice columns_next(const struct columns *columns, const char *record, const char **rest);

void columns_release(struct columns *columns);

#endif
