/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The JSON formats: a scanner for the ends of elements. */
#include "codec/input_json.h"

#include "codec/json/json_syntax.h"

/* The mark in front of a value in a sequence (RFC 7464). */
#define RECORD_SEPARATOR '\x1e'

static const char byte_order_mark[] = "\xef\xbb\xbf";

static struct json_step input_json_refuse(size_t offset, const char *why)
{
	return (struct json_step){.event = JSON_REFUSED, .offset = offset, .why = why};
}

static struct json_step more(void)
{
	return (struct json_step){.event = JSON_MORE};
}

/* Adds the lines of bytes to *lines, and the characters after the last of them to *characters. */
static void count(struct slice bytes, uint64_t *lines, uint64_t *characters)
{
	const char *at = bytes.data, *end, *newline;

	if (!bytes.size)
		return;
	end = at + bytes.size;
	while (at != end && (newline = memchr(at, '\n', (size_t)(end - at)))) {
		++*lines;
		*characters = 0;
		at = newline + 1;
	}
	for (; at != end; at++)
		*characters += (*at & 0xc0) != 0x80;
}

struct json_place json_input_place(const struct json_input *input, struct slice bytes, size_t offset)
{
	struct json_place place = {.line = input->lines, .column = input->characters};

	count((struct slice){.data = bytes.data, .size = offset}, &place.line, &place.column);
	place.line++;
	place.column++;
	return place;
}

void json_input_consume(struct json_input *input, struct slice *bytes, size_t size)
{
	count((struct slice){.data = bytes->data, .size = size}, &input->lines, &input->characters);
	if (size)
		bytes->data += size;
	bytes->size -= size;
	input->scanned = 0;
	input->trimmed = 0;
	input->depth = 0;
	input->in_string = input->escaped = input->mismatched = input->begun = false;
}

/* True if c ends a number or a word. */
static bool ends_scalar(char c)
{
	return json_is_blank(c) || c == RECORD_SEPARATOR || (c && strchr(",:[]{}\"", c));
}

/* Continues in a string. True when its closing quote has been scanned. */
static bool scan_string(struct json_input *input, struct slice bytes)
{
	for (; input->scanned < bytes.size; input->scanned++) {
		char c = bytes.data[input->scanned];

		if (input->escaped)
			input->escaped = false;
		else if (c == '\\')
			input->escaped = true;
		else if (c == '"')
			break;
	}
	if (input->scanned == bytes.size)
		return false;
	input->scanned++;
	input->in_string = false;
	return true;
}

/* Counts a bracket. True when the element ends there: it closes the last one, does not match, or is too deep. */
static bool count_bracket(struct json_input *input, char c)
{
	unsigned char bit = (unsigned char)(1u << input->depth % 8);

	if (c == '[' || c == '{') {
		if (input->depth == JSON_DEPTH_MAX) {
			input->depth++;
			return true;
		}
		input->braces[input->depth / 8] &= (unsigned char)~bit;
		if (c == '{')
			input->braces[input->depth / 8] |= bit;
		input->depth++;
		return false;
	}
	input->depth--;
	bit = (unsigned char)(1u << input->depth % 8);
	input->mismatched = (c == '}') != ((input->braces[input->depth / 8] & bit) != 0);
	return input->mismatched || !input->depth;
}

/* Continues in an array or object. True when it has been closed or is malformed. */
static bool scan_container(struct json_input *input, struct slice bytes)
{
	while (input->scanned < bytes.size) {
		char c = bytes.data[input->scanned];

		if (input->in_string) {
			if (!scan_string(input, bytes))
				return false;
			continue;
		}
		input->scanned++;
		input->in_string = c == '"';
		if ((c == '[' || c == '{' || c == ']' || c == '}') && count_bracket(input, c))
			return true;
	}
	return false;
}

/* Continues in a number or a word. True when the byte after it is there; at the end of the input outside an array. */
static bool scan_scalar(struct json_input *input, struct slice bytes, bool end)
{
	while (input->scanned < bytes.size && !ends_scalar(bytes.data[input->scanned]))
		input->scanned++;
	return input->scanned < bytes.size || (end && input->state == JSON_SEQUENCE);
}

/* Continues to scan the value that bytes begin with. */
static struct json_step scan_value(struct json_input *input, struct slice bytes, bool end)
{
	char first = bytes.data[0];
	bool whole;

	if (!input->begun) {
		input->begun = true;
		input->in_string = first == '"';
		input->scanned = input->in_string;
	}
	if (first == '"')
		whole = scan_string(input, bytes);
	else if (first == '[' || first == '{')
		whole = scan_container(input, bytes);
	else
		whole = scan_scalar(input, bytes, end);
	if (input->depth > JSON_DEPTH_MAX)
		return input_json_refuse(input->scanned - 1, "brackets are nested too deep (2048 at most)");
	if (input->mismatched)
		return input_json_refuse(input->scanned - 1, "this bracket closes none of its kind");
	if (input->scanned > JSON_ELEMENT_MAX)
		return input_json_refuse(0, "the element is too large (64 MiB at most)");
	if (!whole && end)
		return input_json_refuse(bytes.size, "the input ends within the element");
	if (!whole)
		return more();
	return (struct json_step){.event = JSON_ELEMENT, .text = {.data = bytes.data, .size = input->scanned}};
}

/* Handles the first byte of a token (see the table in the header). Sets *is_value if a value begins with it. */
static struct json_step punctuate(struct json_input *input, char c, bool *is_value)
{
	bool opens = c == '[', separates = c == RECORD_SEPARATOR;

	*is_value = false;
	switch (input->state) {
	case JSON_ARRAY_NEXT:
		if (c != ',' && c != ']')
			return input_json_refuse(0, "a comma, or the end of the array, is expected here");
		input->state = c == ',' ? JSON_ARRAY_VALUE : JSON_CLOSED;
		return more();
	case JSON_CLOSED:
		return input_json_refuse(0, "only blanks may follow the array");
	case JSON_START:
		input->state = opens ? JSON_ARRAY_FIRST : JSON_SEQUENCE;
		if (opens || separates)
			return more();
		break;
	case JSON_ARRAY_FIRST:
		if (c == ']') {
			input->state = JSON_CLOSED;
			return more();
		}
		break;
	case JSON_SEQUENCE:
		if (separates)
			return more();
		break;
	case JSON_ARRAY_VALUE:
	default:
		break;
	}
	if (ends_scalar(c) && c != '"' && c != '[' && c != '{')
		return input_json_refuse(0, "a value is expected here");
	*is_value = true;
	return more();
}

/* Consumes blanks and tokens before the next value. Sets *is_value if the bytes begin with one. */
static struct json_step find_value(struct json_input *input, struct slice *bytes, bool end, bool *is_value)
{
	struct json_step step = more();

	*is_value = false;
	while (bytes->size && step.event == JSON_MORE) {
		if (!json_is_blank(bytes->data[0]))
			step = punctuate(input, bytes->data[0], is_value);
		if (*is_value || step.event != JSON_MORE)
			return step;
		json_input_consume(input, bytes, 1);
	}
	if (!end)
		return step;
	if (input->state == JSON_ARRAY_FIRST || input->state == JSON_ARRAY_VALUE || input->state == JSON_ARRAY_NEXT)
		return input_json_refuse(0, "the input ends within the array");
	return (struct json_step){.event = JSON_END};
}

static struct json_step next_value(struct json_input *input, struct slice *bytes, bool end)
{
	bool is_value = input->begun;
	struct json_step step = more();

	if (!input->begun)
		step = find_value(input, bytes, end, &is_value);
	if (!is_value)
		return step;
	step = scan_value(input, *bytes, end);
	if (step.event == JSON_ELEMENT && input->state != JSON_SEQUENCE)
		input->state = JSON_ARRAY_NEXT;
	return step;
}

/* Scans a line up to size, whose blanks at the end do not count. */
static void trim_line(struct json_input *input, const char *line, size_t size)
{
	size_t end = size;

	while (end > input->scanned && json_is_blank(line[end - 1]))
		end--;
	if (end > input->scanned)
		input->trimmed = end;
	input->scanned = size;
}

/* Returns the next line that is not blank, as an element. */
static struct json_step next_line(struct json_input *input, struct slice *bytes, bool end)
{
	const char *newline;
	size_t size = 0;

	if (!input->begun) {
		while (size < bytes->size && json_is_blank(bytes->data[size]))
			size++;
		json_input_consume(input, bytes, size);
	}
	if (!bytes->size)
		return (struct json_step){.event = end ? JSON_END : JSON_MORE};
	input->begun = true;
	newline = memchr(bytes->data + input->scanned, '\n', bytes->size - input->scanned);
	size = newline ? (size_t)(newline - bytes->data) : bytes->size;
	trim_line(input, bytes->data, size);
	if (input->trimmed > JSON_ELEMENT_MAX || input->scanned - input->trimmed > JSON_ELEMENT_MAX)
		return input_json_refuse(0, "the element is too large (64 MiB at most)");
	if (!newline && !end)
		return more();
	return (struct json_step){.event = JSON_ELEMENT, .text = {.data = bytes->data, .size = input->trimmed}};
}

struct json_step json_input_next(struct json_input *input, struct slice *bytes, bool end)
{
	struct json_step step;
	bool fresh;

	if (!input->marked) {
		size_t size = bytes->size < sizeof byte_order_mark - 1 ? bytes->size : sizeof byte_order_mark - 1;
		bool matches = !size || memcmp(bytes->data, byte_order_mark, size) == 0;

		if (matches && size < sizeof byte_order_mark - 1 && !end)
			return more();
		input->marked = true;
		if (matches && size == sizeof byte_order_mark - 1) {
			bytes->data += size;
			bytes->size -= size;
		}
	}
	fresh = !input->begun;
	step = input->framing == JSON_LINES ? next_line(input, bytes, end) : next_value(input, bytes, end);
	/* A refusal is about the element that would have been next. */
	if (fresh && (input->begun || step.event == JSON_REFUSED))
		input->element++;
	return step;
}
