/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A task that is more than values: its length, then tagged fields, in one run of bytes that a chunk can hold.
 *
 * Every field's bytes have a NUL behind them, so that a worker's argv can point straight at them.
 */
#ifndef TASK_FRAME_H
#define TASK_FRAME_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"

enum frame_kind {
	/* A record: FIELD_WHOLE, then a FIELD_VALUE each. */
	FRAME_ARRAY = 1,
	/* A record: FIELD_WHOLE, then FIELD_NAME and FIELD_VALUE in turn. */
	FRAME_OBJECT,
	/* A task that brings its own command: FIELD_ARGUMENT each, and its settings. */
	FRAME_COMMAND,
};

enum field {
	/* The record as one text. */
	FIELD_WHOLE = 1,
	FIELD_NAME,
	FIELD_VALUE,
	FIELD_ARGUMENT,
	/* What its standard input holds. */
	FIELD_STDIN,
	/* The folder it runs in. */
	FIELD_DIRECTORY,
	/* Environment: NAME=VALUE, and NAME of one that is to be absent. */
	FIELD_SET,
	FIELD_UNSET,
	/* How long it may take, in place of the run's limit; and how often it is run again: 64-bit numbers as decimal
	   text. */
	FIELD_TIMEOUT,
	FIELD_RETRIES,
	/* JSON that goes with it to its result. */
	FIELD_ID,
};

/* Begins a frame at the end of bytes: its place, for frame_end. */
size_t frame_begin(struct bytes *bytes, enum frame_kind kind);
void frame_put(struct bytes *bytes, enum field field, struct slice value);
void frame_put_number(struct bytes *bytes, enum field field, uint64_t value);
void frame_end(struct bytes *bytes, size_t begun);

/* The frame that bytes begin with, length and all; empty when they do not hold a whole one. */
struct slice frame_first(struct slice bytes);

/* A reading position in a frame. All zero is at the end. */
struct frame_reader {
	enum frame_kind kind;
	struct cursor cursor;
};

struct frame_reader frame_read(struct slice frame);

/* The next field: false at the end, and when the frame is none. */
bool frame_next(struct frame_reader *reader, enum field *field, struct slice *value);

/* The first field of that sort: false when there is none. */
bool frame_find(struct slice frame, enum field field, struct slice *value);

/* The same as a number; 0 when there is none. */
uint64_t frame_number(struct slice frame, enum field field);

#endif
