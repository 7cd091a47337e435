/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of turns: an array that is filled at its end and emptied at its beginning. */
#include "run/durable/turns.h"

#include "base/mem.h"

enum { TURNS_LEAST = 256 };

/* Makes room for count turns, and moves them to the beginning if that is mostly free. */
static void make_room(struct turns *turns, size_t count)
{
	if (turns->head > turns->capacity / 2) {
		memmove(turns->list, turns->list + turns->head, turns->count * sizeof *turns->list);
		turns->head = 0;
	}
	if (turns->head + count <= turns->capacity)
		return;
	turns->capacity = turns->capacity * 2 > turns->head + count ? turns->capacity * 2 : turns->head + count;
	turns->capacity = turns->capacity < TURNS_LEAST ? TURNS_LEAST : turns->capacity;
	turns->list = mem_resize(turns->list, turns->capacity, sizeof *turns->list);
}

struct turn *turns_at(struct turns *turns, uint64_t index)
{
	size_t place = (size_t)(index - turns->first);

	if (index < turns->first)
		return NULL;
	if (place >= turns->count) {
		make_room(turns, place + 1);
		memset(turns->list + turns->head + turns->count, 0, (place + 1 - turns->count) * sizeof *turns->list);
		turns->count = place + 1;
	}
	return &turns->list[turns->head + place];
}

void turns_skip(struct turns *turns, uint64_t index)
{
	size_t gone = (size_t)(index - turns->first);

	gone = gone < turns->count ? gone : turns->count;
	turns->head += gone;
	turns->count -= gone;
	turns->first = index;
	if (!turns->count)
		turns->head = 0;
}

void turns_rewind(struct turns *turns, uint64_t index)
{
	turns->head = turns->count = 0;
	turns->first = index;
}

void turns_release(struct turns *turns)
{
	free(turns->list);
	*turns = (struct turns){.list = NULL};
}
