/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A chain: what a task wrote, as pieces here and there on the tape.
 *
 * Behind the bytes of each piece stands where the one before is; so a chain is read from its end back, as far as the
 * tape goes.
 */
#ifndef JOURNAL_CHAIN_H
#define JOURNAL_CHAIN_H

#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"
#include "task/task.h"
#include "journal/tape.h"

enum { CHAIN_STREAMS = STREAM_ERRORS };

/* All zero is nothing written. */
struct chain {
	/* The position behind the last piece; 0 when there is none. */
	uint64_t last;
	/* Bytes in all, by stream - 1. */
	uint64_t written[CHAIN_STREAMS];
};

/* The last size bytes on the tape are the chain's next piece: says so behind them. */
void chain_add(struct chain *chain, struct tape *tape, enum stream stream, uint32_t size);

struct chain_reading {
	/* Which streams: bits 1 << stream. */
	unsigned streams;
	/* NULL: only what is missing is of interest. */
	void (*take)(void *context, enum stream stream, struct slice bytes);
	void *context;
	/* Set before take is called: how many of the first bytes of these streams are gone. */
	uint64_t missing;
};

/* Hands on what is still on the tape, in the order in which it was written. -1 with the error when it cannot be read.
 */
int chain_read(const struct chain *chain, struct tape *tape, struct chain_reading *reading,
	       struct error *error) MUST_CHECK;

#endif
