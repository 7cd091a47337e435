/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The shared task queue: a table of rows in shared memory, from which idle processes pull.
 *
 * There is no lock that a dying process could hold. A row is one 64-bit word: free, ready with the index of its first
 * task, or claimed with the claimer's number. Claiming is one compare-and-swap of that word, so the claim itself tells
 * the owner of the queue who has what. The ready row with the lowest index goes first: what is given back after a
 * death is thereby at the front again. So that not all of them are looked at, each row has a mark: it is set before
 * the row becomes ready, and taken back by whoever has claimed it. One that says too little there is never.
 *
 * The gate holds claimers back: only rows whose index is below it can be claimed.
 */
#ifndef BOARD_QUEUE_H
#define BOARD_QUEUE_H

#include "base/dialect.h"
#include "board/marks.h"

#include <stdatomic.h>

/* The gate when it is open. Indexes stay below. */
#define QUEUE_OPEN (UINT64_C(1) << 61)
/* No row. */
#define QUEUE_NONE SIZE_MAX

/*
 * What a row holds. Written by the owner of the queue before it publishes, then by the claimer until it is done or has
 * returned the rest; read by the owner after the claimer's death. next is the index of the first task that has not
 * been done; the others describe what was published and do not change.
 */
struct queue_entry {
	_Alignas(CACHE_LINE) _Atomic uint64_t next;
	uint64_t first;
	uint32_t count;
	uint32_t offset_in_block;
	uint64_t block;
	uint64_t size;
	/* Which time its tasks are run, from 1. */
	uint32_t attempt;
	/* How many values each of them has. */
	uint32_t width;
};

/* The part in shared memory. */
struct queue_shared {
	/* Written by the owner, read by claimers. */
	_Alignas(CACHE_LINE) _Atomic uint64_t gate;
};

/* A process's view of it. */
struct queue {
	struct queue_shared *shared;
	struct marks marks;
	_Atomic uint64_t *words;
	struct queue_entry *entries;
	size_t rows;
};

enum queue_state {
	QUEUE_FREE,
	QUEUE_READY,
	QUEUE_CLAIMED,
};

/* Bytes of shared memory that a queue with this many rows takes; a multiple of CACHE_LINE. */
size_t queue_size(size_t rows);

/* A view of the queue in memory (zeroed: all free, the gate shut until queue_set_gate). */
struct queue queue_at(void *memory, size_t rows);

/* Owner: publishes a free row, whose entry is filled in. */
void queue_publish(struct queue *queue, size_t row);

/* Owner: the state of a row, and who claimed it. */
enum queue_state queue_state(const struct queue *queue, size_t row, uint32_t *claimer);

/* Owner: makes a row free that a claimer is done with (or died with). */
void queue_free(struct queue *queue, size_t row);

/* Owner: takes a ready row back before anybody claims it; false when somebody has. It is free then. */
bool queue_withdraw(struct queue *queue, size_t row);

/* Owner: lets claimers take rows with an index below gate (QUEUE_OPEN: all). */
void queue_set_gate(struct queue *queue, uint64_t gate);
uint64_t queue_gate(const struct queue *queue);

/* Anyone: how many rows are ready and below the gate, at most limit. */
size_t queue_claimable(const struct queue *queue, size_t limit);

/* Anyone: how many rows are ready, wherever the gate is; one that is being claimed may count still. */
size_t queue_ready(const struct queue *queue);

/* Anyone: whether there is one. */
bool queue_has_ready(const struct queue *queue);

/* Claims the ready row with the lowest index below the gate for claimer (not 0): the row, or QUEUE_NONE. */
size_t queue_claim(struct queue *queue, uint32_t claimer);

/* Claimer: gives the rest of its row (from entry's next on) back to the queue. */
void queue_return(struct queue *queue, size_t row);

#endif
