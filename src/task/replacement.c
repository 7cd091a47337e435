/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parsing replacement strings, and parts of values. */
#include "task/replacement.h"

#include "base/number.h"

/* Returns the part of a suffix (".", "/" ...), or PARTS_OF_VALUE for any other text. */
static enum part part_of(struct slice suffix)
{
	static const char *const suffixes[PARTS_OF_VALUE] = {
		[PART_ALL] = "", [PART_STEM] = ".", [PART_BASE] = "/", [PART_DIRECTORY] = "//", [PART_BASE_STEM] = "/.",
	};
	size_t i;

	for (i = 0; i < PARTS_OF_VALUE; i++) {
		if (slice_equals(suffix, slice_of(suffixes[i])))
			break;
	}
	return (enum part)i;
}

/* Parses a number, possibly negative, without leading zeroes. Returns its length, or 0. */
static size_t parse_position(struct slice text, int64_t *position)
{
	size_t sign = text.size && text.data[0] == '-', length = sign;
	char digits[20];

	while (length < text.size && text.data[length] >= '0' && text.data[length] <= '9')
		length++;
	if (length == sign || length >= sizeof digits || text.data[sign] == '0')
		return 0;
	memcpy(digits, text.data, length);
	digits[length] = '\0';
	return number_parse_signed(digits, -INT32_MAX, INT32_MAX, position) == 0 ? length : 0;
}

size_t replacement_parse(const char *text, struct replacement *replacement)
{
	const char *closed = strchr(text, '}');
	struct slice inside = {.data = text + 1}, suffix;
	size_t digits;

	*replacement = (struct replacement){.kind = REPLACEMENT_NONE};
	if (!closed)
		return 0;
	inside.size = (size_t)(closed - text) - 1;
	if (slice_equals(inside, slice_of("#"))) {
		replacement->kind = REPLACEMENT_NUMBER;
	} else if (slice_equals(inside, slice_of("%"))) {
		replacement->kind = REPLACEMENT_SLOT;
	} else {
		digits = parse_position(inside, &replacement->position);
		suffix = (struct slice){.data = inside.data + digits, .size = inside.size - digits};
		replacement->part = part_of(suffix);
		replacement->kind = digits ? REPLACEMENT_POSITION : REPLACEMENT_VALUE;
		if (replacement->part == PARTS_OF_VALUE) {
			replacement->kind = REPLACEMENT_NAME;
			replacement->part = PART_ALL;
			replacement->name = inside;
		}
	}
	return inside.size + 2;
}

/* Returns the value without the last extension of its last component. */
static struct slice without_extension(struct slice value)
{
	size_t at = value.size;

	while (at && value.data[at - 1] != '.' && value.data[at - 1] != '/')
		at--;
	if (at && value.data[at - 1] == '.')
		value.size = at - 1;
	return value;
}

static struct slice base_name(struct slice value)
{
	size_t at = value.size;

	while (at && value.data[at - 1] != '/')
		at--;
	return (struct slice){.data = value.data + at, .size = value.size - at};
}

/* Like dirname(1), except that a slash at the end separates like any other. */
static struct slice directory(struct slice value)
{
	size_t at = value.size;

	while (at && value.data[at - 1] == '/')
		at--;
	if (!at)
		return value.size ? slice_of("/") : slice_of(".");
	while (at && value.data[at - 1] != '/')
		at--;
	while (at && value.data[at - 1] == '/')
		at--;
	if (at)
		return (struct slice){.data = value.data, .size = at};
	return value.data[0] == '/' ? slice_of("/") : slice_of(".");
}

struct slice replacement_part(struct slice value, enum part part)
{
	switch (part) {
	case PART_STEM:
		return without_extension(value);
	case PART_BASE:
		return base_name(value);
	case PART_DIRECTORY:
		return directory(value);
	case PART_BASE_STEM:
		return without_extension(base_name(value));
	case PART_ALL:
	case PARTS_OF_VALUE:
	default:
		return value;
	}
}

bool replacement_is_name(struct slice text)
{
	size_t i;

	for (i = 0; i < text.size; i++) {
		char c = text.data[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

		if (!letter && (!i || ((c < '0' || c > '9') && c != '-')))
			return false;
	}
	return text.size > 0;
}
