/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes codec/input_json, codec/json and base/base64: JSON in pieces must yield the elements of the whole text, and
 * the frames made of them must be well formed.
 *
 * The first byte is a letter; L: a value on each line. The second is the size of the pieces, as a letter (@: all at
 * once). The rest is the text.
 */
#include "fuzz.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "task/frame.h"
#include "base/base64.h"
#include "codec/json/element.h"
#include "codec/input_json.h"
#include "codec/json/json.h"
#include "codec/json/json_value.h"

enum { LETTER = 31, ENOUGH = 1 << 16 };

/* The elements of a text, and its end. */
struct reading {
	/* For each element its place and its text. */
	struct bytes elements;
	/* JSON_END or JSON_REFUSED. */
	enum json_event end;
	uint64_t count;
	/* The place of the refusal. */
	uint64_t line;
	uint64_t column;
};

/* Appends a place. */
static void put_place(struct bytes *bytes, struct json_place place)
{
	bytes_put_u64(bytes, place.line);
	bytes_put_u64(bytes, place.column);
}

/* Reads a text in pieces of a size, each time from a block of exactly the size of the bytes that have come. */
static struct reading read_in_pieces(enum json_framing framing, struct slice text, size_t piece)
{
	struct json_input input = {.framing = framing};
	struct reading reading = {.end = JSON_MORE};
	size_t taken = 0, come = 0;

	while (reading.end == JSON_MORE || reading.end == JSON_ELEMENT) {
		char *block = come > taken ? mem_copy(text.data + taken, come - taken) : NULL;
		struct slice bytes = {.data = block, .size = come - taken};
		struct json_step step = json_input_next(&input, &bytes, come == text.size);

		hold(bytes.size <= come - taken);
		if (step.event == JSON_ELEMENT) {
			hold(step.text.data == bytes.data && step.text.size && step.text.size <= bytes.size);
			put_place(&reading.elements, json_input_place(&input, bytes, 0));
			bytes_put_slice(&reading.elements, step.text);
			json_input_consume(&input, &bytes, step.text.size);
		} else if (step.event == JSON_REFUSED) {
			struct json_place place = json_input_place(&input, bytes, step.offset);

			hold(step.why && step.offset <= bytes.size);
			reading.line = place.line;
			reading.column = place.column;
		} else if (step.event == JSON_MORE) {
			hold(come < text.size);
		}
		taken = come - bytes.size;
		reading.end = step.event;
		if (step.event == JSON_MORE)
			come = text.size - come < piece ? text.size : come + piece;
		free(block);
	}
	reading.count = input.element;
	return reading;
}

/* Checks that a frame consists of fields, each with its NUL. */
static void check_frame(struct slice frame)
{
	struct frame_reader reader = frame_read(frame);
	const char *end = frame.data + frame.size;
	struct slice value;
	enum field field;

	hold(frame_first(frame).size == frame.size);
	while (frame_next(&reader, &field, &value)) {
		hold(value.data + value.size < end && value.data[value.size] == '\0');
		if (field == FIELD_ARGUMENT || field == FIELD_VALUE || field == FIELD_SET)
			hold(!memchr(value.data, '\0', value.size));
	}
	hold(!cursor_failed(&reader.cursor) && reader.cursor.at == end);
}

/* Converts an element in each way and checks the results. */
static void check_element(struct slice text)
{
	struct bytes out = {.data = NULL}, again = {.data = NULL};
	struct json_problem problem = {.offset = 0};
	enum json_form form;

	if (json_as_record(text, &out, &form, &problem) == 0 && form == JSON_FRAME)
		check_frame(bytes_slice(&out));
	hold(problem.offset <= text.size);
	bytes_clear(&out);
	if (json_as_command(text, "bash -e", &out, &problem) == 0)
		check_frame(bytes_slice(&out));
	hold(problem.offset <= text.size);
	bytes_clear(&out);
	if (json_as_text(text, &out, &problem) == 0 && (text.data[0] == '[' || text.data[0] == '{')) {
		/* Compact JSON is JSON, and compacting it again changes nothing. */
		hold(json_as_text(bytes_slice(&out), &again, &problem) == 0);
		hold(slice_equals(bytes_slice(&out), bytes_slice(&again)));
		hold(json_value_is(text) && json_value_is(bytes_slice(&out)));
	}
	error_release(&problem.error);
	bytes_release(&out);
	bytes_release(&again);
}

/* Checks that base64 decodes to the bytes encoded, and that pieces do not change whether bytes are UTF-8. */
static void check_bytes(struct slice text, size_t piece)
{
	struct bytes encoded = {.data = NULL}, decoded = {.data = NULL};
	struct utf8 whole = {.need = 0}, parts = {.need = 0};
	struct base64 base64 = {.count = 0};
	size_t at;

	utf8_follow(&whole, text);
	for (at = 0; at < text.size; at += piece) {
		struct slice part = {.data = text.data + at, .size = text.size - at < piece ? text.size - at : piece};

		utf8_follow(&parts, part);
		base64_put(&base64, part, &encoded);
	}
	base64_end(&base64, &encoded);
	hold(utf8_is_whole(&whole) == utf8_is_whole(&parts));
	hold(base64_decode(bytes_slice(&encoded), &decoded) == 0);
	hold(slice_equals(bytes_slice(&decoded), text));
	bytes_release(&encoded);
	bytes_release(&decoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum json_framing framing = size && data[0] == 'L' ? JSON_LINES : JSON_VALUES;
	size_t piece = size > 1 && (data[1] & LETTER) ? data[1] & LETTER : ENOUGH;
	struct reading whole, parts;
	struct cursor cursor;
	struct slice text;

	if (size <= 2 || size > ENOUGH)
		return 0;
	text = (struct slice){.data = (const char *)data + 2, .size = size - 2};
	check_bytes(text, piece);
	whole = read_in_pieces(framing, text, text.size);
	parts = read_in_pieces(framing, text, piece);
	hold(whole.end == parts.end && whole.count == parts.count && whole.line == parts.line &&
	     whole.column == parts.column);
	hold(slice_equals(bytes_slice(&whole.elements), bytes_slice(&parts.elements)));
	for (cursor = cursor_of(bytes_slice(&whole.elements)); cursor.at != cursor.end;) {
		cursor_u64(&cursor);
		cursor_u64(&cursor);
		check_element(cursor_slice(&cursor));
	}
	bytes_release(&whole.elements);
	bytes_release(&parts.elements);
	return 0;
}
