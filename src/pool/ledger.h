/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ledger: the parent's own account of every chunk that is out, one row per row of the queue. It is the truth: what
 * workers write in shared memory is checked against it.
 */
#ifndef POOL_LEDGER_H
#define POOL_LEDGER_H

#include "base/dialect.h"
#include "task/chunk.h"
#include "board/arena.h"
#include "board/queue.h"

struct ledger_row {
	/* count 0: the row is free. */
	struct chunk chunk;
	/* Tasks without a result so far. */
	uint32_t outstanding;
	/* Where the last record that was looked up begins: they are asked for in order. */
	uint64_t cursor_index;
	uint32_t cursor_offset;
};

struct ledger {
	struct queue queue;
	struct arena *arena;
	struct ledger_row *rows;
	size_t used;
	/* Tasks without a result, of all rows together. */
	uint64_t outstanding;
	/* A row that may be free: where the search begins. */
	size_t hint;
};

void ledger_init(struct ledger *ledger, struct queue queue, struct arena *arena);

/* Whether there is a free row, and so many besides. */
bool ledger_has_room(const struct ledger *ledger, size_t reserve);

/* Enters a chunk and publishes it; its use of its block is the ledger's from now on. There must be room. */
void ledger_submit(struct ledger *ledger, const struct chunk *chunk);

/* Whether row holds a chunk with this attempt at this task in it. */
bool ledger_has(const struct ledger *ledger, size_t row, uint64_t index, uint32_t attempt);

/* The row whose chunk has this attempt and is not settled, whoever has claimed it; QUEUE_NONE. */
size_t ledger_find(const struct ledger *ledger, uint64_t index, uint32_t attempt);

/* A chunk of just this task of the chunk in row, with the same attempt. It does not count as a use of the block yet.
 */
struct chunk ledger_single(struct ledger *ledger, size_t row, uint64_t index);

/* One task of the chunk in row has its result. The row is freed with the last. */
void ledger_settle(struct ledger *ledger, size_t row);

/* A task of the chunk in row; a view, valid until the task is settled and before the next arena_take. */
struct task ledger_task(struct ledger *ledger, size_t row, uint64_t index);

/*
 * After the death of a claimer: the rows it had claimed, one at a time: QUEUE_NONE when there is none left. Each must
 * be given back or be settled to the end.
 */
size_t ledger_claimed_by(const struct ledger *ledger, uint32_t claimer);

/* Gives the tasks of a claimed row from next on back to the queue; with none left the row only waits to be settled.
 */
void ledger_give_back(struct ledger *ledger, size_t row, uint64_t next);

/* Takes back a chunk that nobody has claimed: its row, with *next its first task; QUEUE_NONE when there is none. */
size_t ledger_withdraw(struct ledger *ledger, uint64_t *next);

void ledger_release(struct ledger *ledger);

#endif
