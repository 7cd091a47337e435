/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table of hashes of file names. */
#include "run/product/makers.h"

#include "base/mem.h"
#include "journal/key.h"

enum {
	INDEX_BITS = 40,
	CAPACITY_FIRST = 1024,
};
#define INDEX_MASK ((UINT64_C(1) << INDEX_BITS) - 1)

/* Returns the place of a hash, or the free one where it goes. */
static struct maker *find_place(const struct makers *makers, const struct maker *wanted)
{
	size_t at = (size_t)wanted->low & (makers->capacity - 1);

	for (;; at = (at + 1) & (makers->capacity - 1)) {
		struct maker *place = &makers->table[at];

		if (!place->rest || (place->low == wanted->low && !((place->rest ^ wanted->rest) & ~INDEX_MASK)))
			return place;
	}
}

/* Makes room for one more, so that a quarter of the table stays free. */
static void makers_grow(struct makers *makers)
{
	struct makers old = *makers;
	size_t i;

	if (makers->count < makers->capacity - makers->capacity / 4)
		return;
	makers->capacity = old.capacity ? 2 * old.capacity : CAPACITY_FIRST;
	makers->table = mem_new(makers->capacity, sizeof *makers->table);
	for (i = 0; i < old.capacity; i++) {
		if (old.table[i].rest)
			*find_place(makers, &old.table[i]) = old.table[i];
	}
	free(old.table);
}

uint64_t makers_add(struct makers *makers, struct slice name, uint64_t index)
{
	struct key key = key_of_bytes(name);
	struct maker maker = {.low = key.low, .rest = key.high << INDEX_BITS | ((index + 1) & INDEX_MASK)}, *place;

	makers_grow(makers);
	place = find_place(makers, &maker);
	if (!place->rest) {
		*place = maker;
		makers->count++;
	}
	return (place->rest & INDEX_MASK) - 1;
}

void makers_release(struct makers *makers)
{
	free(makers->table);
	*makers = (struct makers){.table = NULL};
}
