/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Splitting input into records, in place: the delimiter after each becomes a NUL, nothing is copied.
 *
 * A record is everything up to the delimiter: quotes and blanks mean nothing, and an empty record counts.
 */
#ifndef CODEC_INPUT_H
#define CODEC_INPUT_H

#include "base/dialect.h"
#include "base/slice.h"

/* A reading position. At the start all fields but delimiter, limit and allows_nul are 0. */
struct input {
	char delimiter;
	/* Bytes of the longest record. */
	uint64_t limit;
	/* True if a record may hold NULs, which an argument cannot. */
	bool allows_nul;
	/* Bytes of the current record that were dropped because it is too long, 0 if none. */
	uint64_t dropped;
	/* Bytes of the current record, without those dropped, in which there is no delimiter; they come again. */
	size_t scanned;
};

enum input_event {
	/* The bytes hold no whole record: more are needed. */
	INPUT_MORE,
	INPUT_RECORD,
	/* A record longer than the limit; its bytes were dropped as they came. */
	INPUT_TOO_LONG,
	/* A record with a NUL, which an argument cannot have. */
	INPUT_NUL,
};

struct input_step {
	enum input_event event;
	/* Bytes that need not come again: the record and its delimiter, or with INPUT_MORE the dropped bytes (mostly
	 * 0). */
	size_t consumed;
	/* Bytes of the record, without its delimiter. */
	uint64_t size;
};

/*
 * Finds the end of the record that bytes begin with; its delimiter becomes a NUL. The next call takes the bytes after
 * those consumed, and more if the event is INPUT_MORE: no byte is scanned for the delimiter twice.
 */
struct input_step input_next(struct input *input, char *bytes, size_t size);

/* Returns how many records end in these bytes. */
uint64_t input_count(const struct input *input, struct slice bytes);

/* Returns the size of the whole records that bytes begin with, with their delimiters. */
size_t input_whole(const struct input *input, struct slice bytes);

#endif
