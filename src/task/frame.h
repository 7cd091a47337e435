/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A frame: a task that is more than values, as its length and tagged fields in consecutive bytes of a chunk. The bytes
 * of every field are followed by a NUL, so that argv can point at them.
 */
#ifndef TASK_FRAME_H
#define TASK_FRAME_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"

enum frame_kind {
	/* A record: FIELD_WHOLE, then a FIELD_VALUE for each value. */
	FRAME_ARRAY = 1,
	/* A record: FIELD_WHOLE, then FIELD_NAME and FIELD_VALUE in turn. */
	FRAME_OBJECT,
	/* A task with its own command: a FIELD_ARGUMENT for each argument, and its settings. */
	FRAME_COMMAND,
	/* A record that is a string, but looks like a number: FIELD_WHOLE, then the same as FIELD_VALUE. */
	FRAME_STRING,
};

enum field {
	/* The record as one text. */
	FIELD_WHOLE = 1,
	FIELD_NAME,
	FIELD_VALUE,
	FIELD_ARGUMENT,
	/* The contents of its standard input. */
	FIELD_STDIN,
	/* Its working directory. */
	FIELD_DIRECTORY,
	/* A variable of its environment, NAME=VALUE. */
	FIELD_SET,
	/* The name of a variable that is removed. */
	FIELD_UNSET,
	/* Its time limit in place of the run's, nanoseconds in decimal digits. */
	FIELD_TIMEOUT,
	/* Its number of retries in place of the run's, in decimal digits. */
	FIELD_RETRIES,
	/* JSON that is copied to its result. */
	FIELD_ID,
};

/* Begins a frame at the end of bytes. Returns its place, for frame_end. */
size_t frame_begin(struct bytes *bytes, enum frame_kind kind);

/* Append a field to the frame that was begun. */
void frame_put(struct bytes *bytes, enum field field, struct slice value);
void frame_put_number(struct bytes *bytes, enum field field, uint64_t value);

/* Ends the frame that begins at begun. */
void frame_end(struct bytes *bytes, size_t begun);

/* Returns the frame at the beginning of bytes, with its length; empty if it is not complete. */
struct slice frame_first(struct slice bytes);

/* A reading position in a frame; at its end all fields are zero. */
struct frame_reader {
	enum frame_kind kind;
	struct cursor cursor;
};

/* Returns a reader at the beginning of a frame. */
struct frame_reader frame_read(struct slice frame);

/* Reads the next field. Returns false at the end, and if the bytes are not a frame. */
bool frame_next(struct frame_reader *reader, enum field *field, struct slice *value);

/* Finds the first such field. Returns false if the frame has no such field. */
bool frame_find(struct slice frame, enum field field, struct slice *value);

/* Returns the number in the first such field, or 0 if the frame has no such field. */
uint64_t frame_number(struct slice frame, enum field field);

#endif
