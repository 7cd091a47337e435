/* SPDX-License-Identifier: GPL-3.0-or-later */
/* order/order, case by case: what is passed on, what is held, and when the window is full. */
#include "unit.h"

#include "base/mem.h"
#include "order/order.h"

#include <errno.h>

/* A sink that records what it receives: data as it is, a result as "(index)". */
struct notes {
	struct order_sink sink;
	struct bytes text;
	bool blocked;
	/* The sink has no room after the beginning of a task. */
	bool blocks_at_begin;
	uint64_t results;
};

static bool has_room(struct order_sink *sink)
{
	return !container_of(sink, struct notes, sink)->blocked;
}

static void note_begin(struct order_sink *sink, const struct result *result, const char *label UNUSED, unsigned text)
{
	struct notes *notes = container_of(sink, struct notes, sink);

	bytes_append_format(&notes->text, "[%d %u]", (int)result->index, text);
	notes->blocked |= notes->blocks_at_begin;
}

static void note_data(struct order_sink *sink, uint64_t index UNUSED, const char *label UNUSED, enum stream stream,
		      struct slice bytes)
{
	struct notes *notes = container_of(sink, struct notes, sink);

	if (stream != STREAM_OUTPUT)
		bytes_append(&notes->text, stream == STREAM_ERRORS ? "!" : "=", 1);
	bytes_append(&notes->text, bytes.data, bytes.size);
}

static void note_result(struct order_sink *sink, const struct result *result)
{
	struct notes *notes = container_of(sink, struct notes, sink);

	notes->results++;
	bytes_append_format(&notes->text, "(%d%s%s)", (int)result->index, result->reason ? " " : "",
			    result->reason ? result->reason : "");
}

static void begin(struct order *order, struct notes *notes, struct order_options options)
{
	*notes = (struct notes){
		.sink = {.has_room = has_room, .begin = note_begin, .data = note_data, .result = note_result}};
	options.directory = unit_directory();
	order_init(order, &options, &notes->sink);
}

static void end(struct order *order, struct notes *notes)
{
	order_release(order);
	bytes_release(&notes->text);
}

static void put(struct order *order, uint64_t index, const char *text)
{
	check_int(order_put(order, index, 1, STREAM_OUTPUT, slice_of(text)), 0);
}

static void put_size(struct order *order, uint64_t index, size_t size)
{
	char *text = mem_new(size, 1);

	memset(text, 'x', size);
	check_int(order_put(order, index, 1, STREAM_OUTPUT, (struct slice){.data = text, .size = size}), 0);
	free(text);
}

static void finish(struct order *order, uint64_t index)
{
	check_int(order_finish(order, &(struct result){.index = index}), 0);
}

#define check_notes(expected) check_str(bytes_text(&notes.text), expected)

static void test_ordered(void)
{
	struct order order;
	struct notes notes;

	begin(&order, &notes, (struct order_options){.memory = 1 << 20});
	put(&order, 1, "b");
	put(&order, 2, "c");
	finish(&order, 2);
	check_notes("");
	check_int(order.held.data, 2);
	/* Output of the head is passed on at once. */
	put(&order, 0, "a");
	check_int(order_put(&order, 0, 1, STREAM_ERRORS, slice_of("e")), 0);
	check_notes("a!e");
	check_int(order_head(&order), 0);
	finish(&order, 0);
	/* So is that of the next head, after what was held of it. */
	check_notes("a!e(0)b");
	put(&order, 1, "B");
	check_notes("a!e(0)bB");
	check(order_is_finished(&order, 0) && !order_is_finished(&order, 1));
	check(order_is_finished(&order, 2) && !order_is_finished(&order, 3));
	finish(&order, 1);
	check_notes("a!e(0)bB(1)c(2)");
	check_int(order_head(&order), 3);
	check_int(order.held.data, 0);
	check_int(order.complete, 0);
	end(&order, &notes);
}

static void test_misuse(void)
{
	struct order order;
	struct notes notes;

	begin(&order, &notes, (struct order_options){.memory = 1 << 20});
	finish(&order, 0);
	finish(&order, 2);
	check_int(order_put(&order, 0, 1, STREAM_OUTPUT, slice_of("x")), -1);
	check_int(order_finish(&order, &(struct result){.index = 0}), -1);
	check_int(order_put(&order, 2, 1, STREAM_OUTPUT, slice_of("x")), -1);
	check_int(order_finish(&order, &(struct result){.index = 2}), -1);
	check_notes("(0)");
	finish(&order, 1);
	check_notes("(0)(1)(2)");
	end(&order, &notes);
	begin(&order, &notes, (struct order_options){.memory = 1 << 20, .kind = ORDER_COMPLETION});
	finish(&order, 2);
	check_int(order_put(&order, 2, 1, STREAM_OUTPUT, slice_of("x")), -1);
	check_int(order_finish(&order, &(struct result){.index = 2}), -1);
	check_notes("(2)");
	end(&order, &notes);
}

static void test_reasons(void)
{
	struct order order;
	struct notes notes;
	char reason[] = "why";

	begin(&order, &notes, (struct order_options){.memory = 1 << 20});
	check_int(order_finish(&order, &(struct result){.index = 1, .reason = reason}), 0);
	memset(reason, 'x', 3);
	finish(&order, 0);
	check_notes("(0)(1 why)");
	end(&order, &notes);
}

static void test_unordered(void)
{
	struct order order;
	struct notes notes;

	begin(&order, &notes, (struct order_options){.memory = 1 << 20, .kind = ORDER_COMPLETION});
	put(&order, 0, "a");
	put(&order, 3, "d");
	put(&order, 1, "b");
	check_notes("");
	finish(&order, 3);
	check_notes("d(3)");
	check_int(order_head(&order), 0);
	put(&order, 1, "B");
	finish(&order, 1);
	check_notes("d(3)bB(1)");
	finish(&order, 0);
	finish(&order, 2);
	check_notes("d(3)bB(1)a(0)(2)");
	check_int(order_head(&order), 4);
	check_int(order.held.data, 0);
	end(&order, &notes);
}

/* In a full window the head becomes current: its held output is passed on, and finished tasks follow after its end. */
static void test_unordered_full(void)
{
	struct order order;
	struct notes notes;

	begin(&order, &notes, (struct order_options){.memory = 5, .kind = ORDER_COMPLETION});
	put(&order, 0, "aa");
	check(order_accepts(&order, 1) && order_accepts(&order, 0));
	put(&order, 1, "bbb");
	check(order_is_full(&order) || order_accepts(&order, 1));
	put(&order, 1, "b");
	check_notes("aa");
	/* The head continues at once, as the sink has room. */
	check(order_accepts(&order, 0));
	put(&order, 0, "A");
	check_notes("aaA");
	finish(&order, 1);
	check_notes("aaA");
	finish(&order, 0);
	check_notes("aaA(0)bbbb(1)");
	check(!order_is_full(&order));
	/* After its end finished tasks are passed on again. */
	put(&order, 2, "c");
	finish(&order, 3);
	check_notes("aaA(0)bbbb(1)(3)");
	end(&order, &notes);
}

static void test_full(void)
{
	struct order order;
	struct notes notes;

	begin(&order, &notes, (struct order_options){.memory = 100});
	put_size(&order, 1, 60);
	check(!order_is_full(&order) && order_accepts(&order, 2));
	put_size(&order, 2, 60);
	check(order_is_full(&order));
	check(!order_accepts(&order, 1) && !order_accepts(&order, 2) && !order_accepts(&order, 99));
	check(order_accepts(&order, 0));
	notes.blocked = true;
	check(!order_accepts(&order, 0));
	finish(&order, 0);
	check_int(order_head(&order), 1);
	check(order_is_full(&order));
	notes.blocked = false;
	order_pump(&order);
	check(!order_is_full(&order) && order_accepts(&order, 1) && order_accepts(&order, 99));
	finish(&order, 1);
	finish(&order, 2);
	check_int(notes.text.size, 120 + 9);
	end(&order, &notes);
}

/* Repeated checks leave the window full: a limit below one block is no room on disk. */
static void test_full_stays_full(void)
{
	static const uint64_t disks[] = {0, 1000, 65535, 65536, 70000, 100000, 131072, 150000, 200000};
	size_t i;

	for (i = 0; i < countof(disks); i++) {
		struct order order;
		struct notes notes;
		int round, index;

		begin(&order, &notes, (struct order_options){.memory = 1000, .disk = disks[i]});
		for (round = 0; round < 1000; round++) {
			index = 1 + round % 10;
			if (order_accepts(&order, (uint64_t)index))
				put_size(&order, (uint64_t)index, 900);
			order_pump(&order);
		}
		check(order_is_full(&order));
		check(order.held.data <= 1900);
		check(spill_used(&order.held.spill) <= disks[i]);
		check(order_spilled(&order) <= disks[i]);
		for (index = 0; index <= 10; index++)
			finish(&order, (uint64_t)index);
		check(!order_is_full(&order));
		check_int(order.held.data, 0);
		check_int(spill_used(&order.held.spill), 0);
		end(&order, &notes);
	}
}

static void test_disk(void)
{
	struct order order;
	struct notes notes;

	begin(&order, &notes, (struct order_options){.memory = 10, .disk = 1 << 20});
	put(&order, 1, "memory");
	put(&order, 1, "-disk");
	put_size(&order, 2, 200000);
	check_int(order_put(&order, 1, 1, STREAM_ERRORS, slice_of("-e")), 0);
	check_int(order_spilled(&order), 200005);
	check_int(order.held.data, 8);
	finish(&order, 2);
	finish(&order, 0);
	check_notes("(0)memory-disk!-e");
	finish(&order, 1);
	check_int(notes.text.size, 17 + 3 + 200000 + 3);
	check_int(spill_used(&order.held.spill), 0);
	check(!order.held.refusal.text && !order.held.loss.text);
	end(&order, &notes);
}

#ifdef MPMAP_FAULTS

/*
 * The disk fails once, at its second block or at its opening: the error is kept, nothing more is stored there, the
 * window is full when memory is, and what was stored is passed on.
 */
static void check_refusal(const char *fault, int number, uint64_t spilled)
{
	struct order order;
	struct notes notes;
	uint64_t put = 0;
	int round;

	setenv("MPMAP_FAULT", fault, 1);
	begin(&order, &notes, (struct order_options){.memory = 1000, .disk = 1 << 30});
	for (round = 0; round < 1000; round++) {
		if (order_accepts(&order, 1)) {
			put_size(&order, 1, 10000);
			put += 10000;
		}
		order_pump(&order);
	}
	check_int(order.held.refusal.number, number);
	check(order_is_full(&order) && order_accepts(&order, 0));
	check_int(order_spilled(&order), spilled);
	check_int(put, spilled + order.held.data);
	check(order.held.data <= 21000);
	finish(&order, 0);
	check(!order_is_full(&order) && order_accepts(&order, 2));
	put_size(&order, 2, 10000);
	check_int(order_spilled(&order), spilled);
	finish(&order, 1);
	finish(&order, 2);
	check_int(notes.results, 3);
	check_int(notes.text.size, put + 10000 + 9);
	check_int(spill_used(&order.held.spill), 0);
	check(!order.held.loss.text);
	end(&order, &notes);
}

static void test_disk_full(void)
{
	check_refusal("spill_write:2:ENOSPC", ENOSPC, 130000);
}

static void test_no_file(void)
{
	check_refusal("spill_open:1:EROFS", EROFS, 0);
}

/* Output that cannot be read back is lost: what is passed on ends there. */
static void test_loss(void)
{
	struct order order;
	struct notes notes;

	setenv("MPMAP_FAULT", "spill_read:2:EIO", 1);
	begin(&order, &notes, (struct order_options){.memory = 10, .disk = 1 << 30});
	put_size(&order, 1, 200000);
	put(&order, 2, "x");
	finish(&order, 1);
	finish(&order, 2);
	finish(&order, 0);
	check_int(order.held.loss.number, EIO);
	check_int(notes.results, 1);
	check_int(notes.text.size, 3 + 65536);
	order_pump(&order);
	check_int(notes.text.size, 3 + 65536);
	end(&order, &notes);
}

#endif

/* Released with output, results and labels in it. */
static void test_release(void)
{
	struct order order;
	struct notes notes;
	uint64_t index;

	begin(&order, &notes, (struct order_options){.memory = 100, .disk = 1 << 20});
	for (index = 1; index < 500; index += 3) {
		put_size(&order, index, index);
		check_int(order_finish(&order, &(struct result){.index = index + 1, .reason = "reason"}), 0);
	}
	end(&order, &notes);
	begin(&order, &notes, (struct order_options){.memory = 1 << 20, .kind = ORDER_COMPLETION});
	for (index = 1; index < 500; index++)
		finish(&order, index);
	put(&order, 700, "x");
	end(&order, &notes);
	begin(&order, &notes, (struct order_options){.memory = 0});
	end(&order, &notes);
}

static void put_errors(struct order *order, uint64_t index, const char *text)
{
	check_int(order_put(order, index, 1, STREAM_ERRORS, slice_of(text)), 0);
}

static void test_lines(void)
{
	struct notes notes;
	struct order order;

	begin(&order, &notes, (struct order_options){.memory = 1 << 20, .kind = ORDER_LINES});
	put(&order, 0, "a1\na2");
	put(&order, 1, "b\n");
	check_notes("a1\nb\n");
	finish(&order, 1);
	put_errors(&order, 0, "e");
	put(&order, 0, "3\n");
	check_notes("a1\nb\n(1)a23\n");
	check(order_accepts(&order, 0) && order_accepts(&order, 9));
	notes.blocked = true;
	check(!order_accepts(&order, 0) && !order_accepts(&order, 9));
	notes.blocked = false;
	finish(&order, 0);
	check_notes("a1\nb\n(1)a23\n!e(0)");
	end(&order, &notes);
}

/* A line that is partly on disk makes its task the current one, until its end. */
static void test_long_line(void)
{
	struct notes notes;
	struct order order;

	begin(&order, &notes, (struct order_options){.memory = 100, .disk = 1 << 20, .kind = ORDER_LINES});
	put_size(&order, 3, 1000);
	check_int(notes.text.size, 0);
	check(order_spilled(&order) > 0 && order_accepts(&order, 4));
	put(&order, 3, "\nrest");
	check_int(notes.text.size, 1005);
	check(!order_accepts(&order, 4) && order_accepts(&order, 3));
	put(&order, 4, "other\n");
	check_int(notes.text.size, 1005);
	finish(&order, 3);
	check(order_accepts(&order, 4));
	finish(&order, 4);
	check_str(bytes_text(&notes.text) + 1000, "\nrest(3)other\n(4)");
	end(&order, &notes);
}

/* A task that is written as a whole: its beginning, with a bit for each stream that is UTF-8, then output, then errors.
 */
static void test_whole(void)
{
	struct notes notes;
	struct order order;

	begin(&order, &notes, (struct order_options){.memory = 1 << 20, .whole = true});
	put_errors(&order, 0, "\xff");
	put(&order, 0, "a");
	put(&order, 1, "b");
	check_notes("");
	finish(&order, 0);
	check_notes("[0 2]a!\xff(0)");
	notes.blocks_at_begin = true;
	finish(&order, 1);
	check_notes("[0 2]a!\xff(0)[1 6]");
	check(order_is_midway(&order));
	order_continue(&order);
	check(order_is_midway(&order));
	notes.blocked = notes.blocks_at_begin = false;
	finish(&order, 2);
	check_notes("[0 2]a!\xff(0)[1 6]b(1)[2 6](2)");
	check(!order_is_midway(&order));
	order_continue(&order);
	end(&order, &notes);
}

static void put_value(struct order *order, uint64_t index, uint32_t attempt, const char *value)
{
	check_int(order_put(order, index, attempt, STREAM_VALUE, slice_of(value)), 0);
}

/* A value comes last, whenever it was put in; that of an attempt which does not count is dropped with its output. */
static void test_value(void)
{
	struct notes notes;
	struct order order;

	begin(&order, &notes, (struct order_options){.memory = 100, .disk = 1 << 20, .whole = true, .attempts = 2});
	put_value(&order, 0, 1, "[1,");
	put_errors(&order, 0, "e");
	put_value(&order, 0, 1, "2]");
	put(&order, 0, "a");
	finish(&order, 0);
	check_notes("[0 6]a!e=[1,=2](0)");
	bytes_clear(&notes.text);
	/* On disk. */
	put_size(&order, 1, 100);
	put_value(&order, 1, 1, "{}");
	check(order_spilled(&order) == 2);
	finish(&order, 1);
	check_str(bytes_text(&notes.text) + 105, "={}(1)");
	bytes_clear(&notes.text);
	put_value(&order, 2, 1, "1");
	check_int(order_keep_provisional(&order, &(struct result){.index = 2, .attempt = 1}), 0);
	put_value(&order, 2, 2, "2");
	order_forget(&order, 2, 1);
	put_value(&order, 2, 2, "3");
	finish(&order, 2);
	check_notes("[2 6]=3(2)");
	check_int(order.held.data, 0);
	end(&order, &notes);
}

/* The same in the order of completion, with the current task beyond all limits. */
static void test_whole_completion(void)
{
	struct notes notes;
	struct order order;

	begin(&order, &notes, (struct order_options){.memory = 100, .kind = ORDER_COMPLETION, .whole = true});
	put(&order, 3, "d");
	finish(&order, 3);
	check_notes("[3 6]d(3)");
	put_size(&order, 1, 200);
	check(order_is_full(&order) && order_accepts(&order, 0) && !order_accepts(&order, 1));
	put_size(&order, 0, 300);
	finish(&order, 0);
	finish(&order, 1);
	check_int(notes.results, 3);
	check_int(notes.text.size, 9 + 5 + 300 + 3 + 5 + 200 + 3);
	end(&order, &notes);
}

const struct unit_test unit_order[] = {
	{"in the order of the input", .run = test_ordered},
	{"misuse is refused", .run = test_misuse},
	{"the texts of a result are copied", .run = test_reasons},
	{"in the order of completion", .run = test_unordered},
	{"in the order of completion with a full window", .run = test_unordered_full},
	{"a full window opens again below three quarters", .run = test_full},
	{"a full window remains full", .run = test_full_stays_full},
	{"output held on disk", .run = test_disk},
#ifdef MPMAP_FAULTS
	{"a full disk", .run = test_disk_full},
	{"no file on disk", .run = test_no_file},
	{"output that is lost on disk", .run = test_loss},
#endif
	{"by lines", .run = test_lines},
	{"by lines, with a line on disk", .run = test_long_line},
	{"tasks that are written as a whole", .run = test_whole},
	{"a value comes after the output of its task", .run = test_value},
	{"tasks that are written as a whole in the order of completion", .run = test_whole_completion},
	{"released while full", .run = test_release},
	{.name = NULL},
};
