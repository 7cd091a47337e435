/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ledger of chunks that are out. */
#include "pool/ledger.h"

#include "base/trace.h"
#include "ipc/shm.h"

#include <inttypes.h>

void ledger_init(struct ledger *ledger, struct queue queue, struct arena *arena)
{
	*ledger = (struct ledger){.queue = queue, .arena = arena};
	ledger->rows = shm_new_unshared(queue.rows, sizeof *ledger->rows);
}

bool ledger_has_room(const struct ledger *ledger, size_t reserve)
{
	return ledger->used + reserve < ledger->queue.rows;
}

void ledger_submit(struct ledger *ledger, const struct chunk *chunk)
{
	size_t row = ledger->hint;
	struct queue_entry *entry;

	if (!ledger_has_room(ledger, 0) || !chunk->count)
		BUG("a chunk that the ledger has no room for");
	while (ledger->rows[row].chunk.count)
		row = (row + 1) % ledger->queue.rows;
	ledger->hint = (row + 1) % ledger->queue.rows;
	ledger->used++;
	ledger->outstanding += chunk->count;
	ledger->rows[row] = (struct ledger_row){
		.chunk = *chunk,
		.outstanding = chunk->count,
		.cursor_index = chunk->first,
	};
	entry = &ledger->queue.entries[row];
	entry->first = chunk->first;
	entry->count = chunk->count;
	entry->block = (uint64_t)chunk->block * ARENA_BLOCK_SIZE;
	entry->offset_in_block = chunk->offset;
	entry->size = chunk->size;
	entry->attempt = chunk->attempt;
	entry->width = chunk->width;
	atomic_store_explicit(&entry->next, chunk->first, memory_order_relaxed);
	trace_event("chunk_submit", "\"first\":%" PRIu64 ",\"count\":%" PRIu32, chunk->first + 1, chunk->count);
	queue_publish(&ledger->queue, row);
}

bool ledger_has(const struct ledger *ledger, size_t row, uint64_t index, uint32_t attempt)
{
	const struct chunk *chunk;

	if (row >= ledger->queue.rows)
		return false;
	chunk = &ledger->rows[row].chunk;
	return chunk->count && chunk->attempt == attempt && index >= chunk->first &&
	       index - chunk->first < chunk->count;
}

size_t ledger_find(const struct ledger *ledger, uint64_t index, uint32_t attempt)
{
	size_t row;

	for (row = 0; row < ledger->queue.rows; row++) {
		if (ledger_has(ledger, row, index, attempt))
			return row;
	}
	return QUEUE_NONE;
}

void ledger_settle(struct ledger *ledger, size_t row, uint32_t count)
{
	struct ledger_row *known = &ledger->rows[row];

	ledger->outstanding -= count;
	known->outstanding -= count;
	if (known->outstanding)
		return;
	queue_free(&ledger->queue, row);
	arena_drop(ledger->arena, known->chunk.block);
	known->chunk.count = 0;
	ledger->used--;
}

/* Returns the index after the last task of a chunk. */
static uint64_t ledger_end_of(const struct chunk *chunk)
{
	return chunk->first + chunk->count;
}

uint64_t ledger_next(const struct ledger *ledger, size_t row)
{
	return ledger_end_of(&ledger->rows[row].chunk) - ledger->rows[row].outstanding;
}

bool ledger_claims(const struct ledger *ledger, uint32_t claimer, uint64_t index)
{
	size_t row;

	for (row = 0; row < ledger->queue.rows; row++) {
		const struct chunk *chunk = &ledger->rows[row].chunk;
		uint32_t who;

		if (index >= chunk->first && index - chunk->first < chunk->count &&
		    queue_state(&ledger->queue, row, &who) == QUEUE_CLAIMED && who == claimer)
			return true;
	}
	return false;
}

uint64_t ledger_returned(const struct ledger *ledger, size_t row)
{
	uint64_t next = atomic_load(&ledger->queue.entries[row].next), end = ledger_end_of(&ledger->rows[row].chunk);

	if (next < ledger_next(ledger, row))
		return ledger_next(ledger, row);
	return next < end ? next : end;
}

void ledger_cut(struct ledger *ledger, size_t row, uint64_t next)
{
	struct chunk *chunk = &ledger->rows[row].chunk;
	uint32_t count = (uint32_t)(ledger_end_of(chunk) - next);

	chunk->count -= count;
	ledger->queue.entries[row].count = chunk->count;
	ledger_settle(ledger, row, count);
}

struct task ledger_task(struct ledger *ledger, size_t row, uint64_t index)
{
	struct ledger_row *known = &ledger->rows[row];
	const char *bytes = arena_block(ledger->arena, known->chunk.block) + known->chunk.offset;
	struct chunk_reader reader;
	struct task task = {.index = 0};

	if (index < known->cursor_index) {
		known->cursor_index = known->chunk.first;
		known->cursor_offset = 0;
	}
	reader = chunk_read(
		(struct slice){.data = bytes + known->cursor_offset, .size = known->chunk.size - known->cursor_offset},
		known->cursor_index, known->chunk.count - (uint32_t)(known->cursor_index - known->chunk.first),
		known->chunk.width);
	while (chunk_next(&reader, &task) && task.index < index)
		;
	known->cursor_index = task.index;
	known->cursor_offset = (uint32_t)(task.bytes.data - bytes);
	task.attempt = known->chunk.attempt;
	return task;
}

struct chunk ledger_single(struct ledger *ledger, size_t row, uint64_t index)
{
	const struct chunk *chunk = &ledger->rows[row].chunk;
	struct task task = ledger_task(ledger, row, index);

	return (struct chunk){
		.first = index,
		.count = 1,
		.block = chunk->block,
		.offset = (uint32_t)(task.bytes.data - arena_block(ledger->arena, chunk->block)),
		.size = (uint32_t)task.bytes.size,
		.attempt = chunk->attempt,
		.width = chunk->width,
	};
}

size_t ledger_claimed_by(const struct ledger *ledger, uint32_t claimer)
{
	size_t row;

	/* Called at every worker's end: nothing is searched at the end of a run, when no task is outstanding. */
	for (row = 0; ledger->outstanding && row < ledger->queue.rows; row++) {
		uint32_t who;

		if (queue_state(&ledger->queue, row, &who) == QUEUE_CLAIMED && who == claimer)
			return row;
	}
	return QUEUE_NONE;
}

struct claim_state claim_judge(const struct chunk *chunk, uint64_t next, const struct claim_facts *facts)
{
	uint64_t end = ledger_end_of(chunk), done = chunk->first;
	struct claim_state state;

	if (facts->result > done && facts->result <= end && facts->result_attempt == chunk->attempt)
		done = facts->result;
	/* next is impossible. So that nothing runs twice, the whole chunk counts as begun. */
	if (next < done || next > end)
		return (struct claim_state){.rest = end};
	state = (struct claim_state){.rest = next, .accounted = next == done};
	if (facts->running > done && facts->running <= end && facts->running_attempt == chunk->attempt) {
		state.rest = facts->has_begun ? facts->running : facts->running - 1;
		state.accounted = facts->running - 1 == done;
	}
	if (facts->broken) {
		state.rest = state.rest < next ? next : state.rest;
		state.accounted = false;
	}
	return state;
}

struct claim_state ledger_judge_claim(const struct ledger *ledger, size_t row, const struct claim_facts *facts)
{
	return claim_judge(&ledger->rows[row].chunk, atomic_load(&ledger->queue.entries[row].next), facts);
}

uint64_t ledger_begun(const struct ledger *ledger, size_t row)
{
	const struct chunk *chunk = &ledger->rows[row].chunk;
	uint64_t end = ledger_end_of(chunk), next = atomic_load(&ledger->queue.entries[row].next);
	uint32_t claimer;

	if (queue_state(&ledger->queue, row, &claimer) == QUEUE_FREE || next > end)
		return end;
	return next < chunk->first ? chunk->first : next;
}

void ledger_give_back(struct ledger *ledger, size_t row, uint64_t next)
{
	const struct chunk *chunk = &ledger->rows[row].chunk;
	struct queue_entry *entry = &ledger->queue.entries[row];

	if (next >= ledger_end_of(chunk)) {
		/* No task is left to claim; the row stays in the ledger until its last results are settled. */
		queue_free(&ledger->queue, row);
		return;
	}
	atomic_store_explicit(&entry->next, next, memory_order_relaxed);
	queue_publish(&ledger->queue, row);
}

size_t ledger_withdraw(struct ledger *ledger)
{
	size_t row;

	for (row = 0; row < ledger->queue.rows; row++) {
		if (ledger->rows[row].chunk.count && queue_withdraw(&ledger->queue, row))
			return row;
	}
	return QUEUE_NONE;
}

bool ledger_retract(struct ledger *ledger, size_t row)
{
	uint32_t claimer;

	return queue_withdraw(&ledger->queue, row) || queue_state(&ledger->queue, row, &claimer) == QUEUE_FREE;
}

void ledger_release(struct ledger *ledger)
{
	shm_free_unshared(ledger->rows, ledger->queue.rows, sizeof *ledger->rows);
	ledger->rows = NULL;
}
