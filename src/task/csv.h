/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records of CSV (RFC 4180): fields between separators, with quotes around those that hold separators or newlines.
 *
 * The end of a record is found, and a record is divided, by this table:
 *
 *   state       quote          separator     \r             any other byte   end of the record
 *   BEGIN       -> QUOTED      -> BEGIN      -> TEXT        -> TEXT          the last field is empty
 *   TEXT        -> TEXT        -> BEGIN      -> TEXT        -> TEXT          a \r before it is not of the field
 *   QUOTED      -> CLOSED      -> QUOTED     -> QUOTED      -> QUOTED        none: a newline is of the field
 *   CLOSED      -> QUOTED      -> BEGIN      -> RETURN      -> TEXT (fault)
 *   RETURN      -> TEXT (f.)   -> BEGIN (f.) -> TEXT (f.)   -> TEXT (fault)
 *
 * A fault is text after a closing quote. A quote within a field that does not begin with one is text.
 */
#ifndef TASK_CSV_H
#define TASK_CSV_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"

enum csv_state {
	/* At the beginning of a field. */
	CSV_BEGIN,
	/* In a field without quotes around it. */
	CSV_TEXT,
	/* In a field with quotes around it. */
	CSV_QUOTED,
	/* After a quote that closes the field, or is the first of two. */
	CSV_CLOSED,
	/* After a closing quote and a carriage return. */
	CSV_RETURN,
};

/* Returns the state after a byte that does not end the record. */
static inline enum csv_state csv_after(enum csv_state state, char byte, char separator)
{
	if (state == CSV_QUOTED)
		return byte == '"' ? CSV_CLOSED : CSV_QUOTED;
	if (byte == '"' && (state == CSV_BEGIN || state == CSV_CLOSED))
		return CSV_QUOTED;
	if (byte == '\r' && state == CSV_CLOSED)
		return CSV_RETURN;
	return byte == separator ? CSV_BEGIN : CSV_TEXT;
}

/* True if the byte between two states is text after a closing quote. */
static inline bool csv_is_fault(enum csv_state before, enum csv_state after)
{
	return before == CSV_RETURN || (before == CSV_CLOSED && after == CSV_TEXT);
}

/*
 * Appends the field at *rest, the rest of a NUL-terminated record without faults, to fields: without the quotes around
 * it, with a NUL. Returns the copy. Moves *rest past the field and its separator; NULL after the last field. All fields
 * of a record take no more room than the record and its NUL, which the caller has reserved.
 */
struct slice csv_next(char separator, const char **rest, struct bytes *fields);

#endif
