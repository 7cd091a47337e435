/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker/persistent/hand: records that are taken one by one from chunks of any width. */
#include "unit.h"

#include "task/frame.h"
#include "worker/persistent/hand.h"

enum { RECORDS = 5, ROWS = 3 };

/* The chunks of a test: lines, tasks of two values, and frames. Each has RECORDS records, of which one is answered. */
static const uint32_t widths[ROWS] = {CHUNK_LINES, 2, CHUNK_FRAMES};

static void put_record(struct bytes *bytes, uint32_t width, int number)
{
	size_t begun;

	if (width == CHUNK_LINES) {
		bytes_append_format(bytes, "line %d\n", number);
	} else if (width == CHUNK_FRAMES) {
		begun = frame_begin(bytes, FRAME_ARRAY);
		frame_put_number(bytes, FIELD_VALUE, (uint64_t)number);
		frame_end(bytes, begun);
	} else {
		bytes_append_format(bytes, "value %d", number);
		bytes_append(bytes, "\0two", 5);
	}
}

/* Adds a row with records of an index that no other row is next to. Returns the first that is not answered. */
static uint64_t add_row(struct hand *hand, struct bytes *bytes, uint32_t width)
{
	struct hand_row *row = &hand->rows[hand->count];
	int record;

	for (record = 0; record < RECORDS; record++) {
		put_record(bytes, width, record);
		if (record == 0)
			row->answered = bytes->size;
	}
	row->first = hand->count * 100;
	row->claim.next = row->first + 1;
	row->claim.end = row->first + RECORDS;
	row->claim.attempt = (uint32_t)hand->count + 1;
	row->bytes = bytes_slice(bytes);
	row->width = width;
	hand->count++;
	return row->claim.next;
}

/* Makes a hand of the row of one width. Returns the index of the first record that is not answered. */
static uint64_t begin_with(struct hand *hand, struct bytes *bytes, size_t row)
{
	uint64_t index;

	*hand = (struct hand){.count = row};
	hand_init(hand);
	index = add_row(hand, bytes, widths[row]);
	hand->rows[0] = hand->rows[row];
	hand->count = 1;
	hand_rewind(hand);
	return index;
}

/* Checks the next record that is taken. */
static void check_taken(struct hand *hand, uint64_t index)
{
	struct task task;

	if (!check(hand_take(hand, &task)))
		return;
	check_int(task.index, index);
	check_int(task.attempt, index / 100 + 1);
	check(widths[index / 100] == CHUNK_FRAMES ? task.frame.size > 0 : task.value_count > 0);
	check(task.is_line == (widths[index / 100] == CHUNK_LINES));
}

static void test_take(void)
{
	static struct hand hand;
	struct bytes bytes[ROWS] = {{.data = NULL}};
	uint64_t first, index;
	struct task task;
	size_t row;

	hand_init(&hand);
	for (row = 0; row < ROWS; row++) {
		first = add_row(&hand, &bytes[row], widths[row]);
		if (!row)
			hand_rewind(&hand);
		check_int(first, row * 100 + 1);
	}
	check_int(hand_fed_records(&hand), 0);
	for (row = 0; row < ROWS; row++) {
		for (index = row * 100 + 1; index < row * 100 + RECORDS; index++) {
			check_taken(&hand, index);
			check_int(hand_fed_records(&hand), row * (RECORDS - 1) + index - row * 100);
		}
	}
	check(!hand_take(&hand, &task) && hand.is_begun);
	/* One is answered, the others are taken again. */
	hand_answer(&hand, 1);
	check_int(hand_first(&hand), 2);
	hand_rewind(&hand);
	check(!hand.is_begun);
	check_taken(&hand, 2);
	check_taken(&hand, 3);
	check_int(hand_fed_records(&hand), 2);
	for (row = 0; row < ROWS; row++)
		bytes_release(&bytes[row]);
	hand_release(&hand);
}

/* Each record is answered before the next is taken. */
static void test_one_by_one(void)
{
	size_t row;

	for (row = 0; row < ROWS; row++) {
		static struct hand hand;
		struct bytes bytes = {.data = NULL};
		uint64_t index = begin_with(&hand, &bytes, row);

		for (; index < row * 100 + RECORDS; index++) {
			check(!hand.is_begun);
			check_taken(&hand, index);
			check(hand.is_begun);
			check_int(hand_fed_records(&hand), 1);
			hand_answer(&hand, 1);
		}
		check_int(hand.count, 0);
		check(!hand.is_begun);
		bytes_release(&bytes);
		hand_release(&hand);
	}
}

static void test_limit(void)
{
	size_t row;

	for (row = 0; row < ROWS; row++) {
		static struct hand hand;
		struct bytes bytes = {.data = NULL};
		uint64_t index = begin_with(&hand, &bytes, row);
		struct task task;

		hand_limit(&hand, 2);
		check_taken(&hand, index);
		check_taken(&hand, index + 1);
		check(!hand_take(&hand, &task) && !hand_unfed(&hand).size);
		check_int(hand_fed_records(&hand), 2);
		bytes_release(&bytes);
		hand_release(&hand);
	}
}

/* Checks the next lines that are taken. */
static void check_lines(struct hand *hand, size_t size, uint64_t most, struct hand_stretch expected)
{
	struct hand_stretch stretch;

	if (!check(hand_take_lines(hand, size, most, &stretch)))
		return;
	check_int(stretch.first, expected.first);
	check_int(stretch.count, expected.count);
	check_slice(stretch.bytes, expected.bytes);
}

static void test_take_lines(void)
{
	static struct hand hand;
	struct bytes bytes = {.data = NULL};
	struct hand_stretch stretch;

	begin_with(&hand, &bytes, 0);
	/* The first of five lines of 7 bytes is answered. One at least, as many as are whole, as many as allowed. */
	check_lines(&hand, 1, UINT64_MAX, (struct hand_stretch){slice_of("line 1\n"), 1, 1});
	check_int(hand_fed_records(&hand), 1);
	hand_rewind(&hand);
	check_lines(&hand, 20, UINT64_MAX, (struct hand_stretch){slice_of("line 1\nline 2\n"), 1, 2});
	check_lines(&hand, 20, 1, (struct hand_stretch){slice_of("line 3\n"), 3, 1});
	check_lines(&hand, 7, UINT64_MAX, (struct hand_stretch){slice_of("line 4\n"), 4, 1});
	check(!hand_take_lines(&hand, 100, UINT64_MAX, &stretch));
	check_int(hand_fed_records(&hand), 4);
	/* What is not answered is taken again. */
	hand_answer(&hand, 2);
	hand_rewind(&hand);
	check_lines(&hand, 14, 7, (struct hand_stretch){slice_of("line 3\nline 4\n"), 3, 2});
	hand_rewind(&hand);
	hand_limit(&hand, 1);
	check_lines(&hand, 100, UINT64_MAX, (struct hand_stretch){slice_of("line 3\n"), 3, 1});
	check(!hand_take_lines(&hand, 100, UINT64_MAX, &stretch));
	bytes_release(&bytes);
	hand_release(&hand);
}

/* Lines and single records of one row are taken in turns. */
static void test_take_both(void)
{
	static struct hand hand;
	struct bytes bytes = {.data = NULL};

	begin_with(&hand, &bytes, 0);
	check_taken(&hand, 1);
	check_lines(&hand, 14, UINT64_MAX, (struct hand_stretch){slice_of("line 2\nline 3\n"), 2, 2});
	check_taken(&hand, 4);
	bytes_release(&bytes);
	hand_release(&hand);
}

/* A record that gets its result while it is not fed is passed over. */
static void test_answered_unfed(void)
{
	static struct hand hand;
	size_t row;

	for (row = 0; row < ROWS; row++) {
		struct bytes bytes = {.data = NULL};
		uint64_t index = begin_with(&hand, &bytes, row);

		hand_limit(&hand, 1);
		check_taken(&hand, index);
		check(!hand_unfed(&hand).size);
		hand_answer(&hand, 1);
		check(!hand.is_begun);
		hand_answer(&hand, 1);
		check(!hand.is_begun);
		hand_limit(&hand, UINT64_MAX);
		check_taken(&hand, index + 2);
		check(hand.is_begun);
		hand_release(&hand);
		bytes_release(&bytes);
	}
}

static void test_before(void)
{
	static struct hand hand;
	struct bytes bytes[ROWS] = {{.data = NULL}};
	size_t row;

	hand_init(&hand);
	check(hand_before(&hand, 0) == UINT64_MAX);
	for (row = 0; row < ROWS; row++)
		add_row(&hand, &bytes[row], widths[row]);
	hand_rewind(&hand);
	check(hand_before(&hand, 0) == UINT64_MAX);
	check_int(hand_before(&hand, 1), 0);
	check_int(hand_before(&hand, 4), 3);
	check(hand_before(&hand, 5) == UINT64_MAX);
	check(hand_before(&hand, 100) == UINT64_MAX);
	check_int(hand_before(&hand, 101), 4);
	check_int(hand_before(&hand, 204), 11);
	check(hand_before(&hand, 205) == UINT64_MAX);
	check(hand_before(&hand, UINT64_MAX) == UINT64_MAX);
	hand_answer(&hand, 2);
	check(hand_before(&hand, 2) == UINT64_MAX);
	check_int(hand_before(&hand, 101), 2);
	for (row = 0; row < ROWS; row++)
		bytes_release(&bytes[row]);
	hand_release(&hand);
}

const struct unit_test unit_hand[] = {
	{"records of every width are taken", .run = test_take},
	{"records are answered one by one", .run = test_one_by_one},
	{"no more records than allowed", .run = test_limit},
	{"lines are taken as they are", .run = test_take_lines},
	{"lines and records are taken in turns", .run = test_take_both},
	{"a record that is answered and was not fed is passed over", .run = test_answered_unfed},
	{"how many records come before another", .run = test_before},
	{.name = NULL},
};
