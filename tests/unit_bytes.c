/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/bytes: values are read back as they were appended, and missing ones set the failure of the cursor. */
#include "unit.h"

#include "base/mem.h"

static void test_put_and_get(void)
{
	static const uint32_t words[] = {0, 1, 0x7f, 0x80, 0xff, 0x100, 0x01020304, INT32_MAX, UINT32_MAX};
	static const uint64_t longs[] = {
		0, 1, UINT32_MAX, UINT32_MAX + UINT64_C(1), UINT64_C(0x0102030405060708), UINT64_MAX};
	struct bytes bytes = {.data = NULL};
	struct cursor cursor;
	size_t i;

	for (i = 0; i < countof(words); i++) {
		bytes_put_u8(&bytes, (uint8_t)words[i]);
		bytes_put_u32(&bytes, words[i]);
	}
	for (i = 0; i < countof(longs); i++)
		bytes_put_u64(&bytes, longs[i]);
	cursor = cursor_of(bytes_slice(&bytes));
	for (i = 0; i < countof(words); i++) {
		check_int(cursor_u8(&cursor), (uint8_t)words[i]);
		check_int(cursor_u32(&cursor), words[i]);
	}
	for (i = 0; i < countof(longs); i++)
		check(cursor_u64(&cursor) == longs[i]);
	check(!cursor_failed(&cursor));
	check(cursor.at == cursor.end);
	bytes_release(&bytes);
}

static void test_encoding(void)
{
	struct bytes bytes = {.data = NULL};

	bytes_put_u32(&bytes, 0x01020304);
	bytes_put_u64(&bytes, UINT64_C(0x1112131415161718));
	bytes_put_text(&bytes, "ab");
	check_slice(
		bytes_slice(&bytes),
		((struct slice){.data = "\x04\x03\x02\x01\x18\x17\x16\x15\x14\x13\x12\x11\x02\0\0\0ab", .size = 18}));
	bytes_release(&bytes);
}

static void test_texts(void)
{
	struct bytes bytes = {.data = NULL};
	struct cursor cursor;
	struct slice slice;
	char *text;

	bytes_put_text(&bytes, "");
	bytes_put_text(&bytes, "one two");
	bytes_put_slice(&bytes, (struct slice){.data = "a\0b", .size = 3});
	bytes_put_slice(&bytes, (struct slice){.data = NULL});
	cursor = cursor_of(bytes_slice(&bytes));
	text = cursor_text(&cursor);
	check(text && !*text);
	free(text);
	text = cursor_text(&cursor);
	check_str(text ? text : "NULL", "one two");
	free(text);
	slice = cursor_slice(&cursor);
	check_slice(slice, ((struct slice){.data = "a\0b", .size = 3}));
	check_int(cursor_slice(&cursor).size, 0);
	check(!cursor_failed(&cursor));
	bytes_release(&bytes);
}

static void test_text_with_nul(void)
{
	struct bytes bytes = {.data = NULL};
	struct cursor cursor;

	bytes_put_slice(&bytes, (struct slice){.data = "a\0b", .size = 3});
	bytes_put_u8(&bytes, 7);
	cursor = cursor_of(bytes_slice(&bytes));
	check(!cursor_text(&cursor));
	check(cursor_failed(&cursor));
	check_int(cursor_u8(&cursor), 0);
	bytes_release(&bytes);
}

static void test_soft_failure(void)
{
	struct bytes bytes = {.data = NULL};
	size_t size;

	bytes_put_u8(&bytes, 1);
	bytes_put_u32(&bytes, 2);
	bytes_put_text(&bytes, "three");
	bytes_put_u64(&bytes, 4);
	for (size = 0; size < bytes.size; size++) {
		/* A copy, so that reading past its end is detected. */
		char *copy = mem_copy(bytes.data, size), *text;
		struct cursor cursor = cursor_of((struct slice){.data = copy, .size = size});

		cursor_u8(&cursor);
		cursor_u32(&cursor);
		text = cursor_text(&cursor);
		free(text);
		check_int(cursor_u64(&cursor), 0);
		check(cursor_failed(&cursor));
		check_int(cursor_u8(&cursor), 0);
		check_int(cursor_slice(&cursor).size, 0);
		check(!cursor_text(&cursor));
		free(copy);
	}
	bytes_release(&bytes);
}

static void test_empty_cursor(void)
{
	struct cursor cursor = cursor_of((struct slice){.data = NULL});

	check(!cursor_failed(&cursor));
	check_int(cursor_u64(&cursor), 0);
	check(cursor_failed(&cursor));
}

static void test_length_beyond_the_end(void)
{
	static const char lie[] = {(char)0xff, (char)0xff, (char)0xff, (char)0xff, 'a'};
	struct cursor cursor = cursor_of((struct slice){.data = lie, .size = sizeof lie});

	check(!cursor_slice(&cursor).data);
	check(cursor_failed(&cursor));
}

static void test_append_and_consume(void)
{
	struct bytes bytes = {.data = NULL};
	struct unit_random random = unit_random();
	char model[4096];
	size_t size = 0, i;

	for (i = 0; i < 2000; i++) {
		char piece[64];
		size_t more = unit_below(&random, sizeof piece), less = unit_below(&random, 64);

		unit_fill(piece, more, i);
		if (size + more <= sizeof model) {
			bytes_append(&bytes, piece, more);
			memcpy(model + size, piece, more);
			size += more;
		}
		less = less < size ? less : size;
		bytes_consume(&bytes, less);
		size -= less;
		memmove(model, model + less, size);
		if (!check_slice(bytes_slice(&bytes), ((struct slice){.data = model, .size = size})))
			break;
	}
	bytes_clear(&bytes);
	check(bytes.size == 0 && bytes.capacity > 0);
	bytes_release(&bytes);
	check(!bytes.data && !bytes.capacity);
}

static void test_format_and_text(void)
{
	struct bytes bytes = {.data = NULL};
	int i;

	check_str(bytes_text(&bytes), "");
	bytes_append_format(&bytes, "%s", "");
	for (i = 0; i < 100; i++)
		bytes_append_format(&bytes, "%d,", i % 10);
	check_int(bytes.size, 200);
	check_int(strlen(bytes_text(&bytes)), 200);
	check_int(bytes.size, 200);
	bytes_append_text(&bytes, "end");
	check_str(bytes_text(&bytes) + 190, "5,6,7,8,9,end");
	bytes_release(&bytes);
}

static void test_reserve(void)
{
	struct bytes bytes = {.data = NULL};
	size_t i;

	for (i = 0; i < 100; i++) {
		char *to = bytes_reserve(&bytes, i + 1);

		check(bytes.capacity - bytes.size >= i + 1);
		memset(to, (int)i, i + 1);
		bytes.size += i + 1;
	}
	check_int(bytes.size, 5050);
	check_int(bytes.data[5049], 99);
	bytes_release(&bytes);
}

const struct unit_test unit_bytes[] = {
	{"values are read back as they were appended", .run = test_put_and_get},
	{"integers are little-endian", .run = test_encoding},
	{"texts and slices", .run = test_texts},
	{"a text with a NUL is refused", .run = test_text_with_nul},
	{"every truncation is a failure of the cursor", .run = test_soft_failure},
	{"a cursor over no bytes", .run = test_empty_cursor},
	{"a length beyond the end", .run = test_length_beyond_the_end},
	{"append and consume against a model", .run = test_append_and_consume},
	{"formatted text, and the contents as a string", .run = test_format_and_text},
	{"reserved room", .run = test_reserve},
	{.name = NULL},
};
