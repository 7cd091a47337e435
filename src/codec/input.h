/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Splitting input into records, in place: the delimiter behind each becomes a NUL, nothing is copied.
 *
 * A record is everything up to the delimiter, as it is: no quotes, no blanks are special, and an empty one counts.
 */
#ifndef CODEC_INPUT_H
#define CODEC_INPUT_H

#include "base/dialect.h"
#include "base/slice.h"

/* All zero but the first three is the start of the input. */
struct input {
	char delimiter;
	/* Records longer than this are dropped. */
	uint64_t limit;
	/* A record may hold NULs: it is not for an argument. */
	bool allows_nul;
	/* In the middle of a record too long to keep: how much of it has been dropped. */
	uint64_t dropped;
};

enum input_event {
	/* No whole record there: more bytes are needed. */
	INPUT_MORE,
	INPUT_RECORD,
	/* A record longer than the limit; it was dropped as it came. */
	INPUT_TOO_LONG,
	/* A record with a NUL in it, which no argument can have. */
	INPUT_NUL,
};

/*
 * Looks for the record that bytes begin with. consumed is how many bytes to go on behind (with INPUT_MORE too: what was
 * dropped), size the record's size without its delimiter. Bytes are changed: the delimiter becomes a NUL.
 */
struct input_step {
	enum input_event event;
	size_t consumed;
	uint64_t size;
};

struct input_step input_next(struct input *input, char *bytes, size_t size);

/* How many records end in these bytes, and how many of them are whole records. */
uint64_t input_count(const struct input *input, struct slice bytes);
size_t input_whole(const struct input *input, struct slice bytes);

#endif
