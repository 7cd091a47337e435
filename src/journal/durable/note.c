/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing and reading notes. */
#include "journal/durable/note.h"

#include "base/mem.h"
#include "base/number.h"
#include "base/quote.h"
#include "journal/durable/crc.h"
#include "task/task.h"

#include <inttypes.h>
#include <stdio.h>

size_t note_begin(struct bytes *bytes)
{
	size_t begun = bytes->size;

	bytes_append_text(bytes, "00000000 {");
	return begun;
}

/* Appends the name of the next field. */
static void put_name(struct bytes *bytes, struct slice name)
{
	if (bytes->data[bytes->size - 1] != '{')
		bytes_append_text(bytes, ",");
	bytes_append_text(bytes, "\"");
	bytes_append(bytes, name.data, name.size);
	bytes_append_text(bytes, "\":");
}

void note_put_number(struct bytes *bytes, const char *name, uint64_t value)
{
	char digits[NUMBER_TEXT_MAX];

	put_name(bytes, slice_of(name));
	number_print(digits, value);
	bytes_append_text(bytes, digits);
}

/* True if a character is written as it is. */
static bool is_note_plain(char c)
{
	return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

/* Appends the first character of the value, or its first byte if it is not UTF-8. Returns the bytes taken. */
static size_t put_character(struct bytes *bytes, struct slice value)
{
	unsigned char byte = (unsigned char)value.data[0];
	uint32_t character;
	size_t size;

	if (byte == '"' || byte == '\\') {
		bytes_append_text(bytes, "\\");
		bytes_append(bytes, value.data, 1);
		return 1;
	}
	size = byte >= 0x80 ? quote_utf8(value, &character) : 0;
	if (size)
		bytes_append(bytes, value.data, size);
	else
		bytes_append_format(bytes, "\\u00%02x", byte);
	return size ? size : 1;
}

void note_put_text(struct bytes *bytes, const char *name, struct slice value)
{
	put_name(bytes, slice_of(name));
	bytes_append_text(bytes, "\"");
	while (value.size) {
		size_t plain = 0;

		while (plain < value.size && is_note_plain(value.data[plain]))
			plain++;
		bytes_append(bytes, value.data, plain);
		value.data += plain;
		value.size -= plain;
		if (!value.size)
			break;
		plain = put_character(bytes, value);
		value.data += plain;
		value.size -= plain;
	}
	bytes_append_text(bytes, "\"");
}

void note_put_field(struct bytes *bytes, const struct note_field *field)
{
	put_name(bytes, field->name);
	if (field->is_text)
		bytes_append_text(bytes, "\"");
	bytes_append(bytes, field->text.data, field->text.size);
	if (field->is_text)
		bytes_append_text(bytes, "\"");
}

void note_end(struct bytes *bytes, size_t begun)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t crc;
	size_t i;

	bytes_append_text(bytes, "}");
	crc = crc_of(0, bytes->data + begun + NOTE_PREFIX, bytes->size - begun - NOTE_PREFIX);
	for (i = 0; i < 8; i++)
		bytes->data[begun + i] = digits[crc >> (28 - 4 * i) & 0xf];
	bytes_append_text(bytes, "\n");
}

void note_range(struct bytes *bytes, const struct range *range)
{
	size_t begun = note_begin(bytes);

	note_put_number(bytes, "tasks", range->first);
	note_put_number(bytes, "count", range->count);
	note_put_text(bytes, "outcome", slice_of(outcome_name(OUTCOME_OK)));
	note_put_number(bytes, "status", 0);
	note_put_number(bytes, range->is_out ? "out" : "kept", range->place);
	/* Nothing in it is to be escaped. */
	put_name(bytes, slice_of("pieces"));
	bytes_append_text(bytes, "\"");
	bytes_append(bytes, range->pieces.data, range->pieces.size);
	bytes_append_text(bytes, "\"");
	note_end(bytes, begun);
}

/* Returns the value of a hexadecimal digit as note_end writes it, -1 if it is another character. */
static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool note_check(struct slice line)
{
	uint32_t crc = 0;
	size_t i;

	if (line.size < NOTE_PREFIX + 2 || line.data[NOTE_PREFIX - 1] != ' ' || line.data[NOTE_PREFIX] != '{' ||
	    line.data[line.size - 1] != '}')
		return false;
	for (i = 0; i < 8; i++) {
		int value = digit_value(line.data[i]);

		if (value < 0)
			return false;
		crc = crc << 4 | (uint32_t)value;
	}
	return crc == crc_of(0, line.data + NOTE_PREFIX, line.size - NOTE_PREFIX);
}

/* Takes a byte off the text if it is c. */
static bool note_take_byte(struct slice *text, char c)
{
	if (!text->size || text->data[0] != c)
		return false;
	text->data++;
	text->size--;
	return true;
}

/* Takes a string off the text: what is between its quotes. */
static bool note_take_string(struct slice *text, struct slice *string)
{
	const char *at, *end, *escape;

	if (!note_take_byte(text, '"'))
		return false;
	for (at = text->data;; at = escape + 2) {
		size_t left = text->size - (size_t)(at - text->data);

		end = left <= text->size ? memchr(at, '"', left) : NULL;
		if (!end)
			return false;
		escape = memchr(at, '\\', (size_t)(end - at));
		if (!escape)
			break;
	}
	*string = (struct slice){.data = text->data, .size = (size_t)(end - text->data)};
	text->data += string->size + 1;
	text->size -= string->size + 1;
	return true;
}

/* Takes a number off the text. */
static bool note_take_number(struct slice *text, struct note_field *field)
{
	size_t i;

	field->number = 0;
	for (i = 0; i < text->size && text->data[i] >= '0' && text->data[i] <= '9'; i++) {
		uint64_t digit = (uint64_t)(text->data[i] - '0');

		if (field->number > (UINT64_MAX - digit) / 10)
			return false;
		field->number = field->number * 10 + digit;
	}
	field->text = (struct slice){.data = text->data, .size = i};
	text->data += i;
	text->size -= i;
	return i > 0;
}

/* Takes a field off the text. */
static bool note_take_field(struct slice *text, struct note_field *field)
{
	if (!note_take_string(text, &field->name) || !note_take_byte(text, ':') || !text->size)
		return false;
	field->is_text = text->data[0] == '"';
	return field->is_text ? note_take_string(text, &field->text) : note_take_number(text, field);
}

bool note_read(struct slice line, struct note *note)
{
	struct slice text;

	note->count = 0;
	if (line.size < NOTE_PREFIX)
		return false;
	text = (struct slice){.data = line.data + NOTE_PREFIX, .size = line.size - NOTE_PREFIX};
	if (!note_take_byte(&text, '{'))
		return false;
	do {
		if (note->count == NOTE_FIELDS || !note_take_field(&text, &note->fields[note->count]))
			return false;
		note->count++;
	} while (note_take_byte(&text, ','));
	return note_take_byte(&text, '}') && !text.size;
}

struct slice note_line(const struct note *note)
{
	const struct note_field *last = &note->fields[note->count - 1];
	const char *begin = note->fields[0].name.data - NOTE_PREFIX - 2;
	const char *end = last->text.data + last->text.size + last->is_text + 1;

	return (struct slice){.data = begin, .size = (size_t)(end - begin)};
}

bool note_field_is(const struct note_field *field, const char *name)
{
	return field->name.size == strlen(name) && memcmp(field->name.data, name, field->name.size) == 0;
}

bool note_begins(struct slice line, const char *name)
{
	size_t size = strlen(name);

	return line.size > NOTE_PREFIX + 2 + size && memcmp(line.data + NOTE_PREFIX + 2, name, size) == 0 &&
	       line.data[NOTE_PREFIX + 2 + size] == '"';
}

bool note_is(const struct note *note, const char *name)
{
	return note->count && note_field_is(&note->fields[0], name);
}

/* Returns the field of this name and kind, NULL if there is none. */
static const struct note_field *find_field(const struct note *note, const char *name, bool is_text)
{
	size_t i;

	for (i = 0; i < note->count; i++) {
		if (note->fields[i].is_text == is_text && note_field_is(&note->fields[i], name))
			return &note->fields[i];
	}
	return NULL;
}

bool note_number(const struct note *note, const char *name, uint64_t *value)
{
	const struct note_field *field = find_field(note, name, false);

	if (field)
		*value = field->number;
	return field;
}

uint64_t note_value(const struct note *note, const char *name)
{
	uint64_t value = 0;

	(void)note_number(note, name, &value);
	return value;
}

bool note_raw(const struct note *note, const char *name, struct slice *raw)
{
	const struct note_field *field = find_field(note, name, true);

	if (field)
		*raw = field->text;
	return field;
}

/* Returns the byte that an escape of \u00XX stands for, of which size bytes are there. */
static char unescape(const char *escape, size_t size)
{
	int high = size >= 6 ? digit_value(escape[4]) : -1, low = size >= 6 ? digit_value(escape[5]) : -1;

	return high < 0 || low < 0 ? '?' : (char)(high << 4 | low);
}

char *note_text(const struct note *note, const char *name)
{
	struct bytes out = {.data = NULL};
	struct slice raw;
	size_t i = 0;

	if (!note_raw(note, name, &raw))
		return NULL;
	while (i < raw.size) {
		char c = raw.data[i];
		size_t taken = 1;

		if (c == '\\' && i + 1 < raw.size && raw.data[i + 1] == 'u') {
			c = unescape(raw.data + i, raw.size - i);
			taken = 6;
		} else if (c == '\\' && i + 1 < raw.size) {
			c = raw.data[i + 1];
			taken = 2;
		}
		bytes_append(&out, &c, 1);
		i += taken;
	}
	bytes_append(&out, "", 1);
	return out.data;
}
