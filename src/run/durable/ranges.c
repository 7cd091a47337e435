/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many tasks as one. */
#include "run/durable/ranges.h"

#include "journal/durable/note.h"
#include "journal/range.h"

/* Bytes that are copied as one piece, but for a single task. */
enum { GATHERED_MOST = 1 << 20 };

void ranges_measure(struct stage *stage, struct slice bytes)
{
	struct turn *turn = turns_at(&stage->turns, stage->filling);

	while (turn && bytes.size) {
		const char *end = memchr(bytes.data, stage->delimiter, bytes.size);
		size_t size = end ? (size_t)(end + 1 - bytes.data) : bytes.size;

		turn->size += size;
		bytes.data += size;
		bytes.size -= size;
		if (end && stage->filling < stage->last) {
			stage->filling++;
			turn++;
		}
	}
}

/* Notes count tasks, whose outputs begin at place. Returns where they end. */
static uint64_t note_tasks(struct stage *stage, uint64_t index, uint64_t count, uint64_t place)
{
	struct turn *turn = turns_at(&stage->turns, index);
	struct range *range = &stage->range;
	uint64_t i;

	*range = (struct range){
		.first = index,
		.count = count,
		.place = place,
		.is_out = stage->is_direct,
		.pieces = range->pieces,
	};
	bytes_clear(&range->pieces);
	for (i = 0; i < count; i++, turn++) {
		struct range_task task = {.key = turn->key, .size = turn->size, .nth = turn->ordinal};

		range_put(&range->pieces, &task);
		turn->place = place;
		turn->phase = stage->is_direct ? TURN_PLACED : TURN_KEPT;
		place += turn->size;
	}
	note_range(&stage->scroll->group, range);
	return place;
}

void ranges_end(struct stage *stage, const struct result *result)
{
	uint64_t index = result->index, end = index + result_count(result), place = stage->begun;

	/* The last makes room for all. */
	(void)turns_at(&stage->turns, end - 1);
	while (index < end) {
		uint64_t count = end - index < RANGE_MOST ? end - index : RANGE_MOST;

		place = note_tasks(stage, index, count, place);
		index += count;
	}
}

/* True if the output of a turn is kept, and is copied as it is. */
static bool is_copied_plain(const struct stage *stage, const struct turn *turn)
{
	return turn->phase == TURN_KEPT || (turn->phase == TURN_RENUMBERED && !stage->format->renumber);
}

uint64_t ranges_gather(const struct stage *stage, uint64_t index, struct turn *all)
{
	const struct turns *turns = &stage->turns;
	size_t number = (size_t)(index - turns->first), first = number;

	if (stage->format->join || !is_copied_plain(stage, all))
		return 1;
	while (++number < turns->count && all->size < GATHERED_MOST) {
		const struct turn *turn = turns_nth(turns, number);

		if (!is_copied_plain(stage, turn) || turn->place != all->place + all->size)
			break;
		all->size += turn->size;
	}
	return number - first;
}
