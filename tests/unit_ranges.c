/* SPDX-License-Identifier: GPL-3.0-or-later */
/* order/: results that cover several tasks, output that is held until its result, and memory while ranges wait. */
#include "unit.h"

#include "order/order.h"

/* A sink that records output as it is and each result as "(first-last)". */
struct sheet {
	struct order_sink sink;
	struct order order;
	struct bytes text;
	bool blocked;
	uint64_t results;
	/* Records that the results cover. */
	uint64_t records;
	/* The index that the next result has, where they come in the order of the input. */
	uint64_t next;
	/* Where the last output was, to see that it was not copied. */
	const char *data;
};

static bool sheet_has_room(struct order_sink *sink)
{
	return !container_of(sink, struct sheet, sink)->blocked;
}

static void sheet_data(struct order_sink *sink, uint64_t index UNUSED, const char *label UNUSED,
		       enum stream stream UNUSED, struct slice bytes)
{
	struct sheet *sheet = container_of(sink, struct sheet, sink);

	sheet->data = bytes.data;
	bytes_append(&sheet->text, bytes.data, bytes.size);
}

static void sheet_result(struct order_sink *sink, const struct result *result)
{
	struct sheet *sheet = container_of(sink, struct sheet, sink);

	bytes_append_format(&sheet->text, "(%d-%d)", (int)result->index, (int)(result->index + result->further));
	sheet->results++;
	sheet->records += (uint64_t)result->further + 1;
	sheet->next = result->index + result->further + 1;
}

static void sheet_begin(struct order_sink *sink UNUSED, const struct result *result UNUSED, const char *label UNUSED,
			unsigned text UNUSED)
{
}

static void open_sheet(struct sheet *sheet, struct order_options options)
{
	*sheet = (struct sheet){.sink = {
					.has_room = sheet_has_room,
					.begin = sheet_begin,
					.data = sheet_data,
					.result = sheet_result,
				}};
	options.directory = unit_directory();
	options.holds = true;
	if (!options.memory)
		options.memory = 1 << 20;
	order_init(&sheet->order, &options, &sheet->sink);
}

static void close_sheet(struct sheet *sheet)
{
	order_release(&sheet->order);
	check_int(sheet->order.held.data, 0);
	check_int(sheet->order.held.overhead, 0);
	bytes_release(&sheet->text);
}

/* Puts in a range with its output. */
static int answer(struct sheet *sheet, uint64_t first, uint32_t count, const char *text)
{
	const struct result result = {.index = first, .further = count - 1, .attempt = 1};

	return order_finish_with(&sheet->order, &result, slice_of(text));
}

static void sheet_put(struct sheet *sheet, uint64_t index, const char *text)
{
	check_int(order_put(&sheet->order, index, 1, STREAM_OUTPUT, slice_of(text)), 0);
}

#define check_sheet(expected) check_str(bytes_text(&sheet.text), expected)

/* Ranges in their turn pass through: nothing is held, copied or entered. */
static void test_pass(void)
{
	struct sheet sheet;
	const char *text = "abc";

	open_sheet(&sheet, (struct order_options){.kind = ORDER_INPUT});
	check_int(answer(&sheet, 0, 100, text), 0);
	check(sheet.data == text);
	check_int(answer(&sheet, 100, 1, "d"), 0);
	check_int(answer(&sheet, 101, 500000, ""), 0);
	check_sheet("abc(0-99)d(100-100)(101-500100)");
	check_int(order_head(&sheet.order), 500101);
	check_int(sheet.order.window.pages_used, 0);
	check_int(sheet.order.peak, sizeof(void *));
	close_sheet(&sheet);
}

static void test_range_waits(void)
{
	struct sheet sheet;

	open_sheet(&sheet, (struct order_options){.kind = ORDER_INPUT});
	check_int(answer(&sheet, 300, 10, "c"), 0);
	check_int(answer(&sheet, 100, 200, "b"), 0);
	check_sheet("");
	check(!order_is_finished(&sheet.order, 99) && !order_is_finished(&sheet.order, 310));
	check(order_is_finished(&sheet.order, 100) && order_is_finished(&sheet.order, 170));
	check(order_is_finished(&sheet.order, 299) && order_is_finished(&sheet.order, 309));
	check(order_may_repeat(&sheet.order, 99) && !order_may_repeat(&sheet.order, 200));
	/* A task of its own, in the page in which the range begins. */
	sheet_put(&sheet, 99, "z");
	check_int(order_finish(&sheet.order, &(struct result){.index = 99, .attempt = 1}), 0);
	check_int(answer(&sheet, 0, 99, "a"), 0);
	check_sheet("a(0-98)z(99-99)b(100-299)c(300-309)");
	check_int(order_head(&sheet.order), 310);
	check_int(sheet.order.window.pages_used, 1);
	check_int(answer(&sheet, 310, 10, "d"), 0);
	check_int(sheet.order.window.pages_used, 0);
	check_int(sheet.order.complete, 0);
	close_sheet(&sheet);
}

static void test_range_misuse(void)
{
	struct sheet sheet;

	open_sheet(&sheet, (struct order_options){.kind = ORDER_INPUT});
	check_int(answer(&sheet, 100, 100, "b"), 0);
	/* Covered tasks have their result. */
	check_int(answer(&sheet, 100, 1, "x"), -1);
	check_int(answer(&sheet, 150, 1, "x"), -1);
	check_int(answer(&sheet, 190, 20, "x"), -1);
	check_int(order_put(&sheet.order, 110, 1, STREAM_OUTPUT, slice_of("x")), -1);
	check_int(order_put(&sheet.order, 199, 1, STREAM_OUTPUT, slice_of("x")), -1);
	/* A range that reaches into another, one that covers one, and one that covers a task with output. */
	check_int(answer(&sheet, 90, 11, "x"), -1);
	check_int(answer(&sheet, 0, 400, "x"), -1);
	sheet_put(&sheet, 50, "x");
	check_int(answer(&sheet, 0, 60, "a"), -1);
	order_forget(&sheet.order, 0, 1);
	check_int(answer(&sheet, 0, 50, "a"), 0);
	check_sheet("a(0-49)");
	close_sheet(&sheet);
}

/* Output is held until the result, even that of the head, and can be forgotten until then. */
static void test_forget(void)
{
	struct sheet sheet;

	open_sheet(&sheet, (struct order_options){.kind = ORDER_INPUT});
	sheet_put(&sheet, 0, "lost");
	sheet_put(&sheet, 7, "lost");
	check_int(order_set_label(&sheet.order, 7, 1, "tag"), 0);
	check_sheet("");
	order_forget(&sheet.order, 0, 5000);
	order_forget(&sheet.order, 8, 1);
	order_forget(&sheet.order, 1000000, 1);
	check(!order_has_label(&sheet.order, 7, 1));
	check_int(sheet.order.held.data, 0);
	sheet_put(&sheet, 0, "begin ");
	check_int(answer(&sheet, 0, 1, "end"), 0);
	check_sheet("begin end(0-0)");
	check_int(answer(&sheet, 7, 3, "d"), 0);
	/* What has its result is not forgotten. */
	order_forget(&sheet.order, 0, 20);
	check_int(answer(&sheet, 1, 6, "c"), 0);
	check_sheet("begin end(0-0)c(1-6)d(7-9)");
	close_sheet(&sheet);
}

/* A provisional result keeps its output; the next attempt may be forgotten. */
static void test_forget_attempt(void)
{
	struct sheet sheet;

	open_sheet(&sheet, (struct order_options){.kind = ORDER_INPUT, .attempts = 3});
	sheet_put(&sheet, 0, "first");
	check_int(order_keep_provisional(&sheet.order, &(struct result){.index = 0, .attempt = 1}), 0);
	order_forget(&sheet.order, 0, 1);
	check_int(sheet.order.held.data, 5);
	check_int(order_put(&sheet.order, 0, 2, STREAM_OUTPUT, slice_of("second")), 0);
	order_forget(&sheet.order, 0, 1);
	check_int(order_put(&sheet.order, 0, 2, STREAM_OUTPUT, slice_of("again")), 0);
	check_int(order_finish(&sheet.order, &(struct result){.index = 0, .attempt = 2}), 0);
	check_sheet("again(0-0)");
	close_sheet(&sheet);
}

/* Without room nothing of the current task is taken; what others put in waits, up to the limit. */
static void test_range_blocked(void)
{
	struct sheet sheet;

	open_sheet(&sheet, (struct order_options){.kind = ORDER_INPUT});
	sheet.blocked = true;
	check(!order_accepts(&sheet.order, 0) && order_accepts(&sheet.order, 1));
	check_int(answer(&sheet, 10, 20, "b"), 0);
	check_int(answer(&sheet, 0, 10, "a"), 0);
	check_sheet("");
	check_int(order_head(&sheet.order), 0);
	sheet.blocked = false;
	check(order_accepts(&sheet.order, 0));
	order_pump(&sheet.order);
	check_sheet("a(0-9)b(10-29)");
	close_sheet(&sheet);
}

static void test_range_kinds(void)
{
	static const enum order_kind kinds[] = {ORDER_COMPLETION, ORDER_LINES};
	struct sheet sheet;
	size_t i;

	for (i = 0; i < countof(kinds); i++) {
		open_sheet(&sheet, (struct order_options){.kind = kinds[i]});
		check_int(answer(&sheet, 200, 300, "c"), 0);
		check_sheet("c(200-499)");
		check_int(order_put(&sheet.order, 5, 1, STREAM_OUTPUT, slice_of("line\n")), 0);
		check_sheet("c(200-499)");
		order_forget(&sheet.order, 5, 1);
		check_int(answer(&sheet, 5, 195, "b\n"), 0);
		check_int(order_head(&sheet.order), 0);
		check_int(order_put(&sheet.order, 450, 1, STREAM_OUTPUT, slice_of("x")), -1);
		sheet.blocked = true;
		check_int(answer(&sheet, 1000, 100, "e"), 0);
		check_int(answer(&sheet, 600, 10, "d"), 0);
		check_int(answer(&sheet, 0, 5, "a"), 0);
		sheet.blocked = false;
		order_pump(&sheet.order);
		check_sheet("c(200-499)b\n(5-199)e(1000-1099)a(0-4)d(600-609)");
		check_int(order_head(&sheet.order), 500);
		check_int(sheet.order.complete, 0);
		check_int(sheet.order.current, ORDER_NONE);
		close_sheet(&sheet);
	}
}

/* Whole tasks are begun before their output: it never passes through. */
static void test_range_whole(void)
{
	struct sheet sheet;

	open_sheet(&sheet, (struct order_options){.kind = ORDER_INPUT, .whole = true});
	check_int(answer(&sheet, 0, 1, "a"), 0);
	sheet_put(&sheet, 1, "b");
	check_int(answer(&sheet, 1, 1, "c"), 0);
	check_sheet("a(0-0)bc(1-1)");
	close_sheet(&sheet);
}

/* A long answer of the head, in pieces, exceeds all limits rather than being passed on before its result. */
static void test_long_answer(void)
{
	struct sheet sheet;
	char piece[1024];
	int i;

	memset(piece, 'x', sizeof piece - 1);
	piece[sizeof piece - 1] = '\0';
	open_sheet(&sheet, (struct order_options){.kind = ORDER_INPUT, .memory = 4096, .attempts = 2});
	for (i = 0; i < 200; i++)
		sheet_put(&sheet, 0, piece);
	check(order_is_full(&sheet.order) && order_accepts(&sheet.order, 0) && !order_accepts(&sheet.order, 1));
	check_sheet("");
	order_forget(&sheet.order, 0, 1);
	order_pump(&sheet.order);
	check(!order_is_full(&sheet.order));
	check_int(answer(&sheet, 0, 1, "short"), 0);
	check_sheet("short(0-0)");
	close_sheet(&sheet);
}

/* A million tasks in ranges of any size, in any order within a span, while the head may have to wait. */
static void test_million(enum order_kind kind)
{
	enum { TASKS = 1000000, WAITING = 64 };
	struct {
		uint64_t first;
		uint32_t count;
	} waiting[WAITING];
	struct unit_random random = {.state = 7};
	struct sheet sheet;
	uint64_t next = 0, given = 0;
	size_t count = 0;

	open_sheet(&sheet, (struct order_options){.kind = kind, .memory = 64 << 20});
	while (sheet.records < TASKS) {
		size_t at;

		while (count < WAITING && next < TASKS) {
			uint32_t size = 1 + (uint32_t)unit_below(&random, unit_below(&random, 4) ? 20 : 20000);

			waiting[count].first = next;
			waiting[count].count = size < TASKS - next ? size : (uint32_t)(TASKS - next);
			next += waiting[count++].count;
		}
		if (!count)
			break;
		at = unit_below(&random, count);
		sheet.blocked = !unit_below(&random, 8);
		check_int(answer(&sheet, waiting[at].first, waiting[at].count, "x"), 0);
		given += waiting[at].count;
		waiting[at] = waiting[--count];
		sheet.blocked = false;
		order_pump(&sheet.order);
		if (kind == ORDER_INPUT)
			check_int(order_head(&sheet.order), sheet.next);
		else
			check_int(sheet.records, given);
		/* At most those in which a range that waits, or is still to come, begins or ends. */
		check(sheet.order.window.pages_used <= 2 * (sheet.order.complete + WAITING));
	}
	check_int(sheet.records, TASKS);
	check_int(order_head(&sheet.order), TASKS);
	check(sheet.order.window.pages_used <= 1);
	close_sheet(&sheet);
}

static void test_million_input(void)
{
	test_million(ORDER_INPUT);
}

static void test_million_completion(void)
{
	test_million(ORDER_COMPLETION);
}

/* While the first task takes long, ranges of a hundred thousand tasks each cost a few pages, not one for 64 tasks. */
static void test_million_behind_head(void)
{
	enum { RANGE = 100000 };
	struct sheet sheet;
	uint64_t first;

	open_sheet(&sheet, (struct order_options){.kind = ORDER_INPUT});
	for (first = 1; first < 10 * RANGE; first += RANGE)
		check_int(answer(&sheet, first, RANGE, "x"), 0);
	check(sheet.order.window.pages_used <= 20);
	check(window_size(&sheet.order.window) < 300000);
	check(!order_is_full(&sheet.order));
	check_int(answer(&sheet, 0, 1, ""), 0);
	check_int(order_head(&sheet.order), 10 * RANGE + 1);
	check(sheet.order.window.pages_used <= 1);
	close_sheet(&sheet);
}

const struct unit_test unit_ranges[] = {
	{"in their turn, past everything", .run = test_pass},
	{"before their turn", .run = test_range_waits},
	{"misuse is refused", .run = test_range_misuse},
	{"output that is forgotten", .run = test_forget},
	{"output of an attempt that is forgotten", .run = test_forget_attempt},
	{"without room", .run = test_range_blocked},
	{"in the order of completion, and by lines", .run = test_range_kinds},
	{"where tasks are written as a whole", .run = test_range_whole},
	{"an answer in many pieces", .run = test_long_answer},
	{"a million tasks in the order of the input", .run = test_million_input},
	{"a million tasks in the order of completion", .run = test_million_completion},
	{"a million tasks after a slow one", .run = test_million_behind_head},
	{.name = NULL},
};
