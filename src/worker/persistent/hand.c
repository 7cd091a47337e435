/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Claimed chunks in the order in which they are fed. */
#include "worker/persistent/hand.h"

#include "base/count.h"

/* Returns the size of the count records at an offset of a row. */
static size_t size_of_records(const struct hand_row *row, size_t offset, uint64_t count)
{
	struct slice rest = {.data = row->bytes.data + offset, .size = row->bytes.size - offset};
	struct chunk_reader reader = chunk_read(rest, 0, 0, row->width);
	struct task task;

	if (row->width == CHUNK_LINES)
		return count_find(rest.data, rest.size, row->bytes.data[row->bytes.size - 1], count);
	for (reader.end = count; chunk_next(&reader, &task);)
		;
	return rest.size - reader.rest.size;
}

/* Returns how many records of a row begin from an offset on and before another, which is larger. */
static uint64_t count_records(const struct hand_row *row, size_t from, size_t to)
{
	struct slice part = {.data = row->bytes.data + from, .size = to - from};
	struct chunk_reader reader = chunk_read(part, 0, 0, row->width);
	struct task task;

	if (row->width == CHUNK_LINES)
		return count_bytes(part.data, part.size - 1, row->bytes.data[row->bytes.size - 1]) + 1;
	/* Only whole ones are fed then. */
	for (reader.end = UINT64_MAX; reader.rest.size && chunk_next(&reader, &task);)
		;
	return reader.next;
}

static uint64_t records_of(const struct hand_row *row)
{
	return row->claim.end - row->claim.next;
}

/* Finds the bytes of all rows again: the arena's memory moves when it grows. */
static void find_bytes(struct hand *hand, const char *base)
{
	size_t row;

	for (row = 0; row < hand->count; row++)
		hand->rows[row].bytes.data = base + hand->rows[row].offset;
}

bool hand_add(struct hand *hand, struct workplace *place)
{
	struct chunk_reader reader = claim_read(place);
	struct hand_row *row;

	if (!reader.rest.size)
		return false;
	if (hand->rows + hand->count == hand->memory + countof(hand->memory)) {
		memmove(hand->memory, hand->rows, hand->count * sizeof *hand->rows);
		hand->rows = hand->memory;
	}
	row = &hand->rows[hand->count];
	find_bytes(hand, place->arena.base);
	*row = (struct hand_row){
		.claim = place->claim,
		.bytes = reader.rest,
		.offset = (size_t)(reader.rest.data - place->arena.base),
		.first = reader.next,
		.width = reader.width,
	};
	hand->size += reader.rest.size;
	/* Records before the first that is not answered had their results before another worker died. */
	row->answered = size_of_records(row, 0, row->claim.next - row->first);
	if (hand->fed.row == hand->count)
		hand->fed.offset = row->answered;
	hand->count++;
	return true;
}

void hand_init(struct hand *hand)
{
	hand->rows = hand->memory;
	hand_limit(hand, UINT64_MAX);
}

size_t hand_unanswered(const struct hand *hand)
{
	return hand->count ? hand->size - hand->rows[0].answered : 0;
}

uint64_t hand_records(const struct hand *hand)
{
	uint64_t count = 0;
	size_t row;

	for (row = 0; row < hand->count; row++)
		count += records_of(&hand->rows[row]);
	return count;
}

/* Returns the position after count records from the first that is not answered, or the end. */
static struct hand_position position_after(const struct hand *hand, uint64_t count)
{
	struct hand_position position = {.row = 0};

	for (; position.row < hand->count; position.row++) {
		const struct hand_row *row = &hand->rows[position.row];

		if (count < records_of(row)) {
			position.offset = row->answered + size_of_records(row, row->answered, count);
			return position;
		}
		count -= records_of(row);
	}
	return position;
}

void hand_rewind(struct hand *hand)
{
	hand->fed = position_after(hand, 0);
	hand->is_begun = false;
}

void hand_limit(struct hand *hand, uint64_t count)
{
	if (count == UINT64_MAX)
		hand->until = (struct hand_position){.row = HAND_ROWS};
	else
		hand->until = position_after(hand, count);
}

struct slice hand_unfed(const struct hand *hand)
{
	struct slice bytes;

	if (hand->fed.row >= hand->count || hand->fed.row > hand->until.row)
		return (struct slice){.data = NULL};
	bytes = hand->rows[hand->fed.row].bytes;
	if (hand->fed.row == hand->until.row)
		bytes.size = hand->until.offset;
	if (hand->fed.offset >= bytes.size)
		return (struct slice){.data = NULL};
	bytes.data += hand->fed.offset;
	bytes.size -= hand->fed.offset;
	return bytes;
}

void hand_feed(struct hand *hand, size_t size)
{
	hand->is_begun = true;
	hand->fed.offset += size;
	if (hand->fed.offset < hand->rows[hand->fed.row].bytes.size)
		return;
	hand->fed = (struct hand_position){.row = hand->fed.row + 1};
	if (hand->fed.row < hand->count)
		hand->fed.offset = hand->rows[hand->fed.row].answered;
}

bool hand_take(struct hand *hand, struct task *task)
{
	const struct hand_row *row = &hand->rows[hand->fed.row];
	struct slice unfed = hand_unfed(hand);
	struct chunk_reader reader;

	if (!unfed.size)
		return false;
	reader = chunk_read(unfed, hand->fed.offset == row->answered ? row->claim.next : hand->taken, 1, row->width);
	if (!chunk_next(&reader, task))
		BUG("a chunk with fewer records than it should have");
	task->attempt = row->claim.attempt;
	hand->taken = reader.next;
	hand_feed(hand, task->bytes.size);
	return true;
}

/* Returns the size of the first records of bytes, which are whole lines: as hand_take_lines does. */
static size_t size_of_lines(struct slice bytes, size_t size, uint64_t most)
{
	char delimiter = bytes.data[bytes.size - 1];
	const char *last;

	if (size < bytes.size) {
		last = memrchr(bytes.data, delimiter, size);
		if (!last)
			last = memchr(bytes.data + size, delimiter, bytes.size - size);
		bytes.size = (size_t)(last + 1 - bytes.data);
	}
	if (most < bytes.size && most < count_bytes(bytes.data, bytes.size, delimiter))
		return count_find(bytes.data, bytes.size, delimiter, most);
	return bytes.size;
}

bool hand_take_lines(struct hand *hand, size_t size, uint64_t most, struct hand_stretch *stretch)
{
	const struct hand_row *row = &hand->rows[hand->fed.row];
	struct slice unfed = hand_unfed(hand);
	char delimiter;

	if (!unfed.size)
		return false;
	delimiter = unfed.data[unfed.size - 1];
	unfed.size = size_of_lines(unfed, size, most);
	*stretch = (struct hand_stretch){
		.bytes = unfed,
		.first = hand->fed.offset == row->answered ? row->claim.next : hand->taken,
		.count = count_bytes(unfed.data, unfed.size, delimiter),
	};
	hand->taken = stretch->first + stretch->count;
	hand_feed(hand, unfed.size);
	return true;
}

uint64_t hand_before(const struct hand *hand, uint64_t index)
{
	uint64_t count = 0;
	size_t row;

	for (row = 0; row < hand->count; row++) {
		const struct claim *claim = &hand->rows[row].claim;

		if (index >= claim->next && index < claim->end)
			return count + index - claim->next;
		count += records_of(&hand->rows[row]);
	}
	return UINT64_MAX;
}

uint64_t hand_fed_most(const struct hand *hand)
{
	uint64_t count = 0;
	size_t row;

	for (row = 0; row < hand->count && row <= hand->fed.row; row++)
		count += records_of(&hand->rows[row]);
	return hand->is_begun ? count : 0;
}

uint64_t hand_fed_records(const struct hand *hand)
{
	const struct hand_row *row = &hand->rows[hand->fed.row];
	uint64_t count = 0;
	size_t i;

	if (!hand->is_begun)
		return 0;
	for (i = 0; i < hand->fed.row; i++)
		count += records_of(&hand->rows[i]);
	if (hand->fed.row == hand->count || hand->fed.offset <= row->answered)
		return count;
	/* A record that was fed in part counts. */
	return count + count_records(row, row->answered, hand->fed.offset);
}

uint64_t hand_index(const struct hand *hand, uint64_t count)
{
	const struct hand_row *row = hand->rows;

	for (; count > records_of(row); row++)
		count -= records_of(row);
	return row->claim.next + count - 1;
}

void hand_begin(struct hand *hand)
{
	bytes_clear(&hand->kept);
	hand->kept_count = 0;
	hand->has_lost = false;
}

struct hand_stretch hand_kept_row(const struct hand *hand, size_t row)
{
	struct hand_stretch stretch = hand->kept_rows[row];
	size_t offset = 0, i;

	for (i = 0; i < row; i++)
		offset += hand->kept_rows[i].bytes.size;
	stretch.bytes.data = hand->kept.data + offset;
	return stretch;
}

void hand_release(struct hand *hand)
{
	bytes_release(&hand->kept);
}

/* Keeps a copy of a row that is answered, if it is among the first. */
static void keep_row(struct hand *hand, const struct hand_row *row)
{
	if (hand->kept_count == HAND_KEPT_ROWS || hand->kept.size + row->bytes.size > HAND_KEPT) {
		hand->has_lost = true;
		return;
	}
	hand->kept_rows[hand->kept_count++] = (struct hand_stretch){
		.bytes = row->bytes,
		.first = row->first,
		.count = row->claim.end - row->first,
	};
	bytes_append(&hand->kept, row->bytes.data, row->bytes.size);
}

void hand_select(const struct hand *hand, struct workplace *place)
{
	uint32_t results = place->claim.results;

	place->claim = hand->rows[0].claim;
	place->claim.results = results;
}

void hand_answer(struct hand *hand, uint64_t count)
{
	struct hand_row *row = &hand->rows[0];

	row->claim.next += count;
	if (row->claim.next < row->claim.end) {
		row->answered += size_of_records(row, row->answered, count);
		/* What has its result without having been fed again (a culprit) is not fed any more. */
		if (!hand->fed.row && hand->fed.offset < row->answered)
			hand->fed.offset = row->answered;
		hand->is_begun = hand->fed.row || hand->fed.offset > row->answered;
		return;
	}
	hand->size -= row->bytes.size;
	keep_row(hand, row);
	hand->rows++;
	hand->count--;
	if (hand->until.row && hand->until.row < HAND_ROWS)
		hand->until.row--;
	if (!hand->fed.row) {
		hand_rewind(hand);
		return;
	}
	hand->fed.row--;
	hand->is_begun = hand->fed.row || (hand->count && hand->fed.offset > hand->rows[0].answered);
}

/* Gives the rows from one on back to the queue. */
static void return_from(struct hand *hand, size_t from, struct workplace *place)
{
	size_t row;

	for (row = from; row < hand->count; row++) {
		const struct claim *claim = &hand->rows[row].claim;

		hand->size -= hand->rows[row].bytes.size;
		atomic_store_explicit(&place->board.queue.entries[claim->row].next, claim->next, memory_order_relaxed);
		place->claim.row = claim->row;
		place->claim.released = false;
		claim_return(place);
	}
	hand->count = from;
}

void hand_return_unfed(struct hand *hand, struct workplace *place)
{
	size_t from = hand->fed.row;

	if (from < hand->count && hand->fed.offset > hand->rows[from].answered)
		from++;
	return_from(hand, from, place);
}

void hand_return(struct hand *hand, struct workplace *place)
{
	return_from(hand, 0, place);
	hand_rewind(hand);
}
