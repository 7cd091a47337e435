/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counting equal keys in two tables with open addresses, four fifths full at most. */
#include "journal/ordinals.h"

#include "base/mem.h"

enum { ORDINALS_LEAST = 1024 };

/* Returns the place of a key in a table: it is uniform, so its upper bits are scaled. */
static size_t ordinals_home(uint64_t upper, size_t count)
{
	return (size_t)(upper * count >> 32);
}

/* Returns the size of the table that follows a full one. */
static size_t ordinals_larger(size_t count)
{
	return count ? count + count / 2 : ORDINALS_LEAST;
}

/* Returns the slot of a mark: its own, or the free one where it belongs. */
static uint64_t *mark_slot(const struct ordinals *ordinals, uint64_t low)
{
	size_t at = ordinals_home(low >> 32, ordinals->mark_count);

	while (ordinals->marks[at] && ordinals->marks[at] != low)
		at = at + 1 < ordinals->mark_count ? at + 1 : 0;
	return &ordinals->marks[at];
}

/* Returns the slot of a key that repeats, likewise. */
static struct ordinals_repeat *repeat_slot(const struct ordinals *ordinals, uint64_t low)
{
	size_t at = ordinals_home(low >> 32, ordinals->repeat_count);

	while (ordinals->repeats[at].count && ordinals->repeats[at].low != low)
		at = at + 1 < ordinals->repeat_count ? at + 1 : 0;
	return &ordinals->repeats[at];
}

static void grow_marks(struct ordinals *ordinals)
{
	struct ordinals old = *ordinals;
	size_t i;

	ordinals->mark_count = ordinals_larger(old.mark_count);
	ordinals->marks = mem_new(ordinals->mark_count, sizeof *ordinals->marks);
	for (i = 0; i < old.mark_count; i++) {
		if (old.marks[i])
			*mark_slot(ordinals, old.marks[i]) = old.marks[i];
	}
	free(old.marks);
}

static void grow_repeats(struct ordinals *ordinals)
{
	struct ordinals old = *ordinals;
	size_t i;

	ordinals->repeat_count = ordinals_larger(old.repeat_count);
	ordinals->repeats = mem_new(ordinals->repeat_count, sizeof *ordinals->repeats);
	for (i = 0; i < old.repeat_count; i++) {
		if (old.repeats[i].count)
			*repeat_slot(ordinals, old.repeats[i].low) = old.repeats[i];
	}
	free(old.repeats);
}

/* Returns true if a key has occurred before. */
static bool mark_key(struct ordinals *ordinals, uint64_t low)
{
	uint64_t mark = low ? low : 1, *slot;

	if (ordinals->mark_used >= ordinals->mark_count / 5 * 4)
		grow_marks(ordinals);
	slot = mark_slot(ordinals, mark);
	if (*slot)
		return true;
	*slot = mark;
	ordinals->mark_used++;
	return false;
}

void ordinals_prefetch(const struct ordinals *ordinals, struct key key)
{
	if (ordinals->mark_count)
		__builtin_prefetch(&ordinals->marks[ordinals_home(key.low >> 32, ordinals->mark_count)], 1);
}

uint32_t ordinals_next(struct ordinals *ordinals, struct key key)
{
	struct ordinals_repeat *slot;

	if (!mark_key(ordinals, key.low))
		return 0;
	if (ordinals->repeat_used >= ordinals->repeat_count / 5 * 4)
		grow_repeats(ordinals);
	slot = repeat_slot(ordinals, key.low);
	ordinals->repeat_used += !slot->count;
	slot->low = key.low;
	return ++slot->count;
}

void ordinals_release(struct ordinals *ordinals)
{
	free(ordinals->marks);
	free(ordinals->repeats);
	*ordinals = (struct ordinals){.marks = NULL};
}
