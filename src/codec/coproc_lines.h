/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of a stream that comes in pieces: each byte is searched once, and a line without end takes no more memory. */
#ifndef CODEC_COPROC_LINES_H
#define CODEC_COPROC_LINES_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"

/* The bytes that have come. The caller sets limit, and 0 for the others. */
struct coproc_lines {
	/* The longest line, bytes without the newline. */
	size_t limit;
	struct bytes held;
	/* The offset of the current line in held, and of what has not been searched for its end. */
	size_t begin;
	size_t searched;
};

enum coproc_lines_event {
	/* No line is complete. */
	COPROC_LINES_MORE,
	/* A line. */
	COPROC_LINES_LINE,
	/* The beginning of a line that is too long: the stream cannot be read any further. */
	COPROC_LINES_LONG,
};

/* Returns room for size bytes, which invalidates lines. The caller reports what it has put there. */
char *coproc_lines_reserve(struct coproc_lines *lines, size_t size);

/* Adds the bytes that were put into the room. */
void coproc_lines_add(struct coproc_lines *lines, size_t size);

/* Finds the next line: a view without its newline, valid until the next reserve. */
enum coproc_lines_event coproc_lines_next(struct coproc_lines *lines, struct slice *line);

/* Returns what remains at the end of the stream: a last line without its newline, or nothing. */
struct slice coproc_lines_rest(const struct coproc_lines *lines);

/* Frees the memory; the lines of another stream may follow. */
void coproc_lines_reset(struct coproc_lines *lines);

#endif
