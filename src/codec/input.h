/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Splitting input into records, in place: the delimiter after each becomes a NUL, nothing is copied. Of a delimiter of
 * several bytes the first becomes a NUL, and the others remain.
 *
 * A record is everything up to the delimiter: quotes and blanks mean nothing, and an empty record counts. Only in CSV
 * (task/csv.h) a newline in a quoted field is of the record, which keeps its quotes. Where records have a beginning of
 * their own, only a delimiter that this follows ends one; what is before the first is a record, too.
 */
#ifndef CODEC_INPUT_H
#define CODEC_INPUT_H

#include "base/dialect.h"
#include "base/slice.h"
#include "task/csv.h"
#include "task/delimiter.h"

/* The scanner of CSV. At the start all fields but separator and lines are zero. */
struct input_csv {
	/* The byte between fields, 0 if records are not CSV. */
	char separator;
	/* The state after the scanned bytes. */
	enum csv_state state;
	/* Newlines scanned; some, with NUL as the delimiter. */
	uint64_t lines;
	/* The line of the quote that began the last quoted field, and the bytes scanned after it. */
	uint64_t quote_line;
	uint64_t quoted;
	/* The line of the first text after a closing quote, 0 if none. */
	uint64_t fault_line;
};

/* A reading position. At the start all fields but delimiter, limit, allows_nul and some of csv are 0. */
struct input {
	/* The byte that ends a record, or begins what does; in CSV a newline, or NUL if nothing else does. */
	char delimiter;
	/* What ends a record if it has several bytes, or if start is set; else NULL. */
	const struct delimiter *string;
	/* What a record begins with, NULL if with anything. */
	const struct delimiter *start;
	/* Bytes of the longest record. */
	uint64_t limit;
	/* True if a record may hold NULs, which an argument cannot. */
	bool allows_nul;
	/* Bytes of the current record that were dropped because it is too long, 0 if none. */
	uint64_t dropped;
	/* Bytes of the current record, without those dropped, in which no delimiter begins; they come again. */
	size_t scanned;
	struct input_csv csv;
};

enum input_event {
	/* The bytes hold no whole record: more are needed. */
	INPUT_MORE,
	INPUT_RECORD,
	/* A record longer than the limit; its bytes were dropped as they came. */
	INPUT_TOO_LONG,
	/* A record with a NUL, which an argument cannot have. */
	INPUT_NUL,
	/* A record of CSV with text after a closing quote. */
	INPUT_TRAILING,
	/* A record of CSV that ends within a quoted field, which only NUL as the delimiter can do. */
	INPUT_CUT,
	/*
	 * A quoted field longer than the limit: its quote is not closed, and the input cannot be continued. Not with
	 * NUL as the delimiter.
	 */
	INPUT_UNCLOSED,
};

struct input_step {
	enum input_event event;
	/* Bytes that need not come again: the record and its delimiter, or with INPUT_MORE the dropped bytes (mostly
	 * 0). */
	size_t consumed;
	/* Bytes of the record, without its delimiter. */
	uint64_t size;
	/* The line of the text after a closing quote, or of the quote that is not closed; 0 if none, or with NUL as
	 * the delimiter. */
	uint64_t line;
};

/*
 * Finds the end of the record that bytes begin with; its delimiter becomes a NUL. The next call takes the bytes after
 * those consumed, and more if the event is INPUT_MORE: no byte is scanned for the delimiter twice, but for those at the
 * end in which a delimiter of several bytes, or one that start follows, may have begun.
 */
struct input_step input_next(struct input *input, char *bytes, size_t size);

/*
 * Takes the last record, where string is set: bytes are what is left when input_next has consumed nothing, and have
 * room for the delimiter, which is added (and consumed) unless start is set and they end with it.
 */
struct input_step input_last(struct input *input, char *bytes, size_t size);

/* True if what is left at the end of the input is a record that input_last takes. */
static inline bool input_has_last(const struct input *input, size_t size)
{
	return input->string && (size || input->dropped);
}

/* Returns how many records end in these bytes, which are those that the next call takes. */
uint64_t input_count(const struct input *input, struct slice bytes);

/* Returns the size of the whole records that these bytes begin with, with their delimiters. */
size_t input_whole(const struct input *input, struct slice bytes);

/* True if the bytes scanned end within a quoted field: at the end of the input its quote, in *line, is not closed. */
bool input_is_quoted(const struct input *input, uint64_t *line);

/* Bytes of the longest reason. */
enum { INPUT_REASON_MAX = 160 };

/* Writes the reason why a record cannot be a value: that of INPUT_TOO_LONG, INPUT_NUL, INPUT_TRAILING or INPUT_CUT. */
void input_explain(const struct input *input, const struct input_step *step, char *reason, size_t size);

#endif
