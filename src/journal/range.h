/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tasks of a note "tasks": consecutive ones that succeeded, and whose outputs follow one another.
 *
 * They are pieces of one string, with a blank between two of them:
 *
 *   KEY:SIZE       a key, and the size of the output
 *   KEY:SIZE:NTH   the same of the NTH of equal tasks, from 0, where that is not 0
 *
 * A key is its 16 bytes in the order in which key_print prints them, in 22 characters of the alphabet of RFC 4648 for
 * URLs, without padding. So the ninth byte of a piece is no blank, which that of a note is.
 */
#ifndef JOURNAL_RANGE_H
#define JOURNAL_RANGE_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"
#include "journal/key.h"

/* The longest piece. */
enum { RANGE_PIECE_MAX = 64 };

struct range_task {
	struct key key;
	uint64_t size;
	uint32_t nth;
};

/* The most tasks of a note. */
enum { RANGE_MOST = 4096 };

/* The tasks of a note. */
struct range {
	/* The index of the first, and how many there are. */
	uint64_t first;
	uint64_t count;
	/* Where the output of the first begins: in the run's output if is_out, else in the outputs file. */
	uint64_t place;
	bool is_out;
	struct bytes pieces;
};

/* Appends a task to the pieces. */
void range_put(struct bytes *pieces, const struct range_task *task);

/* Takes the first task off the pieces, with the blank or quote after it. False if there is none. */
bool range_take(struct slice *pieces, struct range_task *task);

/* True if the bytes of a journal begin with a piece, not with a note. */
static inline bool range_is_at(struct slice bytes)
{
	return bytes.size > 8 && bytes.data[8] != ' ';
}

#endif
