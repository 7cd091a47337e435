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

/* True if these bytes are at an offset of the text; true if there are none, too. */
static bool is_at(struct slice text, size_t at, const struct delimiter *bytes)
{
	size_t i;

	for (i = 0; bytes && i < bytes->size; i++) {
		if (at + i >= text.size || text.data[at + i] != bytes->bytes[i])
			return false;
	}
	return true;
}

/* Returns the size of the record that the text begins with, and in *whole with its delimiter, if it has one. */
static size_t model_size(const struct input *input, struct slice text, size_t *whole)
{
	size_t size = input->string->size;
	size_t from = input->start && is_at(text, 0, input->start) ? input->start->size : 0, at;

	for (at = from; at < text.size; at++) {
		bool is_last = input->start && at + size == text.size;

		if (is_at(text, at, input->string) && (is_last || is_at(text, at + size, input->start))) {
			*whole = at + size;
			return at;
		}
	}
	*whole = text.size;
	return text.size;
}

/* Appends all records of a text. */
static void model_split(const struct input *input, struct slice text, struct bytes *out)
{
	size_t whole;

	while (text.size) {
		struct slice record = {.data = text.data, .size = model_size(input, text, &whole)};
		bool has_nul = record.size && memchr(record.data, '\0', record.size);

		append_record(out,
			      record.size > input->limit      ? INPUT_TOO_LONG
			      : has_nul && !input->allows_nul ? INPUT_NUL
							      : INPUT_RECORD,
			      record);
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

/* Returns a delimiter of random letters. */
static struct delimiter random_delimiter(struct unit_random *random, size_t size, size_t letters)
{
	struct delimiter delimiter = {.size = size};
	size_t i;

	for (i = 0; i < size; i++)
		delimiter.bytes[i] = "ab\0"[unit_below(random, letters)];
	return delimiter;
}

/* Few letters, so that parts of delimiters are everywhere; delimiters and starts that overlap themselves, and both. */
static void test_split(void)
{
	struct unit_random random = unit_random();
	char text[600];
	int round;

	for (round = 0; round < 10000 && !unit_failures; round++) {
		size_t letters = 1 + unit_below(&random, 3), i;
		struct delimiter delimiter =
			random_delimiter(&random, 2 + unit_below(&random, unit_below(&random, 10) ? 3 : 40), letters);
		struct delimiter start = random_delimiter(&random, 1 + unit_below(&random, 4), letters);
		struct slice slice = {.data = text, .size = unit_below(&random, sizeof text)};
		struct input input = {.string = &delimiter, .limit = unit_below(&random, 40)};

		for (i = 0; i < slice.size; i++)
			text[i] = "ab\0"[unit_below(&random, letters)];
		if (unit_below(&random, 2)) {
			delimiter.size = 1 + unit_below(&random, 2);
			input.start = &start;
		}
		input.delimiter = delimiter.bytes[0];
		input.allows_nul = unit_below(&random, 2);
		if (unit_below(&random, 3) == 0)
			input.limit = RECORD_MAX;
		check_split(&input, slice, &random);
	}
}

/* Checks the records of a text whose records begin with start. */
static void check_started(const char *end, const char *start, const char *text, const char *expected)
{
	struct delimiter delimiter = delimiter_of(end), begin = delimiter_of(start);
	struct input input = {.string = &delimiter, .delimiter = *end, .start = &begin, .limit = RECORD_MAX};
	struct unit_random random = unit_random();
	struct pieces pieces = {.input = input, .text = slice_of(text)};

	read_pieces(&pieces, &random, 5);
	check_slice(bytes_slice(&pieces.out), slice_of(expected));
	bytes_release(&pieces.out);
}

static void test_started(void)
{
	check_started("\n", ">", ">a > b\nAC>GT\n>c\n\nG\n", "[>a > b\nAC>GT][>c\n\nG]");
	check_started("\n", ">", ";x\n\n>a\n>\n>", "[;x\n][>a][>][>]");
	check_started("\n", ">", "\n>a", "[][>a]");
	check_started("\n", ">", ">>\n>>\n", "[>>][>>]");
	check_started("\n", "@SRR", "@SRR1\nA\n+\n@SR\n@SRR2\nC\n+\nI", "[@SRR1\nA\n+\n@SR][@SRR2\nC\n+\nI]");
	check_started("\n", "\n", "a\n\nb\nc\n\n\nd\n\n", "[a][\nb\nc][\n\nd][\n]");
	check_started("\r\n", "--", "--1\r\n-\r\n--\n--2\r\n", "[--1\r\n-][--\n--2]");
	check_started("a", "a", "aaaaa", "[a][a][a]");
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
	{"records that begin with a string", .run = test_started},
	{"pieces of a text are split as the whole", .run = test_split},
	{"a large record is scanned once", .run = test_large},
	{.name = NULL},
};
