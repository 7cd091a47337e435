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
	/* The chunk; its count is 0 if the row is free. */
	struct chunk chunk;
	/* Tasks without a result so far. */
	uint32_t outstanding;
	/* The index plus one of the task that ran when a worker was killed (outcomes_blame), and how often in a row. */
	uint64_t killed;
	unsigned kills;
	/* The task that ledger_task has read last: the next is mostly the one after it. */
	uint64_t cursor_index;
	/* Where its record begins, bytes from the chunk's beginning. */
	uint32_t cursor_offset;
};

struct ledger {
	struct queue queue;
	struct arena *arena;
	struct ledger_row *rows;
	/* Rows that hold a chunk. */
	size_t used;
	/* Tasks without a result, of all rows together. */
	uint64_t outstanding;
	/* A row that may be free: where the search begins. */
	size_t hint;
};

/* The facts by which the rows of a dead worker are judged. */
struct claim_facts {
	/* Written by the worker: the index plus one of the task that it ran, 0 if none or if that has its result. */
	uint64_t running;
	uint32_t running_attempt;
	/* Written by the worker: true if that task had a process, or output of it may have been taken. */
	bool has_begun;
	/* The index plus one of the last result that was taken from the worker, 0 if none. */
	uint64_t result;
	uint32_t result_attempt;
	/* True if the worker broke the protocol: results may remain unread in its ring. */
	bool broken;
};

/* The judgement on one row. */
struct claim_state {
	/* The first task that has not been begun: this and those after it are given back. */
	uint64_t rest;
	/*
	 * True if the dead worker's own results and running task explain every task before rest. False also where other
	 * workers began the row: lose_unaccounted then checks.
	 */
	bool accounted;
};

void ledger_init(struct ledger *ledger, struct queue queue, struct arena *arena);

/* True if there is a free row in addition to reserve others. */
bool ledger_has_room(const struct ledger *ledger, size_t reserve);

/* Enters a chunk and publishes it; takes over its use of its block. There must be room. */
void ledger_submit(struct ledger *ledger, const struct chunk *chunk);

/* True if row holds a chunk with this attempt at this task. */
bool ledger_has(const struct ledger *ledger, size_t row, uint64_t index, uint32_t attempt);

/* Returns the row that holds this attempt at this task and is not settled, claimed or not; QUEUE_NONE if absent. */
size_t ledger_find(const struct ledger *ledger, uint64_t index, uint32_t attempt);

/* Returns a chunk of one task of the chunk in row, with the same attempt. The caller counts its use of the block. */
struct chunk ledger_single(struct ledger *ledger, size_t row, uint64_t index);

/* Notes that count tasks of the chunk in row have their results. Frees the row after the last. */
void ledger_settle(struct ledger *ledger, size_t row, uint32_t count);

/* Returns the first task of a chunk without a result, where results come in the order of its tasks. */
uint64_t ledger_next(const struct ledger *ledger, size_t row);

/* True if a row that this worker has claimed holds the task. */
bool ledger_claims(const struct ledger *ledger, uint32_t claimer, uint64_t index);

/* Takes the tasks from next on off a withdrawn chunk, as if they had never been in it. Frees a row without others. */
void ledger_cut(struct ledger *ledger, size_t row, uint64_t next);

/* Returns a task of the chunk in row: a view, valid until the task is settled or the next arena_take. */
struct task ledger_task(struct ledger *ledger, size_t row, uint64_t index);

/*
 * Returns a row that a dead worker had claimed, or QUEUE_NONE. To be called until then: each row must be given back or
 * be settled to its end before the next call.
 */
size_t ledger_claimed_by(const struct ledger *ledger, uint32_t claimer);

/* Judges a chunk of a dead worker, whose queue entry says next. Pure. */
struct claim_state claim_judge(const struct chunk *chunk, uint64_t next, const struct claim_facts *facts);

/* Judges a row that a dead worker had claimed. */
struct claim_state ledger_judge_claim(const struct ledger *ledger, size_t row, const struct claim_facts *facts);

/* Returns the first index of a row that no worker has begun, by the words of its workers. */
uint64_t ledger_begun(const struct ledger *ledger, size_t row);

/* Returns the tasks of a claimed row from next on to the queue. If none remain, the row only waits to be settled. */
void ledger_give_back(struct ledger *ledger, size_t row, uint64_t next);

/* Withdraws a chunk that no worker has claimed. Returns its row, QUEUE_NONE if absent. */
size_t ledger_withdraw(struct ledger *ledger);

/* Withdraws a row if it is ready. False if a worker has claimed it. */
bool ledger_retract(struct ledger *ledger, size_t row);

/* Returns the first task that the queue entry of a row leaves to be run, by the words of its workers. */
uint64_t ledger_returned(const struct ledger *ledger, size_t row);

void ledger_release(struct ledger *ledger);

#endif
