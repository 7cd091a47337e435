/* SPDX-License-Identifier: GPL-3.0-or-later */
/* board/message: what was put is taken as it was, and malformed messages are refused. */
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

static void test_setup_refused(void)
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

/* Returns a briefing with all fields, or only those that are always there. */
static struct briefing make_briefing(bool everything)
{
	struct briefing briefing = {
		.executor = mem_string("command"),
		.flags = BRIEFING_LITERAL | BRIEFING_VERBOSE,
		.nice = -5,
		.ignored = UINT64_C(0x8000000000000001),
		.grace = 10 * NSEC_PER_SEC,
		.id = mem_string("id"),
	};

	if (!everything)
		return briefing;
	briefing.directory = mem_string("/");
	briefing.path = mem_string("");
	briefing.command = mem_string("/bin/echo");
	briefing.csv = '\xff';
	briefing.word_count = 3;
	briefing.words = mem_new(3, sizeof *briefing.words);
	briefing.words[0] = mem_string("echo");
	briefing.words[1] = mem_string("");
	briefing.words[2] = mem_string("{}\n");
	briefing.variable_count = 1;
	briefing.variables = mem_new(1, sizeof *briefing.variables);
	briefing.variables[0] = mem_string("NAME=a=b");
	return briefing;
}

static void check_same_text(const char *actual, const char *expected)
{
	check(!actual == !expected);
	if (actual && expected)
		check_str(actual, expected);
}

static void round_trip_briefing(bool everything)
{
	struct bytes bytes = {.data = NULL};
	struct briefing briefing = make_briefing(everything), got;
	struct cursor cursor;
	uint32_t i;

	briefing_put(&bytes, &briefing);
	cursor = cursor_of(bytes_slice(&bytes));
	check_int(briefing_take(&cursor, &got), 0);
	check(cursor.at == cursor.end);
	check_same_text(got.executor, briefing.executor);
	check_int(got.flags, briefing.flags);
	check_int(got.nice, briefing.nice);
	check(got.ignored == briefing.ignored);
	check_int(got.grace, briefing.grace);
	check_same_text(got.id, briefing.id);
	check_same_text(got.directory, briefing.directory);
	check_same_text(got.path, briefing.path);
	check_same_text(got.command, briefing.command);
	check_int(got.csv, briefing.csv);
	if (check_int(got.word_count, briefing.word_count)) {
		for (i = 0; i < briefing.word_count; i++)
			check_same_text(got.words[i], briefing.words[i]);
	}
	if (check_int(got.variable_count, briefing.variable_count) && got.variable_count)
		check_same_text(got.variables[0], briefing.variables[0]);
	check(briefing_sets(&got, "NAME=") == everything);
	check(!briefing_sets(&got, "NAM=") && !briefing_sets(&got, "NAMES=") && !briefing_sets(&got, "NAME"));
	briefing_release(&got);
	briefing_release(&got);
	briefing_release(&briefing);
	bytes_release(&bytes);
}

static void test_briefing(void)
{
	round_trip_briefing(true);
	round_trip_briefing(false);
}

static const struct result full_result = {
	.index = UINT64_C(0x0102030405060708),
	.outcome = OUTCOME_SIGNALED,
	.status = -1,
	.signal = SIGKILL,
	.number = 5,
	.ran = true,
	.astray = true,
	.leftovers = 70000,
	.output_cut = true,
	.pid = 4194304,
	.slot = 64,
	.start = INT64_C(1700000000000000000),
	.duration = 1,
	.user_time = 2,
	.system_time = 3,
	.max_rss = UINT64_MAX,
	.reason = "the reason",
	.line = "not sent",
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
	check(!got.wanted_terminal && got.astray && got.output_cut);
	check_int(got.leftovers, full_result.leftovers);
	check_int(got.pid, full_result.pid);
	check_int(got.slot, full_result.slot);
	check_int(got.start, full_result.start);
	check_int(got.duration, full_result.duration);
	check_int(got.user_time, full_result.user_time);
	check_int(got.system_time, full_result.system_time);
	check(got.max_rss == full_result.max_rss);
	check_str(got.reason, full_result.reason);
	check(!got.line);
	/* Every packet about a task begins with its index in the machine's byte order. */
	check(bytes.size >= sizeof(struct output_header) &&
	      memcmp(bytes.data, &full_result.index, sizeof(uint64_t)) == 0);
	bytes_release(&bytes);
}

/* The reason is a text, or there is none. */
static void test_result_reason(void)
{
	struct bytes bytes = {.data = NULL};
	struct result result = full_result, got;
	struct cursor cursor;
	uint32_t row;

	result.reason = NULL;
	result_put(&bytes, &result, 1);
	cursor = cursor_of(bytes_slice(&bytes));
	check_int(result_take(&cursor, &got, &row), 0);
	check(!got.reason);
	bytes_clear(&bytes);
	result_put(&bytes, &full_result, 1);
	bytes.data[bytes.size - 1] = 'x';
	cursor = cursor_of(bytes_slice(&bytes));
	check_int(result_take(&cursor, &got, &row), -1);
	bytes.data[bytes.size - 1] = bytes.data[bytes.size - 2] = '\0';
	cursor = cursor_of(bytes_slice(&bytes));
	check_int(result_take(&cursor, &got, &row), -1);
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

/* Takes bytes as each kind of message in turn. Returns how many succeeded. */
static int take_all(struct slice bytes)
{
	struct cursor cursor = cursor_of(bytes);
	struct setup setup;
	struct briefing briefing;
	struct result result;
	uint32_t row;
	int taken = 0;

	if (setup_take(&cursor, &setup) == 0) {
		free(setup.name);
		taken++;
	}
	cursor = cursor_of(bytes);
	taken += briefing_take(&cursor, &briefing) == 0;
	briefing_release(&briefing);
	cursor = cursor_of(bytes);
	taken += result_take(&cursor, &result, &row) == 0;
	return taken;
}

enum { MESSAGE_KINDS = 3 };

/* Returns a message: a setup (0), a briefing (1) or a result (2). The caller's. */
static struct bytes make_message(int kind)
{
	struct bytes bytes = {.data = NULL};
	struct setup setup = full_setup;
	struct briefing briefing = make_briefing(true);

	setup.name = mem_string("ForkWorker-1");
	if (kind == 0)
		setup_put(&bytes, &setup);
	else if (kind == 1)
		briefing_put(&bytes, &briefing);
	else
		result_put(&bytes, &full_result, 3);
	free(setup.name);
	briefing_release(&briefing);
	return bytes;
}

/* Checks that a message which is cut off is refused. */
static void check_truncated(int kind, struct slice bytes)
{
	struct cursor cursor = cursor_of(bytes);
	struct setup setup;
	struct briefing briefing;
	struct result result;
	uint32_t row;

	if (kind == 0) {
		check_int(setup_take(&cursor, &setup), -1);
	} else if (kind == 1) {
		check_int(briefing_take(&cursor, &briefing), -1);
		briefing_release(&briefing);
	} else {
		check_int(result_take(&cursor, &result, &row), -1);
	}
}

static void test_truncation(void)
{
	int kind;

	for (kind = 0; kind < MESSAGE_KINDS; kind++) {
		struct bytes bytes = make_message(kind);
		size_t size;

		check(take_all(bytes_slice(&bytes)) >= 1);
		for (size = 0; size < bytes.size; size++) {
			/* A copy of that size, so that valgrind sees reads after its end. */
			char *copy = mem_copy(bytes.data, size);

			check_truncated(kind, (struct slice){.data = copy, .size = size});
			free(copy);
		}
		bytes_release(&bytes);
	}
}

/* Takes random bytes, and messages with a few bytes changed. Any result will do; nothing may crash or leak. */
static void test_garbage(void)
{
	struct unit_random random = unit_random();
	int round;

	for (round = 0; round < 20000; round++) {
		struct bytes bytes = make_message((int)unit_below(&random, MESSAGE_KINDS));
		size_t changes = 1 + unit_below(&random, 4);

		if (unit_below(&random, 4) == 0)
			unit_fill(bytes.data, bytes.size, unit_below(&random, UINT32_MAX));
		while (changes--)
			bytes.data[unit_below(&random, bytes.size)] = (char)unit_below(&random, 256);
		take_all(bytes_slice(&bytes));
		bytes_release(&bytes);
	}
}

static void test_widths_beyond_limit(void)
{
	struct bytes bytes = {.data = NULL};
	struct briefing briefing = make_briefing(false), got;
	struct cursor cursor;

	briefing_put(&bytes, &briefing);
	/* The last number is the count of widths: 0. */
	memset(bytes.data + bytes.size - 4, 0xff, 4);
	cursor = cursor_of(bytes_slice(&bytes));
	check_int(briefing_take(&cursor, &got), -1);
	check(!got.widths);
	briefing_release(&got);
	briefing_release(&briefing);
	bytes_release(&bytes);
}

const struct unit_test unit_message[] = {
	{"a setup is taken as it was put", .run = test_setup},
	{"a setup with a wrong version, number or seat is refused", .run = test_setup_refused},
	{"a briefing is taken as it was put", .run = test_briefing},
	{"a result is taken as it was put", .run = test_result},
	{"the reason of a result", .run = test_result_reason},
	{"a result with an unknown outcome is refused", .run = test_result_outcome},
	{"a message that is cut off is refused", .run = test_truncation},
	{"random bytes do no harm", .run = test_garbage},
	{"a count over the limit allocates nothing", .run = test_widths_beyond_limit},
	{.name = NULL},
};
