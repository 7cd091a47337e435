/* SPDX-License-Identifier: GPL-3.0-or-later */
/* task/chunk: reading tasks of each width from bytes; and base/count, by which whole records are counted. */
#include "unit.h"

#include "base/count.h"
#include "base/mem.h"
#include "task/chunk.h"
#include "task/template.h"

enum { COUNTED_MAX = 70000, COUNTS = 300 };

/* Returns a reader of a chunk whose first task has the index 7. */
static struct chunk_reader read_text(const char *bytes, size_t size, uint32_t count, uint32_t width)
{
	return chunk_read((struct slice){.data = bytes, .size = size}, 7, count, width);
}

static void test_lines(void)
{
	static const char text[] = "one\n\nt\0o\nlast\n";
	static const struct {
		const char *record;
		size_t size;
	} records[] = {{"one", 3}, {"", 0}, {"t\0o", 3}, {"last", 4}};
	struct chunk_reader reader = read_text(text, sizeof text - 1, countof(records), CHUNK_LINES);
	struct task task;
	size_t i;

	for (i = 0; i < countof(records); i++) {
		struct slice record = {.data = records[i].record, .size = records[i].size};

		check(chunk_next(&reader, &task));
		check_int(task.index, 7 + i);
		check_int(task.value_count, 1);
		check_slice(task.record, record);
		check(task.bytes.data == task.record.data);
		check_int(task.bytes.size, record.size + 1);
		check(!task.frame.size && task.is_line);
	}
	check(!chunk_next(&reader, &task));
	check_int(reader.rest.size, 0);
}

/* A record is the same whichever others are in its chunk, as long as the chunk ends with its delimiter. */
static void test_line_alone(void)
{
	static const char text[] = "a\nb;c;";
	struct chunk_reader reader = read_text(text, 6, 2, CHUNK_LINES);
	struct task task;

	check(chunk_next(&reader, &task));
	check_slice(task.record, slice_of("a\nb"));
	check_slice(task.bytes, slice_of("a\nb;"));
	check(chunk_next(&reader, &task));
	check_slice(task.bytes, slice_of("c;"));
	reader = read_text("\0", 1, 1, CHUNK_LINES);
	check(chunk_next(&reader, &task));
	check_int(task.record.size, 0);
	check_int(task.bytes.size, 1);
}

/* The record of a line is not followed by a NUL, so that an argument with it is a copy. */
static void test_line_expanded(void)
{
	char tag[] = "{}", *words[] = {tag};
	const struct template_options options = {.words = words, .word_count = 1, .is_complete = true};
	struct chunk_reader reader = read_text("one\ntwo\n", 8, 2, CHUNK_LINES);
	struct template_values values = {.slot = 1};
	struct error error = {.number = 0};
	struct template template;
	struct task task;
	char **expanded;

	check_int(template_compile(&template, &options, &error), 0);
	check(chunk_next(&reader, &task));
	expanded = template_expand(&template, &task, &values);
	check(expanded && !expanded[1]);
	check_str(expanded[0], "one");
	template_release(&template);
}

static void test_lines_missing(void)
{
	struct chunk_reader reader = read_text("a\n", 2, 2, CHUNK_LINES);
	struct task task;

	check(chunk_next(&reader, &task));
	check(!chunk_next(&reader, &task));
	reader = read_text("", 0, 1, CHUNK_LINES);
	check(!chunk_next(&reader, &task));
}

static void test_values(void)
{
	struct chunk_reader reader = read_text("a\0b\0c\0", 6, 2, 2);
	struct task task;

	check(chunk_next(&reader, &task));
	check_int(task.value_count, 2);
	check_int(task.bytes.size, 4);
	check(chunk_next(&reader, &task));
	check_int(task.value_count, 1);
	check_slice(task.record, slice_of("c"));
	check(!chunk_next(&reader, &task));
}

/* Counts one by one. */
static size_t count_slowly(const char *data, size_t size, char byte)
{
	size_t total = 0, i;

	for (i = 0; i < size; i++)
		total += data[i] == byte;
	return total;
}

static void test_count(void)
{
	struct unit_random random = unit_random();
	char *data = mem_new(COUNTED_MAX, 1);
	int round;

	for (round = 0; round < COUNTS; round++) {
		size_t begin = unit_below(&random, 100), size = unit_below(&random, COUNTED_MAX - begin), i;
		uint64_t values = 1 + unit_below(&random, 256);

		for (i = 0; i < begin + size; i++)
			data[i] = (char)unit_below(&random, values);
		check_int(count_bytes(data + begin, size, 0), count_slowly(data + begin, size, 0));
		check_int(count_bytes(data + begin, size, (char)200), count_slowly(data + begin, size, (char)200));
	}
	/* No lane overflows where every byte counts, and nothing outside is counted. */
	memset(data, '\n', COUNTED_MAX);
	for (round = 0; round < COUNTS; round++)
		check_int(count_bytes(data + round % 7, (size_t)round, '\n'), round);
	check_int(count_bytes(data, COUNTED_MAX, '\n'), COUNTED_MAX);
	check_int(count_bytes(data, COUNTED_MAX, ' '), 0);
	free(data);
}

const struct unit_test unit_chunk[] = {
	{"whole records", .run = test_lines},
	{"a record alone", .run = test_line_alone},
	{"a record in a template", .run = test_line_expanded},
	{"records that are missing", .run = test_lines_missing},
	{"values", .run = test_values},
	{"counting a byte", .run = test_count},
	{.name = NULL},
};
