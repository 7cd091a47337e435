/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Columns: dividing records by a separator, a POSIX extended regular expression (regex(7)) with \t \n \s \d \w and \xHH
 * added; or into the fields of CSV (task/csv.h).
 */
#ifndef TASK_COLUMNS_H
#define TASK_COLUMNS_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"

struct columns_expression;

struct columns {
	/* The separator, NULL if a record is one column, or CSV. */
	struct columns_expression *expression;
	/* The byte between the fields of CSV, 0 if a record is not CSV. */
	char csv;
};

/* True if a record may be several columns. */
static inline bool columns_divide(const struct columns *columns)
{
	return columns->expression || columns->csv;
}

/*
 * Compiles a separator. Returns 0, or -1 with the error if it is not an expression, or matches the empty string ("x*").
 */
int columns_compile(struct columns *columns, const char *expression, struct error *error) MUST_CHECK;

/*
 * Returns the column at *rest, which begins at record (a NUL-terminated string) and is moved by each call past the
 * column and its separator; NULL after the last column. A field of CSV is appended to fields, as by
 * csv_next. Another column is a view of the record, and fields may be NULL.
 */
struct slice columns_next(const struct columns *columns, const char *record, const char **rest, struct bytes *fields);

void columns_release(struct columns *columns);

#endif
