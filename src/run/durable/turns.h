/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tasks of a journalled run from the first whose output is not in its place to the last submitted: their keys until
 * they end, and where their output is kept until its turn comes.
 */
#ifndef RUN_DURABLE_TURNS_H
#define RUN_DURABLE_TURNS_H

#include "base/dialect.h"
#include "journal/key.h"

enum turn_phase {
	/* Nothing is known of it: a record that cannot be a task, or one that is still to be read. */
	TURN_NEW,
	/* It is to be run, or runs. */
	TURN_OPEN,
	/* It has ended, and its output is kept. */
	TURN_KEPT,
	/* The same, and in the output its number is another than when it ran. */
	TURN_RENUMBERED,
	/* Its output is in its place. */
	TURN_PLACED,
};

struct turn {
	/* Both all zero without a key. */
	struct key key;
	uint32_t ordinal;
	enum turn_phase phase;
	/* Where its output is kept. */
	uint64_t place;
	uint64_t size;
};

/* All zero: none, and the first index is 0. */
struct turns {
	struct turn *list;
	size_t capacity;
	/* The element of the first index, and the number of elements. */
	size_t head;
	size_t count;
	uint64_t first;
};

/* Returns the turn of an index, made if it is new; NULL if it is before the first. Valid until the next call. */
struct turn *turns_at(struct turns *turns, uint64_t index);

/* Returns the first turn if it is known, else NULL. */
static inline struct turn *turns_first(const struct turns *turns)
{
	return turns->count ? &turns->list[turns->head] : NULL;
}

/* Returns one of the turns that are known, by its number from the first. */
static inline struct turn *turns_nth(const struct turns *turns, size_t number)
{
	return &turns->list[turns->head + number];
}

/* Drops the turns before index, which becomes the first. */
void turns_skip(struct turns *turns, uint64_t index);

/* Makes an earlier index the first. All turns from there on are new. */
void turns_rewind(struct turns *turns, uint64_t index);

void turns_release(struct turns *turns);

#endif
