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

/* What the parent knows, and what a dead worker wrote, about the rows it had claimed. */
struct claim_facts {
	/* Written by the worker: the index plus one of the task it ran; 0 if none, or if that has its result. */
	uint64_t running;
	uint32_t running_attempt;
	/* Written by the worker: that task had a process. */
	bool has_process;
	/* Its last result that was taken: the index plus one; 0 if none. */
	uint64_t result;
	uint32_t result_attempt;
	/* It broke the protocol: results may remain unread in its ring. */
	bool broken;
};

/* What follows for one row. */
struct claim_state {
	/* Tasks from here on have not been begun: they are given back. */
	uint64_t rest;
	/* Each task before that has its result, or was the one that ran. If false, this has to be checked. */
	bool trusted;
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

/* Judges what a dead worker has left of a chunk whose entry says next. Pure. */
struct claim_state claim_judge(const struct chunk *chunk, uint64_t next, const struct claim_facts *facts);

/* The same for a row that it had claimed. */
struct claim_state ledger_judge_claim(const struct ledger *ledger, size_t row, const struct claim_facts *facts);

/* Returns the first index of a row that no worker has begun, as far as workers say. */
uint64_t ledger_begun(const struct ledger *ledger, size_t row);

/* Gives the tasks of a claimed row from next on back to the queue; with none left the row only waits to be settled.
 */
void ledger_give_back(struct ledger *ledger, size_t row, uint64_t next);

/* Takes back a chunk that nobody has claimed: its row, with *next its first task; QUEUE_NONE when there is none. */
size_t ledger_withdraw(struct ledger *ledger, uint64_t *next);

void ledger_release(struct ledger *ledger);

#endif
