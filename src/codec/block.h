/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The block protocol (mpmap-coproc(7)), by which adapters get many records in a message and answer them in one: a
 * header of words, ended by a newline, then bytes whose sizes are in the header.
 */
#ifndef CODEC_BLOCK_H
#define CODEC_BLOCK_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"
#include "task/task.h"
#include "task/values.h"

enum {
	/* The version of the protocol. */
	BLOCK_VERSION = 1,
	/* The longest header, bytes with its newline. */
	BLOCK_HEADER_MAX = 256,
	/* The most bytes of each part of a message. */
	BLOCK_PART_MAX = 64 << 20,
	/* The most parts. */
	BLOCK_PARTS = 3,
};

/* What an adapter is given of a run before its first records. */
struct block_settings {
	/* The byte that ends records of a block of lines. */
	char delimiter;
	/* Each record needs a result of its own. */
	bool singles;
	/* Results bring the returned values as JSON. */
	bool values;
	/* Records are JSON texts. */
	bool json;
	/* The names of the columns. */
	char *const *names;
	size_t name_count;
};

/* Appends the message that begins a run. */
void block_put_begin(struct bytes *out, const struct block_settings *settings);

/* Consecutive records of a block. */
struct block_range {
	/* The first, as task.index. */
	uint64_t first;
	uint64_t count;
	/* The attempt at them, from 1. */
	uint32_t attempt;
};

/* Appends a block of records as they were read, each with its delimiter. */
void block_put_lines(struct bytes *out, const struct block_range *range, struct slice lines);

/* Appends the header of a block of records made by block_add_record, which take size bytes. */
void block_put_header(struct bytes *out, const struct block_range *range, size_t size);

/*
 * Appends a record: the number of its values, the whole of it, and the values if it is divided, each with a NUL. A
 * record of several sources as a whole is their values with blanks between.
 */
void block_add_record(struct bytes *out, const struct task *task, const struct values *values, bool is_divided);

enum block_kind {
	/* The message has not come as a whole. */
	BLOCK_MORE,
	/* The adapter is ready. */
	BLOCK_HELLO,
	/* It cannot begin: parts[0] says why. */
	BLOCK_FAIL,
	/* Consecutive records went well: parts[0] is all their output. */
	BLOCK_OK,
	/* The result of a record: its output, what it wrote to standard error, and its value. */
	BLOCK_RESULT,
	/* A part of a record's output ahead of its result. */
	BLOCK_OUTPUT,
	BLOCK_MALFORMED,
};

/* A message of an adapter. */
struct block_message {
	enum block_kind kind;
	/* The first record, as task.index, and their number. */
	uint64_t index;
	uint64_t count;
	/* Of a result or a failure: the exit status, or a signal below 0. */
	int status;
	/* Of a result: the time that the record took, nanoseconds; below 0 if not given. */
	int64_t duration;
	/* Of a part of the output: its stream. */
	enum stream stream;
	/* Of a hello: the words in it. */
	bool marks;
	bool answers_each;
	bool takes_one;
	/* Views of the bytes; without data where there is no value. */
	struct slice parts[BLOCK_PARTS];
	/* Of a malformed message: what is wrong with it. */
	const char *problem;
};

/*
 * Reads the message that bytes begin with. Returns its size with all its parts; with BLOCK_MORE 0, and in *wanted how
 * many bytes it has at least.
 */
size_t block_take(struct slice bytes, struct block_message *message, size_t *wanted);

#endif
