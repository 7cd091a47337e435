/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A chain: the output of a task, as pieces among those of others on the tape. Each piece is followed by a trailer that
 * locates the piece before; a chain is read back from its end, down to the tape's tail.
 *
 *   ... | bytes of piece 1 | trailer | others | bytes of piece 2 | trailer | ...
 *                                    ^                  |                  ^
 *                                    +---- before.last -+             chain.last
 */
#ifndef JOURNAL_CHAIN_H
#define JOURNAL_CHAIN_H

#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"
#include "task/task.h"
#include "journal/tape.h"

/* Standard output and error. */
enum { CHAIN_STREAMS = STREAM_ERRORS };

/* All zero if nothing is written. */
struct chain {
	/* The position after the last trailer; 0 if there is no piece. */
	uint64_t last;
	/* Bytes of all pieces, by stream - 1. */
	uint64_t written[CHAIN_STREAMS];
};

/* Makes the last size bytes on the tape the chain's next piece: appends its trailer. */
void chain_add(struct chain *chain, struct tape *tape, enum stream stream, uint32_t size);

struct chain_reading {
	/* The streams to read: bits 1 << stream. */
	unsigned streams;
	/* Takes the pieces; NULL if only missing is wanted. */
	void (*take)(void *context, enum stream stream, struct slice bytes);
	void *context;
	/* Bytes at the beginning of these streams that were dropped. Set before take is called. */
	uint64_t missing;
};

/* Passes what is still on the tape to take, in the order of writing. -1 with the error if it cannot be read. */
int chain_read(const struct chain *chain, struct tape *tape, struct chain_reading *reading,
	       struct error *error) MUST_CHECK;

#endif
