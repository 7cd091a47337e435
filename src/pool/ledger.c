/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ledger of chunks that are out. */
#include "pool/ledger.h"

#include "base/trace.h"
#include "ipc/shm.h"

#include <inttypes.h>

void ledger_init(struct ledger *ledger, struct queue queue, struct arena *arena)
{
	*ledger = (struct ledger){.queue = queue, .arena = arena};
	ledger->rows = shm_new_unshared(queue.slots, sizeof *ledger->rows);
}

bool ledger_has_room(const struct ledger *ledger, size_t reserve)
{
	return ledger->used + reserve < ledger->queue.slots;
}

void ledger_submit(struct ledger *ledger, const struct chunk *chunk)
{
	size_t slot = ledger->hint;
	struct queue_entry *entry;

	if (!ledger_has_room(ledger, 0) || !chunk->count)
		BUG("a chunk that the ledger has no room for");
	while (ledger->rows[slot].chunk.count)
		slot = (slot + 1) % ledger->queue.slots;
	ledger->hint = (slot + 1) % ledger->queue.slots;
	ledger->used++;
	ledger->outstanding += chunk->count;
	ledger->rows[slot] = (struct ledger_row){
		.chunk = *chunk,
		.outstanding = chunk->count,
		.cursor_index = chunk->first,
	};
	entry = &ledger->queue.entries[slot];
	entry->first = chunk->first;
	entry->count = chunk->count;
	entry->block = (uint64_t)chunk->block * ARENA_BLOCK_SIZE;
	entry->offset_in_block = chunk->offset;
	entry->size = chunk->size;
	entry->attempt = chunk->attempt;
	entry->width = chunk->width;
	atomic_store_explicit(&entry->next, chunk->first, memory_order_relaxed);
	trace_event("chunk_submit", "\"first\":%" PRIu64 ",\"count\":%" PRIu32, chunk->first + 1, chunk->count);
	queue_publish(&ledger->queue, slot);
}

bool ledger_has(const struct ledger *ledger, size_t slot, uint64_t index, uint32_t attempt)
{
	const struct chunk *chunk;

	if (slot >= ledger->queue.slots)
		return false;
	chunk = &ledger->rows[slot].chunk;
	return chunk->count && chunk->attempt == attempt && index >= chunk->first &&
	       index - chunk->first < chunk->count;
}

size_t ledger_find(const struct ledger *ledger, uint64_t index, uint32_t attempt)
{
	size_t slot;

	for (slot = 0; slot < ledger->queue.slots; slot++) {
		if (ledger_has(ledger, slot, index, attempt))
			return slot;
	}
	return QUEUE_NONE;
}

void ledger_settle(struct ledger *ledger, size_t slot)
{
	struct ledger_row *row = &ledger->rows[slot];

	ledger->outstanding--;
	if (--row->outstanding)
		return;
	queue_free(&ledger->queue, slot);
	arena_drop(ledger->arena, row->chunk.block);
	row->chunk.count = 0;
	ledger->used--;
}

struct task ledger_task(struct ledger *ledger, size_t slot, uint64_t index)
{
	struct ledger_row *row = &ledger->rows[slot];
	const char *bytes = arena_block(ledger->arena, row->chunk.block) + row->chunk.offset;
	struct chunk_reader reader;
	struct task task = {.index = 0};

	if (index < row->cursor_index) {
		row->cursor_index = row->chunk.first;
		row->cursor_offset = 0;
	}
	reader = chunk_read(
		(struct slice){.data = bytes + row->cursor_offset, .size = row->chunk.size - row->cursor_offset},
		row->cursor_index, row->chunk.count - (uint32_t)(row->cursor_index - row->chunk.first),
		row->chunk.width);
	while (chunk_next(&reader, &task) && task.index < index)
		;
	row->cursor_index = task.index;
	row->cursor_offset = (uint32_t)(task.bytes.data - bytes);
	task.attempt = row->chunk.attempt;
	return task;
}

struct chunk ledger_single(struct ledger *ledger, size_t slot, uint64_t index)
{
	const struct chunk *chunk = &ledger->rows[slot].chunk;
	struct task task = ledger_task(ledger, slot, index);

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
	size_t slot;

	/* Every worker's end asks: at the end of a run all in a row, when nothing is out any more. */
	for (slot = 0; ledger->outstanding && slot < ledger->queue.slots; slot++) {
		uint32_t who;

		if (queue_state(&ledger->queue, slot, &who) == QUEUE_CLAIMED && who == claimer)
			return slot;
	}
	return QUEUE_NONE;
}

void ledger_give_back(struct ledger *ledger, size_t slot, uint64_t next)
{
	const struct chunk *chunk = &ledger->rows[slot].chunk;
	struct queue_entry *entry = &ledger->queue.entries[slot];

	if (next >= chunk->first + chunk->count) {
		/* Its last results are still to be settled: by nobody's claim. */
		queue_free(&ledger->queue, slot);
		return;
	}
	atomic_store_explicit(&entry->next, next, memory_order_relaxed);
	queue_publish(&ledger->queue, slot);
}

size_t ledger_withdraw(struct ledger *ledger, uint64_t *next)
{
	size_t slot;

	for (slot = 0; slot < ledger->queue.slots; slot++) {
		if (!ledger->rows[slot].chunk.count || !queue_withdraw(&ledger->queue, slot))
			continue;
		*next = atomic_load_explicit(&ledger->queue.entries[slot].next, memory_order_acquire);
		return slot;
	}
	return QUEUE_NONE;
}

void ledger_release(struct ledger *ledger)
{
	shm_free_unshared(ledger->rows, ledger->queue.slots, sizeof *ledger->rows);
	ledger->rows = NULL;
}
