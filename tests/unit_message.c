/* SPDX-License-Identifier: GPL-3.0-or-later */
/* board/message: every put has its take, and nothing else is accepted. */
#include "unit.h"

#include "base/mem.h"
#include "board/message.h"

static const struct setup full_setup = {
	.number = 0x01020304,
	.seat = 7,
	.seats = 8,
	.queue_rows = 32,
	.ring_size = 1 << 20,
	.max_tasks = UINT64_MAX,
	.descriptor_limit = 1024,
};

static void test_setup(void)
{
	struct bytes bytes = {.data = NULL};
	struct setup setup = full_setup, got;
	struct cursor cursor;

	setup.name = mem_string("SpawnWorker-7");
	setup_put(&bytes, &setup);
	cursor = cursor_of(bytes_slice(&bytes));
	check_int(setup_take(&cursor, &got), 0);
	check_int(got.number, setup.number);
	check_int(got.seat, setup.seat);
	check_int(got.seats, setup.seats);
	check_int(got.queue_rows, setup.queue_rows);
	check_int(got.ring_size, setup.ring_size);
	check_int(got.max_tasks, setup.max_tasks);
	check_int(got.descriptor_limit, setup.descriptor_limit);
	check_str(got.name, setup.name);
	check(cursor.at == cursor.end);
	free(got.name);
	free(setup.name);
	bytes_release(&bytes);
}

/* A setup that is well formed but cannot be valid is refused. */
static void test_setup_nonsense(void)
{
	struct bytes bytes = {.data = NULL};
	struct setup setup = full_setup, got;
	struct cursor cursor;

	setup.name = mem_string("x");
	setup.seat = setup.seats;
	setup_put(&bytes, &setup);
	cursor = cursor_of(bytes_slice(&bytes));
	check_int(setup_take(&cursor, &got), -1);
	check(!got.name);
	bytes_clear(&bytes);
	setup.seat = 0;
	setup.number = 0;
	setup_put(&bytes, &setup);
	cursor = cursor_of(bytes_slice(&bytes));
	check_int(setup_take(&cursor, &got), -1);
	bytes_clear(&bytes);
	setup.number = 1;
	setup_put(&bytes, &setup);
	bytes.data[0] ^= 1;
	cursor = cursor_of(bytes_slice(&bytes));
	check_int(setup_take(&cursor, &got), -1);
	free(setup.name);
	bytes_release(&bytes);
}

/* Returns a briefing with all its fields, or with only those that cannot be absent. */
static struct briefing make_run(bool everything)
{
	struct briefing run = {
		.executor = mem_string("command"),
		.flags = BRIEFING_LITERAL | BRIEFING_VERBOSE,
		.nice = -5,
		.ignored = UINT64_C(0x8000000000000001),
		.grace = 10 * NSEC_PER_SEC,
		.id = mem_string("id"),
	};

	if (!everything)
		return run;
	run.directory = mem_string("/");
	run.path = mem_string("");
	run.command = mem_string("/bin/echo");
	run.word_count = 3;
	run.words = mem_new(3, sizeof *run.words);
	run.words[0] = mem_string("echo");
	run.words[1] = mem_string("");
	run.words[2] = mem_string("{}\n");
	return run;
}

static void check_same_text(const char *actual, const char *expected)
{
	check(!actual == !expected);
	if (actual && expected)
		check_str(actual, expected);
}

static void round_trip_run(bool everything)
{
	struct bytes bytes = {.data = NULL};
	struct briefing run = make_run(everything), got;
	struct cursor cursor;
	uint32_t i;

	briefing_put(&bytes, &run);
	cursor = cursor_of(bytes_slice(&bytes));
	check_int(briefing_take(&cursor, &got), 0);
	check(cursor.at == cursor.end);
	check_same_text(got.executor, run.executor);
	check_int(got.flags, run.flags);
	check_int(got.nice, run.nice);
	check(got.ignored == run.ignored);
	check_int(got.grace, run.grace);
	check_same_text(got.id, run.id);
	check_same_text(got.directory, run.directory);
	check_same_text(got.path, run.path);
	check_same_text(got.command, run.command);
	if (check_int(got.word_count, run.word_count)) {
		for (i = 0; i < run.word_count; i++)
			check_same_text(got.words[i], run.words[i]);
	}
	briefing_release(&got);
	briefing_release(&got);
	briefing_release(&run);
	bytes_release(&bytes);
}

static void test_run(void)
{
	round_trip_run(true);
	round_trip_run(false);
}

static const struct result full_result = {
	.index = UINT64_C(0x0102030405060708),
	.outcome = OUTCOME_SIGNALED,
	.status = -1,
	.signal = SIGKILL,
	.number = 5,
	.ran = true,
	.astray = true,
	.pid = 4194304,
	.slot = 64,
	.start = INT64_C(1700000000000000000),
	.duration = 1,
	.user_time = 2,
	.system_time = 3,
	.max_rss = UINT64_MAX,
	.reason = "not sent",
};

static void test_result(void)
{
	struct bytes bytes = {.data = NULL};
	struct result got;
	struct cursor cursor;
	uint32_t row;

	result_put(&bytes, &full_result, 0x7fffffff);
	cursor = cursor_of(bytes_slice(&bytes));
	check_int(result_take(&cursor, &got, &row), 0);
	check(cursor.at == cursor.end);
	check_int(row, 0x7fffffff);
	check(got.index == full_result.index);
	check_int(got.outcome, full_result.outcome);
	check_int(got.status, full_result.status);
	check_int(got.signal, full_result.signal);
	check_int(got.number, full_result.number);
	check(got.ran);
	check(!got.wanted_terminal && got.astray);
	check_int(got.pid, full_result.pid);
	check_int(got.slot, full_result.slot);
	check_int(got.start, full_result.start);
	check_int(got.duration, full_result.duration);
	check_int(got.user_time, full_result.user_time);
	check_int(got.system_time, full_result.system_time);
	check(got.max_rss == full_result.max_rss);
	check(!got.reason);
	/* Every packet about a task begins with its index, in the machine's representation. */
	check(bytes.size >= sizeof(struct output_header) &&
	      memcmp(bytes.data, &full_result.index, sizeof(uint64_t)) == 0);
	bytes_release(&bytes);
}

static void test_result_outcome(void)
{
	struct bytes bytes = {.data = NULL};
	struct result result = full_result, got;
	struct cursor cursor;
	uint32_t row;

	result.outcome = OUTCOMES;
	result_put(&bytes, &result, 1);
	cursor = cursor_of(bytes_slice(&bytes));
	check_int(result_take(&cursor, &got, &row), -1);
	bytes_release(&bytes);
}

/* Takes bytes as each of the messages in turn. Returns how many accept them. */
static int take_all(struct slice bytes)
{
	struct cursor cursor = cursor_of(bytes);
	struct setup setup;
	struct briefing run;
	struct result result;
	uint32_t row;
	int taken = 0;

	if (setup_take(&cursor, &setup) == 0) {
		free(setup.name);
		taken++;
	}
	cursor = cursor_of(bytes);
	taken += briefing_take(&cursor, &run) == 0;
	briefing_release(&run);
	cursor = cursor_of(bytes);
	taken += result_take(&cursor, &result, &row) == 0;
	return taken;
}

static struct bytes make_message(int kind)
{
	struct bytes bytes = {.data = NULL};
	struct setup setup = full_setup;
	struct briefing run = make_run(true);

	setup.name = mem_string("ForkWorker-1");
	if (kind == 0)
		setup_put(&bytes, &setup);
	else if (kind == 1)
		briefing_put(&bytes, &run);
	else
		result_put(&bytes, &full_result, 3);
	free(setup.name);
	briefing_release(&run);
	return bytes;
}

static void test_truncation(void)
{
	int kind;

	for (kind = 0; kind < 3; kind++) {
		struct bytes bytes = make_message(kind);
		size_t size;

		check(take_all(bytes_slice(&bytes)) >= 1);
		for (size = 0; size < bytes.size; size++) {
			/* A block of exactly its size, so that reading past it is noticed. */
			char *copy = mem_copy(bytes.data, size);
			struct setup setup;
			struct briefing run;
			struct result result;
			struct cursor cursor = cursor_of((struct slice){.data = copy, .size = size});
			uint32_t row;

			if (kind == 0)
				check_int(setup_take(&cursor, &setup), -1);
			else if (kind == 1)
				check_int(briefing_take(&cursor, &run), -1);
			else
				check_int(result_take(&cursor, &result, &row), -1);
			if (kind == 1)
				briefing_release(&run);
			free(copy);
		}
		bytes_release(&bytes);
	}
}

/* Random bytes, and messages with a few bytes changed, are refused or accepted without harm. */
static void test_garbage(void)
{
	struct unit_random random = unit_random();
	int round;

	for (round = 0; round < 20000; round++) {
		struct bytes bytes = make_message((int)unit_below(&random, 3));
		size_t changes = 1 + unit_below(&random, 4);

		if (unit_below(&random, 4) == 0)
			unit_fill(bytes.data, bytes.size, unit_below(&random, UINT32_MAX));
		while (changes--)
			bytes.data[unit_below(&random, bytes.size)] = (char)unit_below(&random, 256);
		take_all(bytes_slice(&bytes));
		bytes_release(&bytes);
	}
}

/* A count of words that is too large for any memory is refused. */
static void test_words_beyond_limit(void)
{
	struct bytes bytes = {.data = NULL};
	struct briefing run = make_run(false), got;
	struct cursor cursor;

	briefing_put(&bytes, &run);
	/* The last count is that of the widths, which is 0. */
	memset(bytes.data + bytes.size - 4, 0xff, 4);
	cursor = cursor_of(bytes_slice(&bytes));
	check_int(briefing_take(&cursor, &got), -1);
	check(!got.widths);
	briefing_release(&got);
	briefing_release(&run);
	bytes_release(&bytes);
}

const struct unit_test unit_message[] = {
	{"setup", .run = test_setup},
	{"a setup that cannot be meant", .run = test_setup_nonsense},
	{"run", .run = test_run},
	{"result", .run = test_result},
	{"a result of no known outcome", .run = test_result_outcome},
	{"every truncation fails softly", .run = test_truncation},
	{"garbage", .run = test_garbage},
	{"more words than there can be", .run = test_words_beyond_limit},
	{.name = NULL},
};
