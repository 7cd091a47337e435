/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The interface of fuzz targets, and their assertion. */
#ifndef FUZZ_H
#define FUZZ_H

#include "base/dialect.h"
#include "base/slice.h"
#include "task/task.h"

/* Runs a target on an input. Returns 0, or ends the process where an assertion does not hold. Defined by each target.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define hold(condition) ((condition) ? (void)0 : BUG("does not hold: " #condition))

/*
 * A text that comes in pieces. Its input: a byte of the target's own; a letter, the limit (A is 1, B is 2 ... _ is
 * RECORD_MAX, @ is 0; lower-case, or ? for _, says something else to the target); the number of sizes of pieces, a
 * letter in the same way; the sizes, each a letter, too (@ is 32), used in turns. The rest is the text, which comes at
 * once if there are no sizes.
 */
struct fuzz_pieces {
	char own;
	bool is_lower;
	size_t limit;
	struct slice text;
	const uint8_t *sizes;
	size_t size_count;
	size_t turn;
};

enum { FUZZ_LETTER = 31, FUZZ_LOWER_CASE = 32 };

/* Reads the input. False if it is too short. */
static inline bool fuzz_pieces_begin(struct fuzz_pieces *pieces, const uint8_t *data, size_t size)
{
	size_t head = 3, count;

	if (size < head || size - head < (count = data[2] & FUZZ_LETTER))
		return false;
	*pieces = (struct fuzz_pieces){
		.own = (char)data[0],
		.is_lower = data[1] & FUZZ_LOWER_CASE,
		.limit = (data[1] & FUZZ_LETTER) == FUZZ_LETTER ? RECORD_MAX : data[1] & FUZZ_LETTER,
		.text = {.data = (const char *)data + head + count, .size = size - head - count},
		.sizes = data + head,
		.size_count = count,
	};
	return true;
}

/* Returns the size of the next piece, at most rest. */
static inline size_t fuzz_pieces_next(struct fuzz_pieces *pieces, size_t rest)
{
	size_t piece = pieces->size_count ? pieces->sizes[pieces->turn++ % pieces->size_count] & FUZZ_LETTER : rest;

	if (pieces->size_count && !piece)
		piece = FUZZ_LETTER + 1;
	return piece < rest ? piece : rest;
}

#endif
