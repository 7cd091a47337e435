/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The shared task queue.
 *
 * A word is STATE in the top two bits and a value below: the first task's index when ready, the claimer's number when
 * claimed. Two orders matter. An entry is filled before its word becomes ready (release) and read after the swap that
 * claims it (acquire). And a worker marks itself as sleeping before it checks for work, while the owner publishes
 * before it checks for sleepers: words, the gate and queue_claimable are sequentially consistent so that neither pair
 * is reordered.
 */
#include "board/queue.h"

#include "base/fault.h"

#define STATE_SHIFT 62
#define VALUE_MASK ((UINT64_C(1) << STATE_SHIFT) - 1)

static uint64_t word_of(enum queue_state state, uint64_t value)
{
	return (uint64_t)state << STATE_SHIFT | value;
}

static enum queue_state state_of(uint64_t word)
{
	return (enum queue_state)(word >> STATE_SHIFT);
}

static size_t padded(size_t size)
{
	return (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

static size_t words_offset(size_t rows)
{
	return sizeof(struct queue_shared) + marks_size(rows);
}

static size_t entries_offset(size_t rows)
{
	return words_offset(rows) + padded(rows * sizeof(uint64_t));
}

size_t queue_size(size_t rows)
{
	return entries_offset(rows) + rows * sizeof(struct queue_entry);
}

struct queue queue_at(void *memory, size_t rows)
{
	char *base = memory;

	return (struct queue){
		.shared = memory,
		.marks = marks_at(base + sizeof(struct queue_shared), rows),
		.words = (_Atomic uint64_t *)(void *)(base + words_offset(rows)),
		.entries = (struct queue_entry *)(void *)(base + entries_offset(rows)),
		.rows = rows,
	};
}

void queue_publish(struct queue *queue, size_t row)
{
	uint64_t next = atomic_load_explicit(&queue->entries[row].next, memory_order_relaxed);

	/* First: a claimer killed in between still has the row, and a ready row always has its mark. */
	marks_set(&queue->marks, row);
	atomic_store(&queue->words[row], word_of(QUEUE_READY, next));
}

enum queue_state queue_state(const struct queue *queue, size_t row, uint32_t *claimer)
{
	uint64_t word = atomic_load_explicit(&queue->words[row], memory_order_acquire);

	*claimer = state_of(word) == QUEUE_CLAIMED ? (uint32_t)(word & VALUE_MASK) : 0;
	return state_of(word);
}

void queue_free(struct queue *queue, size_t row)
{
	atomic_store_explicit(&queue->words[row], word_of(QUEUE_FREE, 0), memory_order_relaxed);
	/* Still set if its claimer was killed before it cleared the mark. */
	marks_clear(&queue->marks, row);
}

bool queue_withdraw(struct queue *queue, size_t row)
{
	uint64_t word = atomic_load_explicit(&queue->words[row], memory_order_relaxed);

	if (state_of(word) != QUEUE_READY ||
	    !atomic_compare_exchange_strong(&queue->words[row], &word, word_of(QUEUE_FREE, 0)))
		return false;
	marks_clear(&queue->marks, row);
	return true;
}

void queue_set_gate(struct queue *queue, uint64_t gate)
{
	atomic_store(&queue->shared->gate, gate);
}

uint64_t queue_gate(const struct queue *queue)
{
	return atomic_load(&queue->shared->gate);
}

size_t queue_claimable(const struct queue *queue, size_t limit)
{
	uint64_t end = word_of(QUEUE_READY, atomic_load(&queue->shared->gate));
	struct marks_walk walk = {.groups = 0};
	size_t found = 0, row;

	while (found < limit && marks_next(&queue->marks, &walk, &row)) {
		uint64_t word = atomic_load(&queue->words[row]);

		found += state_of(word) == QUEUE_READY && word < end;
	}
	return found;
}

bool queue_has_ready(const struct queue *queue)
{
	return marks_any(&queue->marks);
}

size_t queue_ready(const struct queue *queue)
{
	return marks_count(&queue->marks);
}

/*
 * Returns the row with the lowest ready word below end and stores that word in *lowest, or returns QUEUE_NONE if no
 * such row is ready.
 */
static size_t find_lowest(const struct queue *queue, uint64_t end, uint64_t *lowest)
{
	struct marks_walk walk = {.groups = 0};
	size_t best = QUEUE_NONE, row;

	*lowest = end;
	while (marks_next(&queue->marks, &walk, &row)) {
		uint64_t word = atomic_load(&queue->words[row]);

		if (state_of(word) == QUEUE_READY && word < *lowest) {
			*lowest = word;
			best = row;
		}
	}
	return best;
}

size_t queue_claim(struct queue *queue, uint32_t claimer)
{
	for (;;) {
		uint64_t end = word_of(QUEUE_READY, atomic_load(&queue->shared->gate)), word;
		size_t row = find_lowest(queue, end, &word);

		if (row == QUEUE_NONE)
			return row;
		/* A swap fails only if another worker's succeeded. */
		if (atomic_compare_exchange_strong(&queue->words[row], &word, word_of(QUEUE_CLAIMED, claimer))) {
			marks_clear(&queue->marks, row);
			return row;
		}
	}
}

void queue_return(struct queue *queue, size_t row)
{
	/* As queue_publish does, with a place between the two steps where tests kill the process. */
	marks_set(&queue->marks, row);
	fault_at("returned");
	queue_publish(queue, row);
}
