/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The shared task queue: a table of rows in shared memory, from which idle processes pull.
 *
 * There is no lock that a dying process could hold. A row is one 64-bit word, which one store or compare-and-swap
 * changes:
 *
 *   word             | by      | becomes                     | an instant earlier and later
 *   -----------------+---------+-----------------------------+----------------------------------------------------
 *   free             | owner   | ready, index of first task  | after the entry is filled and the mark is set
 *   ready, index     | claimer | claimed, claimer's number   | by CAS; then the claimer clears the mark
 *   ready, index     | owner   | free (withdrawn)            | by CAS; then the owner clears the mark
 *   claimed, number  | claimer | ready, index of entry->next | the rest is returned; the mark is set before
 *   claimed, number  | owner   | free                        | after its results are taken or its claimer's death
 *
 * So the claim itself tells the owner which worker has what. The ready row with the lowest index is claimed first: what
 * is given back after a death is thereby at the front again. A mark for each row saves scanning all: a mark may be
 * stale, but a ready row always has its mark.
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
 * The content of a row. Written by the owner of the queue before it publishes; read by the claimer, and by the owner
 * after the claimer's death. Only next changes in between.
 */
struct queue_entry {
	/*
	 * The index of the first task that another worker may still run. The claimer stores i + 1 before it commits the
	 * result of i, until it has finished or returned the row.
	 */
	_Alignas(CACHE_LINE) _Atomic uint64_t next;
	uint64_t first;
	uint32_t count;
	uint32_t offset_in_block;
	uint64_t block;
	uint64_t size;
	/* The attempt at its tasks, from 1. */
	uint32_t attempt;
	/* The number of values of each task. */
	uint32_t width;
};

/* The part in shared memory. */
struct queue_shared {
	/* The index from which on rows cannot be claimed. Written by the owner. */
	_Alignas(CACHE_LINE) _Atomic uint64_t gate;
};

/* A process's view of a queue. */
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

/* Returns the bytes of shared memory that a queue of that many rows takes, a multiple of CACHE_LINE. */
size_t queue_size(size_t rows);

/* Returns a view of the queue in memory. Zeroed memory is a queue of free rows with its gate shut. */
struct queue queue_at(void *memory, size_t rows);

/* Owner: publishes a free row, whose entry is filled in. */
void queue_publish(struct queue *queue, size_t row);

/* Owner: returns the state of a row, with the claimer's number (0 if it is not claimed). */
enum queue_state queue_state(const struct queue *queue, size_t row, uint32_t *claimer);

/* Owner: frees a row that its claimer has finished, or died with. */
void queue_free(struct queue *queue, size_t row);

/* Owner: frees a ready row. False if a worker has claimed it. */
bool queue_withdraw(struct queue *queue, size_t row);

/* Owner: lets rows with an index below gate be claimed (QUEUE_OPEN: all). */
void queue_set_gate(struct queue *queue, uint64_t gate);
uint64_t queue_gate(const struct queue *queue);

/* Any process: returns the number of rows that are ready and below the gate, at most limit. */
size_t queue_claimable(const struct queue *queue, size_t limit);

/* Any process: returns the number of ready rows, whatever the gate; a row that is being claimed may still count. */
size_t queue_ready(const struct queue *queue);

/* Any process: true if a row is ready, whatever the gate. */
bool queue_has_ready(const struct queue *queue);

/* Claims the ready row with the lowest index below the gate for claimer (not 0). Returns it, or QUEUE_NONE. */
size_t queue_claim(struct queue *queue, uint32_t claimer);

/* Claimer: makes the rest of its row, from entry->next on, ready again. */
void queue_return(struct queue *queue, size_t row);

#endif
