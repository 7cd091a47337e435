/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Frames of Python's multiprocessing.connection: a length and as many bytes, which may be none.
 *
 * The length is a signed 32-bit number, big-endian. One that does not fit is -1 and an unsigned 64-bit number.
 */
#ifndef STATE_PYAUTH_FRAME_H
#define STATE_PYAUTH_FRAME_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"

enum {
	PYFRAME_SHORT_HEADER = 4,
	PYFRAME_LONG_HEADER = 12,
};

/* What the bytes of a stream begin with. */
enum pyframe {
	PYFRAME_WHOLE,
	/* Nothing: the end of the stream is no error here. */
	PYFRAME_NOTHING,
	/* A part of the header, or of the bytes: the end of the stream is an error here. */
	PYFRAME_PART_OF_HEADER,
	PYFRAME_PART_OF_BYTES,
	/* Errors, known from the header alone: */
	/* A negative length that is not -1. */
	PYFRAME_NEGATIVE,
	/* The long form for a length that fits the short one. */
	PYFRAME_NEEDLESSLY_LONG,
	/* More bytes than the limit. */
	PYFRAME_TOO_LONG,
};

/* Stores the header of a frame with so many bytes. Returns its size. */
size_t pyframe_header(char header[PYFRAME_LONG_HEADER], uint64_t size);

/* Appends a frame. */
void pyframe_put(struct bytes *out, struct slice payload);

/* Finds the frame that a stream begins with. If it is whole, its bytes are in *payload, and the next is after them. */
enum pyframe pyframe_find(struct slice stream, uint64_t limit, struct slice *payload);

/* True if the stream cannot continue after this. */
static inline bool pyframe_is_error(enum pyframe found)
{
	return found >= PYFRAME_NEGATIVE;
}

/* Returns why a stream cannot continue after this, or cannot end with it. */
const char *pyframe_words(enum pyframe found);

#endif
