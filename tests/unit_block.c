/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The block protocol of adapters: codec/block. */
#include "unit.h"

#include "base/mem.h"
#include "codec/block.h"
#include "task/frame.h"

#define SEVERAL(text) ((struct slice){.data = (text), .size = sizeof(text) - 1})

static void test_begin(void)
{
	static char first[] = "a", second[] = "b=c";
	char *names[] = {first, second};
	const struct block_settings none = {.delimiter = '\0'};
	const struct block_settings all = {
		.delimiter = (char)0xff,
		.singles = true,
		.values = true,
		.json = true,
		.names = names,
		.name_count = 2,
	};
	struct bytes out = {.data = NULL};

	block_put_begin(&out, &none);
	check_slice(bytes_slice(&out), SEVERAL("begin 12\ndelimiter=0\0"));
	bytes_clear(&out);
	block_put_begin(&out, &all);
	check_slice(bytes_slice(&out),
		    SEVERAL("begin 55\ndelimiter=255\0singles=1\0value=1\0json=1\0name=a\0name=b=c\0"));
	bytes_release(&out);
}

static void test_blocks(void)
{
	const struct block_range first = {.first = 0, .count = 2, .attempt = 1};
	const struct block_range last = {.first = UINT64_MAX - 1, .count = UINT64_MAX, .attempt = UINT32_MAX};
	struct bytes out = {.data = NULL};

	block_put_lines(&out, &first, SEVERAL("a\n\n"));
	check_slice(bytes_slice(&out), slice_of("lines 1 2 1 3\na\n\n"));
	bytes_clear(&out);
	block_put_header(&out, &last, 7);
	check_slice(bytes_slice(&out), slice_of("values 18446744073709551615 18446744073709551615 4294967295 7\n"));
	bytes_release(&out);
}

/* Checks a record of values. */
static void check_record(const struct task *task, const struct values *values, bool is_divided, struct slice expected)
{
	struct bytes out = {.data = NULL};

	block_add_record(&out, task, values, is_divided);
	check_slice(bytes_slice(&out), expected);
	bytes_release(&out);
}

static void test_records(void)
{
	struct slice list[] = {slice_of("a"), slice_of(""), {.data = NULL}, {.data = NULL}};
	struct values values = {.list = list, .count = 4};
	struct task task = {.record = slice_of("a,"), .value_count = 1};

	check_record(&task, &values, false, SEVERAL("0\0a,\0"));
	/* What is missing at the end is not there, what is empty is. */
	check_record(&task, &values, true, SEVERAL("2\0a,\0a\0\0"));
	/* What is missing elsewhere is empty. */
	list[3] = slice_of("d");
	check_record(&task, &values, true, SEVERAL("4\0a,\0a\0\0\0d\0"));
	values.count = 0;
	check_record(&task, &values, true, SEVERAL("0\0a,\0"));
	/* Of several sources: the whole is all values. */
	task.value_count = 2;
	values.count = 2;
	list[0] = slice_of("a b");
	list[1] = slice_of("c");
	check_record(&task, &values, true, SEVERAL("2\0a b c\0a b\0c\0"));
}

static void test_messages(void)
{
	static const struct {
		struct slice bytes;
		struct block_message message;
	} cases[] = {
		{SEVERAL("hello 1\n"), {.kind = BLOCK_HELLO, .duration = -1}},
		{SEVERAL("hello 1 mark each single\n"),
		 {.kind = BLOCK_HELLO, .marks = true, .answers_each = true, .takes_one = true, .duration = -1}},
		{SEVERAL("hello 1 later single marks\n"), {.kind = BLOCK_HELLO, .takes_one = true, .duration = -1}},
		{SEVERAL("fail 2 3\nno\n"),
		 {.kind = BLOCK_FAIL, .status = 2, .duration = -1, .parts = {SEVERAL("no\n")}}},
		{SEVERAL("fail 255 0\n"), {.kind = BLOCK_FAIL, .status = 255, .duration = -1}},
		{SEVERAL("ok 1 1 0\n"), {.kind = BLOCK_OK, .count = 1, .duration = -1}},
		{SEVERAL("ok 18446744073709551615 4294967295 2\n\0\n"),
		 {.kind = BLOCK_OK,
		  .index = UINT64_MAX - 1,
		  .count = UINT32_MAX,
		  .duration = -1,
		  .parts = {SEVERAL("\0\n")}}},
		{SEVERAL("result 7 0 0 0 -\n"), {.kind = BLOCK_RESULT, .index = 6, .count = 1, .duration = -1}},
		{SEVERAL("result 7 255 1 2 3\noeevvv"),
		 {.kind = BLOCK_RESULT,
		  .index = 6,
		  .count = 1,
		  .status = 255,
		  .duration = -1,
		  .parts = {SEVERAL("o"), SEVERAL("ee"), SEVERAL("vvv")}}},
		{SEVERAL("result 7 -64 0 1 - 9223372036854775807\ne"),
		 {.kind = BLOCK_RESULT,
		  .index = 6,
		  .count = 1,
		  .status = -64,
		  .duration = INT64_MAX,
		  .parts = {{.data = NULL}, SEVERAL("e")}}},
		{SEVERAL("output 3 1 2\nxy"),
		 {.kind = BLOCK_OUTPUT,
		  .index = 2,
		  .count = 1,
		  .stream = STREAM_OUTPUT,
		  .duration = -1,
		  .parts = {SEVERAL("xy")}}},
		{SEVERAL("output 3 2 0\n"),
		 {.kind = BLOCK_OUTPUT, .index = 2, .count = 1, .stream = STREAM_ERRORS, .duration = -1}},
	};
	size_t i, part;

	for (i = 0; i < countof(cases); i++) {
		const struct block_message *expected = &cases[i].message;
		struct slice bytes = cases[i].bytes;
		struct block_message message;
		size_t wanted;

		check_int(block_take(bytes, &message, &wanted), bytes.size);
		if (!check_int(message.kind, expected->kind))
			printf("# of: %s", bytes.data);
		check(message.index == expected->index && message.count == expected->count);
		check_int(message.status, expected->status);
		check_int(message.duration, expected->duration);
		check_int(message.stream, expected->stream);
		check(message.marks == expected->marks && message.answers_each == expected->answers_each &&
		      message.takes_one == expected->takes_one);
		for (part = 0; part < BLOCK_PARTS; part++)
			check_slice(message.parts[part], expected->parts[part]);
	}
}

static void test_malformed(void)
{
	static const char *const cases[] = {
		"",
		" ",
		"rubbish",
		"OK 1 1 0",
		" ok 1 1 0",
		"ok  1 1 0",
		"ok 1 1 0 ",
		"ok 1 1 0\r",
		"ok",
		"ok 1 1",
		"ok 1 1 0 0",
		"ok 0 1 0",
		"ok -1 1 0",
		"ok +1 1 0",
		"ok 01x 1 0",
		"ok 1 0 0",
		"ok 1 4294967296 0",
		"ok 18446744073709551616 1 0",
		"ok 1 1 67108865",
		"ok 1 1 -",
		"ok 1 1 99999999999999999999999999999999",
		"hello",
		"hello ",
		"hello 0",
		"hello 2",
		"hello 1.0",
		"hello 4294967297",
		"hello 1 a b c d e f g",
		"fail",
		"fail 2",
		"fail 0 0",
		"fail -9 0",
		"fail 256 0",
		"fail 2 67108865",
		"fail 2 0 0",
		"result 1 0 0 0",
		"result 0 0 0 0 -",
		"result 1 256 0 0 -",
		"result 1 -0 0 0 -",
		"result 1 - 0 0 -",
		"result 1 -65 0 0 -",
		"result 1 --1 0 0 -",
		"result 1 0 67108865 0 -",
		"result 1 0 0 67108865 -",
		"result 1 0 0 0 67108865",
		"result 1 0 0 0 0",
		"result 1 0 0 0 --",
		"result 1 0 0 0 - -1",
		"result 1 0 0 0 - 9223372036854775808",
		"result 1 0 0 0 - 1 1",
		"output 1 0 0",
		"output 1 3 0",
		"output 1 1",
		"output 1 1 67108865",
		"output 0 1 0",
		"a b c d e f g h i",
	};
	size_t i;

	for (i = 0; i < countof(cases); i++) {
		struct bytes bytes = {.data = NULL};
		struct block_message message;
		size_t wanted;

		bytes_append_text(&bytes, cases[i]);
		bytes_append_text(&bytes, "\n");
		block_take(bytes_slice(&bytes), &message, &wanted);
		if (!check_int(message.kind, BLOCK_MALFORMED) || !check(message.problem && *message.problem))
			printf("# of: %s\n", cases[i]);
		bytes_release(&bytes);
	}
}

/* A NUL in a header is no end of it. */
static void test_nul(void)
{
	struct block_message message;
	size_t wanted;

	block_take(SEVERAL("ok\0 1 1 0\n"), &message, &wanted);
	check_int(message.kind, BLOCK_MALFORMED);
	block_take(SEVERAL("ok 1 1 0\0\n"), &message, &wanted);
	check_int(message.kind, BLOCK_MALFORMED);
	block_take(SEVERAL("hello 1 mark\0\n"), &message, &wanted);
	check(message.kind == BLOCK_HELLO && !message.marks);
}

/* A message that comes byte by byte is whole with its last one, and says how many are wanted at least. */
static void test_partial(void)
{
	struct slice whole = SEVERAL("result 7 0 1 2 3 5\noeevvvok 8 1 0\n");
	size_t size = whole.size - strlen("ok 8 1 0\n"), header = size - 6, come;

	for (come = 0; come <= whole.size; come++) {
		/* Of exactly this size, so that a sanitizer sees reads beyond it. */
		char *copy = come ? mem_copy(whole.data, come) : NULL;
		struct block_message message;
		size_t wanted, took = block_take((struct slice){.data = copy, .size = come}, &message, &wanted);

		check_int(took, come < size ? 0 : size);
		check_int(message.kind, come < size ? BLOCK_MORE : BLOCK_RESULT);
		check_int(wanted, come < header ? 1 : size);
		if (come >= size)
			check_slice(message.parts[2], slice_of("vvv"));
		free(copy);
	}
}

/* A header as long as can be, and one that has no end within that. */
static void test_long(void)
{
	char text[BLOCK_HEADER_MAX + 1];
	struct block_message message;
	size_t wanted;

	memset(text, 'x', sizeof text);
	memcpy(text, "hello 1 ", 8);
	check_int(block_take((struct slice){.data = text, .size = BLOCK_HEADER_MAX - 1}, &message, &wanted), 0);
	check_int(message.kind, BLOCK_MORE);
	text[BLOCK_HEADER_MAX - 1] = '\n';
	check_int(block_take((struct slice){.data = text, .size = BLOCK_HEADER_MAX}, &message, &wanted),
		  BLOCK_HEADER_MAX);
	check_int(message.kind, BLOCK_HELLO);
	text[BLOCK_HEADER_MAX - 1] = 'x';
	text[BLOCK_HEADER_MAX] = '\n';
	block_take((struct slice){.data = text, .size = sizeof text}, &message, &wanted);
	check_int(message.kind, BLOCK_MALFORMED);
	check_str(message.problem, "a header without an end");
}

/* The largest message. */
static void test_largest(void)
{
	struct slice header = SEVERAL("result 1 0 67108864 67108864 67108864\n");
	struct block_message message;
	size_t wanted;

	check_int(block_take(header, &message, &wanted), 0);
	check_int(message.kind, BLOCK_MORE);
	check_int(wanted, header.size + 3 * (size_t)BLOCK_PART_MAX);
}

const struct unit_test unit_block[] = {
	{"the settings of a run", .run = test_begin},
	{"headers of blocks", .run = test_blocks},
	{"records with values", .run = test_records},
	{"messages", .run = test_messages},
	{"malformed headers", .run = test_malformed},
	{"a NUL in a header", .run = test_nul},
	{"a message that comes byte by byte", .run = test_partial},
	{"headers at the limit", .run = test_long},
	{"the largest message", .run = test_largest},
	{.name = NULL},
};
