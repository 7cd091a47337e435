/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counting equal keys in a table with open addresses, four fifths full at most. */
#include "journal/durable/ordinals.h"

#include "base/mem.h"

enum { ORDINALS_LEAST = 1024 };

/* Returns the slot of a key: its own, or the free one where it belongs. */
static struct ordinals_slot *ordinals_slot_of(const struct ordinals *ordinals, uint64_t low)
{
	/* The key is uniform: its upper bits scaled to the table are a place in it. */
	size_t at = (size_t)((low >> 32) * ordinals->capacity >> 32);

	while (ordinals->slots[at].count && ordinals->slots[at].low != low)
		at = at + 1 < ordinals->capacity ? at + 1 : 0;
	return &ordinals->slots[at];
}

static void ordinals_grow(struct ordinals *ordinals)
{
	struct ordinals old = *ordinals;
	size_t i;

	ordinals->capacity = old.capacity ? old.capacity + old.capacity / 2 : ORDINALS_LEAST;
	ordinals->slots = mem_new(ordinals->capacity, sizeof *ordinals->slots);
	for (i = 0; i < old.capacity; i++) {
		if (old.slots[i].count)
			*ordinals_slot_of(ordinals, old.slots[i].low) = old.slots[i];
	}
	free(old.slots);
}

uint32_t ordinals_next(struct ordinals *ordinals, struct key key)
{
	struct ordinals_slot *slot;

	if (ordinals->used >= ordinals->capacity / 5 * 4)
		ordinals_grow(ordinals);
	slot = ordinals_slot_of(ordinals, key.low);
	ordinals->used += !slot->count;
	slot->low = key.low;
	return slot->count++;
}

void ordinals_release(struct ordinals *ordinals)
{
	free(ordinals->slots);
	*ordinals = (struct ordinals){.slots = NULL};
}
