/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * task/delimiter, and codec/input with delimiters of several bytes, against a model: the whole text is split byte by
 * byte, and must yield the same records in pieces that end anywhere.
 */
#include "unit.h"

#include "base/mem.h"
#include "task/task.h"
#include "codec/input.h"

/* Parses what must be right. */
static struct delimiter delimiter_of(const char *text)
{
	struct delimiter delimiter = {.size = 0};

	check_int(delimiter_parse(&delimiter, text), 0);
	return delimiter;
}

static void test_parsed(void)
{
	static const struct {
		const char *text;
		struct slice bytes;
	} cases[] = {
		{"a", {"a", 1}},
		{"::", {"::", 2}},
		{"\\", {"\\", 1}},
		{"\\\\", {"\\", 1}},
		{"\\r\\n", {"\r\n", 2}},
		{"a\\tb\\0c", {"a\tb\0c", 5}},
		{"\\x41\\x4", {"A\x04", 2}},
		{"\\xffg", {"\xffg", 2}},
		{"\\x123",
		 {"\x12"
		  "3",
		  2}},
	};
	static const char *const wrong[] = {"", "\\q", "a\\", "\\x", "\\xg", "ab\\\\\\"};
	struct delimiter before = {.bytes = "kept", .size = 4};
	char longest[DELIMITER_MAX + 2];
	size_t i;

	for (i = 0; i < countof(cases); i++) {
		struct delimiter delimiter = delimiter_of(cases[i].text);

		check_slice(((struct slice){.data = delimiter.bytes, .size = delimiter.size}), cases[i].bytes);
	}
	for (i = 0; i < countof(wrong); i++)
		check_int(delimiter_parse(&before, wrong[i]), -1);
	memset(longest, 'x', sizeof longest);
	longest[DELIMITER_MAX + 1] = '\0';
	check_int(delimiter_parse(&before, longest), -1);
	check_slice(((struct slice){.data = before.bytes, .size = before.size}), slice_of("kept"));
	check_int(delimiter_of(longest + 1).size, DELIMITER_MAX);
}

/* Appends a record as a word: its bytes in brackets, or what is wrong with it. */
static void append_record(struct bytes *out, enum input_event event, struct slice record)
{
	if (event == INPUT_RECORD) {
		bytes_append_text(out, "[");
		bytes_append(out, record.data, record.size);
		bytes_append_text(out, "]");
	} else {
		bytes_append_format(out, "<%s: %zu>", event == INPUT_NUL ? "NUL" : "too long", record.size);
	}
}

/* Returns the size of the record that the text begins with: up to its delimiter, or all of it. */
static size_t model_size(const struct delimiter *delimiter, struct slice text)
{
	size_t at, i;

	for (at = 0; at + delimiter->size <= text.size; at++) {
		for (i = 0; i < delimiter->size && text.data[at + i] == delimiter->bytes[i]; i++)
			;
		if (i == delimiter->size)
			return at;
	}
	return text.size;
}

/* Appends all records of a text. */
static void model_split(const struct input *input, struct slice text, struct bytes *out)
{
	while (text.size) {
		struct slice record = {.data = text.data, .size = model_size(input->string, text)};
		bool has_nul = record.size && memchr(record.data, '\0', record.size);
		size_t whole = record.size + input->string->size;

		append_record(out,
			      record.size > input->limit      ? INPUT_TOO_LONG
			      : has_nul && !input->allows_nul ? INPUT_NUL
							      : INPUT_RECORD,
			      record);
		whole = whole < text.size ? whole : text.size;
		text.data += whole;
		text.size -= whole;
	}
}

/* A text that comes in pieces: the bytes that are not consumed come again, in a block of exactly their size. */
struct pieces {
	struct input input;
	struct slice text;
	size_t read;
	size_t taken;
	struct bytes out;
};

/* Checks a record in the bytes at a step, and appends it. */
static void pieces_take(struct pieces *pieces, struct input_step step, const char *bytes)
{
	struct slice record = {.data = bytes, .size = (size_t)step.size};

	append_record(&pieces->out, step.event, record);
	pieces->taken += step.consumed;
	if (step.event != INPUT_TOO_LONG)
		check(bytes[step.size] == '\0' && step.consumed == step.size + pieces->input.string->size);
}

/* Takes the records of the bytes that have come, and with the last piece the last one. */
static void pieces_scan(struct pieces *pieces, bool is_last)
{
	size_t size = pieces->read - pieces->taken, at = 0, before = pieces->taken;
	char *bytes = mem_new(size + DELIMITER_MAX, 1);
	struct slice slice = {.data = bytes, .size = size};
	uint64_t count, records = 0;
	size_t whole;
	struct input_step step;

	memcpy(bytes, pieces->text.data + pieces->taken, size);
	count = input_count(&pieces->input, slice);
	whole = input_whole(&pieces->input, slice);
	while ((step = input_next(&pieces->input, bytes + at, size - at)).event != INPUT_MORE) {
		pieces_take(pieces, step, bytes + at);
		at += step.consumed;
		records++;
	}
	check_int(records, count);
	check_int(pieces->taken - before, whole);
	at += step.consumed;
	pieces->taken += step.consumed;
	if (is_last && input_has_last(&pieces->input, size - at))
		pieces_take(pieces, input_last(&pieces->input, bytes + at, size - at), bytes + at);
	free(bytes);
}

static void read_pieces(struct pieces *pieces, struct unit_random *random, size_t most)
{
	do {
		size_t more = 1 + unit_below(random, most);

		pieces->read += more < pieces->text.size - pieces->read ? more : pieces->text.size - pieces->read;
		pieces_scan(pieces, pieces->read == pieces->text.size);
	} while (pieces->read < pieces->text.size);
	check_int(pieces->input.dropped, 0);
}

/* Splits a text as a whole and in pieces. */
static void check_split(const struct input *input, struct slice text, struct unit_random *random)
{
	struct pieces pieces = {.input = *input, .text = text};
	struct bytes expected = {.data = NULL};

	read_pieces(&pieces, random, unit_below(random, 4) ? 1 + unit_below(random, 20) : 5000);
	model_split(input, text, &expected);
	check_slice(bytes_slice(&pieces.out), bytes_slice(&expected));
	bytes_release(&pieces.out);
	bytes_release(&expected);
}

/* Few characters, so that parts of delimiters are everywhere; delimiters that overlap themselves. */
static void test_split(void)
{
	struct unit_random random = unit_random();
	char text[600];
	int round;

	for (round = 0; round < 5000 && !unit_failures; round++) {
		struct delimiter delimiter = {.size = 2 + unit_below(&random, unit_below(&random, 10) ? 3 : 40)};
		struct input input = {.string = &delimiter, .limit = unit_below(&random, 40)};
		struct slice slice = {.data = text, .size = unit_below(&random, sizeof text)};
		size_t letters = 1 + unit_below(&random, 3), i;

		for (i = 0; i < delimiter.size; i++)
			delimiter.bytes[i] = "ab\0"[unit_below(&random, letters)];
		for (i = 0; i < slice.size; i++)
			text[i] = "ab\0"[unit_below(&random, letters)];
		input.delimiter = delimiter.bytes[0];
		input.allows_nul = unit_below(&random, 2);
		if (unit_below(&random, 3) == 0)
			input.limit = RECORD_MAX;
		check_split(&input, slice, &random);
	}
}

/* A record of 8 MiB that nearly is a delimiter everywhere, in pieces of 4 KiB: no byte is compared for each piece. */
static void test_large(void)
{
	struct delimiter delimiter = {.size = DELIMITER_MAX};
	struct input input = {.string = &delimiter, .delimiter = 'a', .limit = UINT64_MAX};
	size_t size = (size_t)8 << 20, piece = 4096, at;
	char *bytes = mem_new(size + DELIMITER_MAX, 1);
	struct input_step step;

	memset(delimiter.bytes, 'a', DELIMITER_MAX - 1);
	delimiter.bytes[DELIMITER_MAX - 1] = 'b';
	memset(bytes, 'a', size);
	for (at = piece; at <= size; at += piece)
		check_int(input_next(&input, bytes, at).event, INPUT_MORE);
	check_int(input.scanned, size - DELIMITER_MAX + 1);
	step = input_last(&input, bytes, size);
	check_int(step.event, INPUT_RECORD);
	check_int(step.size, size);
	free(bytes);
}

const struct unit_test unit_delimiter[] = {
	{"delimiters with escapes", .run = test_parsed},
	{"pieces of a text are split as the whole", .run = test_split},
	{"a large record is scanned once", .run = test_large},
	{.name = NULL},
};
