/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The shared task queue.
 *
 * A word is STATE in the top two bits and a value below: the first task's index when ready, the claimer's number when
 * claimed. Two orders matter. An entry is filled before its word becomes ready (release) and read after the swap that
 * claims it (acquire). And announcing that one sleeps must not pass looking for work, nor publishing pass looking for
 * sleepers: publishing, the gate and queue_claimable are sequentially consistent for that reason.
 */
#include "ipc/queue.h"

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

static size_t header_size(size_t slots)
{
	size_t size = sizeof(struct queue_shared) + slots * sizeof(uint64_t);

	return (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

size_t queue_size(size_t slots)
{
	return header_size(slots) + slots * sizeof(struct queue_entry);
}

struct queue queue_at(void *memory, size_t slots)
{
	return (struct queue){
		.shared = memory,
		.entries = (struct queue_entry *)(void *)((char *)memory + header_size(slots)),
		.slots = slots,
	};
}

void queue_publish(struct queue *queue, size_t slot)
{
	uint64_t next = atomic_load_explicit(&queue->entries[slot].next, memory_order_relaxed);

	atomic_store(&queue->shared->words[slot], word_of(QUEUE_READY, next));
}

enum queue_state queue_state(const struct queue *queue, size_t slot, uint32_t *claimer)
{
	uint64_t word = atomic_load_explicit(&queue->shared->words[slot], memory_order_acquire);

	*claimer = state_of(word) == QUEUE_CLAIMED ? (uint32_t)(word & VALUE_MASK) : 0;
	return state_of(word);
}

void queue_free(struct queue *queue, size_t slot)
{
	atomic_store_explicit(&queue->shared->words[slot], word_of(QUEUE_FREE, 0), memory_order_relaxed);
}

bool queue_withdraw(struct queue *queue, size_t slot)
{
	uint64_t word = atomic_load_explicit(&queue->shared->words[slot], memory_order_relaxed);

	return state_of(word) == QUEUE_READY &&
	       atomic_compare_exchange_strong(&queue->shared->words[slot], &word, word_of(QUEUE_FREE, 0));
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
	size_t found = 0, slot;

	for (slot = 0; slot < queue->slots && found < limit; slot++) {
		uint64_t word = atomic_load(&queue->shared->words[slot]);

		found += state_of(word) == QUEUE_READY && word < end;
	}
	return found;
}

size_t queue_ready(const struct queue *queue)
{
	size_t found = 0, slot;

	for (slot = 0; slot < queue->slots; slot++)
		found += state_of(atomic_load_explicit(&queue->shared->words[slot], memory_order_relaxed)) == QUEUE_READY;
	return found;
}

/* The slot with the lowest ready word below end; its word in *lowest. */
static size_t find_lowest(const struct queue *queue, uint64_t end, uint64_t *lowest)
{
	size_t best = QUEUE_NONE, slot;

	*lowest = end;
	for (slot = 0; slot < queue->slots; slot++) {
		uint64_t word = atomic_load(&queue->shared->words[slot]);

		if (state_of(word) == QUEUE_READY && word < *lowest) {
			*lowest = word;
			best = slot;
		}
	}
	return best;
}

size_t queue_claim(struct queue *queue, uint32_t claimer)
{
	for (;;) {
		uint64_t end = word_of(QUEUE_READY, atomic_load(&queue->shared->gate)), word;
		size_t slot = find_lowest(queue, end, &word);

		/* Every failed swap means that somebody else's succeeded. */
		if (slot == QUEUE_NONE ||
		    atomic_compare_exchange_strong(&queue->shared->words[slot], &word, word_of(QUEUE_CLAIMED, claimer)))
			return slot;
	}
}

void queue_return(struct queue *queue, size_t slot)
{
	queue_publish(queue, slot);
}
