/* SPDX-License-Identifier: GPL-3.0-or-later */
/* order/order with tasks that may be run again: which attempt counts, and what is held or passed on. */
#include "unit.h"

#include "base/mem.h"
#include "order/order.h"

enum { TASKS = 120, AHEAD = 8, STEPS = 200000, PIECE_MAX = 3000, PIECES = 6 };

/* A task: how many attempts fail, and the output of the current one. */
struct job {
	uint32_t attempt;
	uint32_t failures;
	struct bytes text;
	bool finished;
};

/* The sink: the output of the current task, checked when its result arrives. */
struct reader {
	struct order_sink sink;
	struct bytes text;
	struct job jobs[TASKS];
	uint64_t results;
	/* The index of the task whose output arrives, plus one, 0 if none. */
	uint64_t open;
	/* True if results must arrive in the order of the input. */
	bool ordered;
	bool blocked;
};

static bool has_room(struct order_sink *sink)
{
	return !container_of(sink, struct reader, sink)->blocked;
}

static void take_data(struct order_sink *sink, uint64_t index, const char *label UNUSED, enum stream stream UNUSED,
		      struct slice bytes)
{
	struct reader *reader = container_of(sink, struct reader, sink);

	check(!reader->open || reader->open == index + 1);
	reader->open = index + 1;
	bytes_append(&reader->text, bytes.data, bytes.size);
}

static void take_result(struct order_sink *sink, const struct result *result)
{
	struct reader *reader = container_of(sink, struct reader, sink);
	struct job *job = &reader->jobs[result->index];

	check(!reader->open || reader->open == result->index + 1);
	reader->open = 0;
	if (reader->ordered)
		check_int(result->index, reader->results);
	reader->results++;
	check_int(result->attempt, job->attempt);
	check_slice(bytes_slice(&reader->text), bytes_slice(&job->text));
	bytes_clear(&reader->text);
}

static void begin(struct order *order, struct reader *reader, struct order_options options)
{
	*reader = (struct reader){
		.sink = {.has_room = has_room, .data = take_data, .result = take_result},
		.ordered = options.kind == ORDER_INPUT,
	};
	options.directory = unit_directory();
	order_init(order, &options, &reader->sink);
}

static void end(struct order *order, struct reader *reader)
{
	size_t i;

	for (i = 0; i < TASKS; i++)
		bytes_release(&reader->jobs[i].text);
	bytes_release(&reader->text);
	order_release(order);
}

static int put(struct order *order, struct reader *reader, uint64_t index, uint32_t attempt, const char *text)
{
	struct job *job = &reader->jobs[index];
	int done = order_put(order, index, attempt, STREAM_OUTPUT, slice_of(text));

	if (done < 0)
		return -1;
	if (attempt != job->attempt)
		bytes_clear(&job->text);
	job->attempt = attempt;
	bytes_append_text(&job->text, text);
	return 0;
}

static struct result outcome(struct reader *reader, uint64_t index, uint32_t attempt, enum outcome kind)
{
	struct job *job = &reader->jobs[index];

	if (attempt != job->attempt)
		bytes_clear(&job->text);
	job->attempt = attempt;
	return (struct result){
		.index = index, .attempt = attempt, .outcome = kind, .reason = kind == OUTCOME_OK ? NULL : "why"};
}

static int put_provisional(struct order *order, struct reader *reader, uint64_t index, uint32_t attempt)
{
	struct result result = outcome(reader, index, attempt, OUTCOME_FAILED);

	return order_keep_provisional(order, &result);
}

static int finish(struct order *order, struct reader *reader, uint64_t index, uint32_t attempt)
{
	struct result result = outcome(reader, index, attempt, OUTCOME_OK);

	return order_finish(order, &result);
}

/* Output of the head is held while it may be run again; that of an attempt before the last is dropped. */
static void test_last_counts(void)
{
	struct order order;
	struct reader reader;

	begin(&order, &reader, (struct order_options){.memory = 1 << 20, .attempts = 3});
	check_int(put(&order, &reader, 0, 1, "first"), 0);
	check_int(put(&order, &reader, 1, 1, "other"), 0);
	check_int(reader.text.size, 0);
	check_int(order.held.data, 10);
	check(order_may_repeat(&order, 0) && !order_provisional(&order, 0));
	check_int(put_provisional(&order, &reader, 0, 1), 0);
	check(order_provisional(&order, 0) && order_provisional(&order, 0)->attempt == 1);
	check_str(order_provisional(&order, 0)->reason, "why");
	check(!order_is_finished(&order, 0));
	check_int(order_head(&order), 0);
	check_int(order.held.data, 10);
	/* The first byte of the next attempt replaces it. */
	check_int(put(&order, &reader, 0, 2, "second"), 0);
	check(!order_provisional(&order, 0));
	check_int(order.held.data, 11);
	check_int(put_provisional(&order, &reader, 0, 2), 0);
	/* Output of the last attempt is passed on at once. */
	check_int(put(&order, &reader, 0, 3, "third"), 0);
	check_int(reader.text.size, 5);
	check_int(order.held.data, 5);
	check_int(finish(&order, &reader, 0, 3), 0);
	check_int(finish(&order, &reader, 1, 1), 0);
	check_int(reader.results, 2);
	check_int(order.held.data, 0);
	end(&order, &reader);
}

/* An attempt without output, and an attempt that ends the task without another. */
static void test_silent(void)
{
	struct order order;
	struct reader reader;

	begin(&order, &reader, (struct order_options){.memory = 1 << 20, .attempts = 5});
	check_int(put(&order, &reader, 1, 1, "x"), 0);
	check_int(put_provisional(&order, &reader, 1, 1), 0);
	check_int(put_provisional(&order, &reader, 1, 2), 0);
	check_int(order.held.data, 0);
	check_int(put_provisional(&order, &reader, 0, 1), 0);
	check_int(finish(&order, &reader, 1, 3), 0);
	check_int(reader.results, 0);
	check_int(finish(&order, &reader, 0, 2), 0);
	check_int(reader.results, 2);
	end(&order, &reader);
}

/* A provisional result counts if no further attempt follows. */
static void test_stand(void)
{
	static const bool unordered[] = {false, true};
	size_t i;

	for (i = 0; i < countof(unordered); i++) {
		struct order order;
		struct reader reader;

		begin(&order, &reader,
		      (struct order_options){
			      .memory = 1 << 20, .attempts = 2, .kind = unordered[i] ? ORDER_COMPLETION : ORDER_INPUT});
		check_int(put(&order, &reader, 1, 1, "one"), 0);
		check_int(put_provisional(&order, &reader, 1, 1), 0);
		check_int(put(&order, &reader, 0, 1, "zero"), 0);
		check_int(put_provisional(&order, &reader, 0, 1), 0);
		check(!order_provisional(&order, 2) && !order_provisional(&order, 1000));
		order_confirm(&order, 1);
		check(order_is_finished(&order, 1) && !order_may_repeat(&order, 1));
		check_int(reader.results, unordered[i] ? 1 : 0);
		order_confirm(&order, 0);
		check_int(reader.results, 2);
		check(!order_provisional(&order, 0));
		check_int(order_head(&order), 2);
		check_int(order.held.data, 0);
		end(&order, &reader);
	}
}

/* Output of a wrong attempt is refused. */
static void test_wrong_attempts(void)
{
	struct order order;
	struct reader reader;

	begin(&order, &reader, (struct order_options){.memory = 1 << 20, .attempts = 4});
	check_int(put(&order, &reader, 0, 0, "none"), -1);
	check_int(put(&order, &reader, 0, 2, "early"), -1);
	check_int(put_provisional(&order, &reader, 0, 2), -1);
	reader.jobs[0].attempt = 0;
	check_int(put(&order, &reader, 0, 1, "x"), 0);
	check_int(put(&order, &reader, 0, 2, "not provisional"), -1);
	check_int(put_provisional(&order, &reader, 0, 1), 0);
	/* The attempt has ended. */
	check_int(put(&order, &reader, 0, 1, "late"), -1);
	check_int(put_provisional(&order, &reader, 0, 1), -1);
	check_int(put(&order, &reader, 0, 3, "skips one"), -1);
	check_int(order_finish(&order, &(struct result){.index = 0, .attempt = 1}), -1);
	check_int(order_finish(&order, &(struct result){.index = 0, .attempt = 3}), -1);
	check_int(order.held.data, 1);
	check_int(put(&order, &reader, 0, 2, "y"), 0);
	check_int(put(&order, &reader, 0, 1, "back"), -1);
	check_int(finish(&order, &reader, 0, 2), 0);
	check_int(put(&order, &reader, 0, 2, "over"), -1);
	check_int(put(&order, &reader, 0, 3, "over"), -1);
	check_int(order_keep_provisional(&order, &(struct result){.index = 0, .attempt = 3}), -1);
	check_int(reader.results, 1);
	end(&order, &reader);
}

/* With all limits used up the head is held within its allowance; beyond it the head is committed. */
static void test_commitment(void)
{
	static char block[16384];
	struct order order;
	struct reader reader;
	int i;

	memset(block, 'x', sizeof block - 1);
	begin(&order, &reader, (struct order_options){.memory = 1000, .attempts = 3});
	check_int(put(&order, &reader, 1, 1, block), 0);
	check(order_is_full(&order) && !order_accepts(&order, 1) && !order_accepts(&order, 2));
	for (i = 0; i < 4; i++) {
		check(order_accepts(&order, 0));
		check_int(put(&order, &reader, 0, 1, block), 0);
		check(order_may_repeat(&order, 0));
		check_int(reader.text.size, 0);
	}
	/* A new attempt: dropped output makes room, but the allowance is used up. */
	check_int(put(&order, &reader, 0, 1, block), 0);
	check(!order_may_repeat(&order, 0));
	check_int(reader.text.size, 5 * (sizeof block - 1));
	check(order_accepts(&order, 0));
	check_int(put(&order, &reader, 0, 1, "straight on"), 0);
	check_int(reader.text.size, 5 * (sizeof block - 1) + 11);
	check_int(finish(&order, &reader, 0, 1), 0);
	/* The next head is held like any. */
	check(order_may_repeat(&order, 1));
	check_int(put_provisional(&order, &reader, 1, 1), 0);
	check(order_accepts(&order, 1));
	check_int(put(&order, &reader, 1, 2, "again"), 0);
	check(!order_is_full(&order));
	check_int(finish(&order, &reader, 1, 2), 0);
	check_int(reader.results, 2);
	end(&order, &reader);
}

/* Makes one step of a running task: a piece of output, or the end of its attempt. */
static void step(struct order *order, struct reader *reader, struct unit_random *random, uint64_t index)
{
	struct job *job = &reader->jobs[index];
	uint32_t attempt = job->attempt ? job->attempt : 1;
	char piece[PIECE_MAX + 1];
	size_t size = (size_t)unit_below(random, PIECE_MAX);

	if (job->finished || !order_accepts(order, index))
		return;
	if (order_provisional(order, index))
		attempt++;
	if (unit_below(random, PIECES)) {
		memset(piece, 'a' + (int)((index + attempt) % 26), size);
		piece[size] = '\0';
		check_int(put(order, reader, index, attempt, piece), 0);
	} else if (attempt <= job->failures && order_may_repeat(order, index)) {
		check_int(put_provisional(order, reader, index, attempt), 0);
	} else {
		job->finished = true;
		check_int(finish(order, reader, index, attempt), 0);
	}
}

/* Random attempts of many tasks: whatever the limits, the output passed on is that of the attempt that counts. */
static void test_random(void)
{
	static const struct order_options kinds[] = {
		{.memory = 1 << 20, .attempts = 4},
		{.memory = 5000, .attempts = 4},
		{.memory = 0, .attempts = 4},
		{.memory = 5000, .disk = 1 << 20, .attempts = 4},
		{.memory = 5000, .attempts = 4, .kind = ORDER_COMPLETION},
		{.memory = 1 << 20, .attempts = 4, .kind = ORDER_COMPLETION},
		{.memory = 0, .disk = 200000, .attempts = 4, .kind = ORDER_COMPLETION},
	};
	struct unit_random random = unit_random();
	static struct reader reader;
	size_t i, kind;
	int steps;

	for (kind = 0; kind < countof(kinds) && !unit_failures; kind++) {
		struct order order;

		begin(&order, &reader, kinds[kind]);
		for (i = 0; i < TASKS; i++)
			reader.jobs[i].failures = unit_below(&random, 3) ? 0 : (uint32_t)unit_below(&random, 4);
		for (steps = 0; steps < STEPS && reader.results < TASKS && !unit_failures; steps++) {
			uint64_t index = order_head(&order) + unit_below(&random, AHEAD);

			reader.blocked = unit_below(&random, 4) == 0;
			order_pump(&order);
			if (index < TASKS)
				step(&order, &reader, &random, index);
		}
		check_int(reader.results, TASKS);
		check_int(order.held.data, 0);
		end(&order, &reader);
	}
}

/* The order is released with provisional results. */
static void test_release(void)
{
	struct order order;
	struct reader reader;

	begin(&order, &reader, (struct order_options){.memory = 1 << 20, .attempts = 4});
	check_int(put(&order, &reader, 3, 1, "x"), 0);
	check_int(put_provisional(&order, &reader, 3, 1), 0);
	check_int(put_provisional(&order, &reader, 5, 1), 0);
	end(&order, &reader);
}

const struct unit_test unit_attempts[] = {
	{"the last attempt counts", .run = test_last_counts},
	{"attempts without output", .run = test_silent},
	{"a provisional result that counts", .run = test_stand},
	{"wrong attempts", .run = test_wrong_attempts},
	{"the head beyond its allowance", .run = test_commitment},
	{"random attempts of many tasks", .run = test_random},
	{"released with provisional results", .run = test_release},
	{.name = NULL},
};
