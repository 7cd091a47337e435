/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Marks in shared memory: a bit for each of many things, so that the few that matter are found without scanning all.
 *
 * A mark is a hint: the thing itself is checked. A process that may die between setting a mark and changing the thing
 * sets the mark first: a mark may be stale but is never missing. All accesses are sequentially consistent: if two
 * processes each set a word and then read the other's, at least one reads what the other has set.
 */
#ifndef BOARD_MARKS_H
#define BOARD_MARKS_H

#include "base/dialect.h"

#include <stdatomic.h>

enum { MARKS_GROUP = 64 };

/* A process's view of marks. */
struct marks {
	_Atomic uint64_t *groups;
	size_t count;
};

/* The position of a scan over marks; zeroed at its beginning. */
struct marks_walk {
	size_t groups;
	uint64_t left;
};

static inline size_t marks_groups(size_t count)
{
	return (count + MARKS_GROUP - 1) / MARKS_GROUP;
}

/* Returns the bytes of shared memory for the marks of count things, a multiple of CACHE_LINE. */
static inline size_t marks_size(size_t count)
{
	size_t size = marks_groups(count) * sizeof(uint64_t);

	return (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

/* Returns a view of the marks in memory, which is aligned as a cache line. Zeroed memory has no marks set. */
static inline struct marks marks_at(void *memory, size_t count)
{
	return (struct marks){.groups = memory, .count = count};
}

/* Sets a mark. True if it was not set before. */
static inline bool marks_set(const struct marks *marks, size_t index)
{
	uint64_t mark = UINT64_C(1) << index % MARKS_GROUP;

	return !(atomic_fetch_or(&marks->groups[index / MARKS_GROUP], mark) & mark);
}

static inline bool marks_has(const struct marks *marks, size_t index)
{
	return atomic_load(&marks->groups[index / MARKS_GROUP]) >> index % MARKS_GROUP & 1;
}

/* Clears a mark. Writes nothing if it is not set. */
static inline void marks_clear(const struct marks *marks, size_t index)
{
	if (marks_has(marks, index))
		atomic_fetch_and(&marks->groups[index / MARKS_GROUP], ~(UINT64_C(1) << index % MARKS_GROUP));
}

/*
 * Finds the next mark that is set, in ascending order; false after the last. Groups are read when the walk comes to
 * them. *index is below count whatever another process has written.
 */
static inline bool marks_next(const struct marks *marks, struct marks_walk *walk, size_t *index)
{
	while (!walk->left) {
		if (walk->groups == marks_groups(marks->count))
			return false;
		walk->left = atomic_load(&marks->groups[walk->groups++]);
	}
	*index = (walk->groups - 1) * MARKS_GROUP + (size_t)__builtin_ctzll(walk->left);
	walk->left &= walk->left - 1;
	return *index < marks->count;
}

/* True if a mark is set. */
static inline bool marks_any(const struct marks *marks)
{
	size_t index;

	return marks_next(marks, &(struct marks_walk){.groups = 0}, &index);
}

/* Returns the number of marks that are set. */
static inline size_t marks_count(const struct marks *marks)
{
	size_t found = 0, group;

	for (group = 0; group < marks_groups(marks->count); group++)
		found += (size_t)__builtin_popcountll(atomic_load(&marks->groups[group]));
	return found;
}

#endif
