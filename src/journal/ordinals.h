/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ordinals: which of the equal tasks a task is, in the order of the input. Only the low halves of keys are compared;
 * should two tasks have that in common, one of them is merely run again.
 */
#ifndef JOURNAL_ORDINALS_H
#define JOURNAL_ORDINALS_H

#include "base/dialect.h"
#include "journal/key.h"

/* A key that has occurred more than once. */
struct ordinals_repeat {
	uint64_t low;
	/* How often, without the first; 0 if the slot is free. */
	uint32_t count;
} __attribute__((packed));

/* All zero: none so far. */
struct ordinals {
	/* The low halves of keys; 0 if the slot is free. */
	uint64_t *marks;
	size_t mark_count;
	size_t mark_used;
	struct ordinals_repeat *repeats;
	size_t repeat_count;
	size_t repeat_used;
};

/* Returns how many tasks with this key there were before, and counts one more. */
uint32_t ordinals_next(struct ordinals *ordinals, struct key key);

/* Has the processor fetch what ordinals_next of a key will need. */
void ordinals_prefetch(const struct ordinals *ordinals, struct key key);

/* Returns what identifies the task among all: its key and its ordinal in one. */
static inline struct key ordinals_identity(struct key key, uint32_t ordinal)
{
	key.low ^= ordinal * UINT64_C(0x9E3779B97F4A7C15);
	key.high += ordinal;
	return key;
}

void ordinals_release(struct ordinals *ordinals);

#endif
