/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run/page: what the report of a run keeps of its tasks, and how it is written. */
#include "unit.h"

#include "base/mem.h"
#include "run/page/page.h"
#include "run/page/trace_file.h"

#include <stdlib.h>

enum { A_MILLION = 1000000 };

/* Returns the sum of all cells. */
static nsec busy_time(const struct lanes *lanes)
{
	nsec sum = 0;
	size_t lane, column;

	for (lane = 0; lane < LANES_MAX; lane++) {
		for (column = 0; lanes->cells[lane] && column < LANES_COLUMNS; column++)
			sum += lanes->cells[lane][column].busy;
	}
	return sum;
}

static uint32_t failures_of(const struct lanes *lanes, size_t lane)
{
	uint32_t sum = 0;
	size_t column;

	for (column = 0; column < lanes->columns; column++)
		sum += lanes_failures(lanes, lane, column);
	return sum;
}

/* Whatever the order, the span and the number of slots: no time and no failure is lost, and each is where it was. */
static void test_lanes(void)
{
	const nsec epoch = (nsec)1800000000 * NSEC_PER_SEC;
	struct unit_random random = unit_random();
	unsigned round;

	for (round = 0; round < 60; round++) {
		nsec scale = (nsec)1 << (10 + round % 34), sum = 0, last = 0, first = INT64_MAX;
		uint32_t slots = 1u << round % 12, failures = 0;
		struct lanes lanes = {.width = 0};
		unsigned i;

		for (i = 0; i < 2000; i++) {
			nsec start = epoch + (nsec)unit_below(&random, 1000) * scale;
			nsec duration = (nsec)(unit_below(&random, 20)) * scale;
			bool has_failed = unit_below(&random, 10) == 0;

			lanes_add(&lanes, 1 + (uint32_t)(unit_below(&random, slots)), start, duration, has_failed);
			sum += duration;
			failures += has_failed;
			first = start < first ? start : first;
			last = start + duration > last ? start + duration : last;
		}
		check_int(busy_time(&lanes), sum);
		check_int(failures_of(&lanes, LANES_MAX), failures);
		check(lanes_count(&lanes) <= LANES_MAX && lanes.columns <= LANES_COLUMNS);
		check(lanes.origin <= first && first < lanes.origin + lanes.width);
		check(lanes.origin + (nsec)lanes.columns * lanes.width >= last);
		lanes_release(&lanes);
	}
}

/* Two tasks in known places. */
static void test_lane_places(void)
{
	const nsec second = NSEC_PER_SEC;
	struct lanes lanes = {.width = 0};
	size_t column;

	lanes_add(&lanes, 1, 1000 * second, 100 * second, false);
	lanes_add(&lanes, 3, 500 * second, 100 * second, true);
	check_int(lanes_count(&lanes), 3);
	for (column = 0; column < lanes.columns; column++) {
		nsec from = lanes.origin + (nsec)column * lanes.width, to = from + lanes.width;
		double first = lanes_level(&lanes, 0, column), third = lanes_level(&lanes, 2, column);

		check((first > 0) == (from < 1100 * second && to > 1000 * second));
		check((third > 0) == (from < 600 * second && to > 500 * second));
		check(first <= 1 && third <= 1);
	}
	check_int(failures_of(&lanes, 0), 0);
	check_int(failures_of(&lanes, 2), 1);
	lanes_release(&lanes);
}

static struct page_task a_task(uint64_t seq, nsec duration, enum outcome outcome)
{
	return (struct page_task){
		.seq = seq,
		.count = 1,
		.slot = 1 + (uint32_t)(seq % 8),
		.attempts = 1,
		.outcome = outcome,
		.start = (nsec)seq * 1000000,
		.duration = duration,
		.text = slice_of("convert picture.png"),
		.ending = slice_of(outcome == OUTCOME_OK ? "exit status 0" : "exit status 1"),
		.errors = slice_of("it is <b>full</b>\n"),
	};
}

/* The slowest are sorted, and the first of equal ones come first. */
static void test_slowest(void)
{
	struct picks picks = {.first.count = 0};
	size_t i;

	for (i = 1; i <= 1000; i++) {
		struct page_task task = a_task(i, (nsec)(i * 7919 % 997), OUTCOME_OK);

		picks_add(&picks, &task);
	}
	check_int(picks.slowest.count, PICKS_SLOWEST_MAX);
	for (i = 0; i < PICKS_SLOWEST_MAX; i++) {
		check_int(picks_at(&picks.slowest, i).duration, 996 - (nsec)i);
		check_slice(picks_at(&picks.slowest, i).text, slice_of("convert picture.png"));
	}
	picks_release(&picks);
}

/* The page of a million tasks is small, whatever they are called. */
static void test_million(void)
{
	struct run_page page = {.count = 0};
	struct page_facts facts = {.command = slice_of("mpmap"), .jobs = 8};
	struct bytes out = {.data = NULL};
	char *text = mem_new(5000, 1);
	uint64_t seq;

	memset(text, '<', 5000);
	for (seq = 1; seq <= A_MILLION; seq++) {
		struct page_task task = a_task(seq, 8000000, seq % 100 ? OUTCOME_OK : OUTCOME_FAILED);

		task.text = (struct slice){.data = text, .size = 5000};
		task.errors = task.text;
		page_add(&page, &task);
	}
	page_write(&page, &facts, &out);
	check(out.size < 5u << 20);
	check(memmem(out.data, out.size, "1000000: 990000 ok, 10000 failed", 32));
	check(memmem(out.data, out.size, "The first 1000 of 10000", 23));
	check(!memmem(out.data, out.size, "<<", 2));
	bytes_release(&out);
	page_release(&page);
	free(text);
}

/* A run without a task has a page, too. */
static void test_empty(void)
{
	struct run_page page = {.count = 0};
	const struct page_facts facts = {.command = slice_of("mpmap <true>"), .began = 5, .ended = 4};
	struct bytes out = {.data = NULL};

	page_write(&page, &facts, &out);
	check(memmem(out.data, out.size, "mpmap &lt;true&gt;", 18));
	check(!memmem(out.data, out.size, "<script", 7));
	bytes_release(&out);
	page_release(&page);
}

const struct unit_test unit_page[] = {
	{"lanes: no time and no failure is lost", .run = test_lanes},
	{"lanes: each is where it was", .run = test_lane_places},
	{"picks: the slowest", .run = test_slowest},
	{"a million tasks in less than 5 MB", .run = test_million},
	{"no task", .run = test_empty},
	{.name = NULL},
};
