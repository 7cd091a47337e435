/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parsing replacement strings, and parts of values. */
#include "task/replacement.h"

/* The suffixes of the parts, shorter ones first. */
static const char *const suffixes[PARTS_OF_VALUE] = {
	[PART_ALL] = "",
	[PART_STEM] = ".",
	[PART_BASE] = "/",
	[PART_DIRECTORY] = "//",
	[PART_BASE_STEM] = "/.",
	[PART_SHORT_STEM] = "..",
	[PART_BASE_SHORT_STEM] = "/..",
};

/* Returns the part of a suffix (".", "/" ...), or PARTS_OF_VALUE for any other text. */
static enum part part_of(struct slice suffix)
{
	size_t i;

	for (i = 0; i < PARTS_OF_VALUE; i++) {
		if (slice_equals(suffix, slice_of(suffixes[i])))
			break;
	}
	return (enum part)i;
}

/* Returns the number of digits at the beginning of text, 0 if there are none or the first is a zero. */
static size_t count_digits(struct slice text)
{
	size_t length = 0;

	while (length < text.size && text.data[length] >= '0' && text.data[length] <= '9')
		length++;
	return length && text.data[0] != '0' ? length : 0;
}

/* Parses a number, possibly negative, without leading zeroes. Returns its length, or 0. */
static size_t parse_position(struct slice text, int64_t *position)
{
	size_t sign = text.size && text.data[0] == '-', digits, i;

	digits = count_digits((struct slice){.data = text.data + sign, .size = text.size - sign});
	for (*position = 0, i = sign; i < sign + digits; i++) {
		*position = *position * 10 + (text.data[i] - '0');
		if (*position > INT32_MAX)
			*position = INT32_MAX;
	}
	if (sign)
		*position = -*position;
	return digits ? sign + digits : 0;
}

/* Parses the text between braces as #:0WIDTH. Returns the width, or 0 for any other text. */
static unsigned parse_width(struct slice text)
{
	static const char prefix[] = "#:0";
	size_t size = sizeof prefix - 1;
	struct slice rest;
	int64_t width;

	if (text.size <= size || memcmp(text.data, prefix, size) != 0)
		return 0;
	rest = (struct slice){.data = text.data + size, .size = text.size - size};
	if (count_digits(rest) != rest.size)
		return 0;
	parse_position(rest, &width);
	return width <= REPLACEMENT_WIDTH_MAX ? (unsigned)width : 0;
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
	replacement->text = inside;
	replacement->width = parse_width(inside);
	if (slice_equals(inside, slice_of("#")) || replacement->width) {
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
		}
	}
	replacement->is_weak = replacement->width || replacement->part >= PART_SHORT_STEM;
	return inside.size + 2;
}

const char *replacement_foreign(const char *text, size_t *length)
{
	static const struct {
		const char *text;
		const char *instead;
	} foreign[] = {
		{"{+/}", "use {//}, the directory"},
		{"{+.}", "use --shell, and \"${1##*.}\" in its SCRIPT, for the extension"},
		{"{+..}", "use --shell, and \"${1#\"${1%.*.*}.\"}\" in its SCRIPT, for two extensions"},
	};
	const char *closed = strncmp(text, "{=", 2) == 0 ? strstr(text + 2, "=}") : NULL;
	size_t i;

	if (closed) {
		*length = (size_t)(closed - text) + 2;
		return "use {.} {/} {//} {/.} {..} {/..} for parts of the record, "
		       "or --shell, whose SCRIPT has it as \"$1\"";
	}
	for (i = 0; i < countof(foreign); i++) {
		*length = strlen(foreign[i].text);
		if (strncmp(text, foreign[i].text, *length) == 0)
			return foreign[i].instead;
	}
	return NULL;
}

struct slice replacement_name(struct slice text, enum part part)
{
	struct slice suffix = slice_of(suffixes[part]);

	if (text.size < suffix.size || memcmp(text.data + text.size - suffix.size, suffix.data, suffix.size) != 0)
		return (struct slice){.data = NULL};
	text.size -= suffix.size;
	return text;
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

/* Returns the value without the last two extensions of its last component, or all of it if there are fewer. */
static struct slice without_extensions(struct slice value)
{
	struct slice once = without_extension(value), twice = without_extension(once);

	return twice.size < once.size ? twice : value;
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
	case PART_SHORT_STEM:
		return without_extensions(value);
	case PART_BASE_SHORT_STEM:
		return without_extensions(base_name(value));
	case PART_ALL:
	case PARTS_OF_VALUE:
	default:
		return value;
	}
}

unsigned replacement_name_traits(struct slice name)
{
	struct slice inside = {.data = name.data + 1, .size = name.size - 2};

	if (name.size <= 2)
		return 0;
	return (memchr(inside.data, ' ', inside.size) ? NAMES_HAVE_BLANKS : 0u) |
	       (memchr(inside.data, '.', inside.size) ? NAMES_HAVE_DOTS : 0u);
}

/* Returns the text between braces without the longest suffix of a part that leaves something of it. */
static struct slice without_suffix(struct slice text)
{
	size_t part = PARTS_OF_VALUE;

	while (part-- > PART_STEM) {
		struct slice name = replacement_name(text, (enum part)part);

		if (name.size)
			return name;
	}
	return text;
}

/* True for a byte of a word: an ASCII letter, _, or a byte of any other letter. */
static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

bool replacement_is_name(const struct replacement *replacement, unsigned traits)
{
	struct slice text = replacement->text, name = replacement->after_dollar ? text : without_suffix(text);
	bool blanks = traits & NAMES_HAVE_BLANKS || name.size < text.size, dots = traits & NAMES_HAVE_DOTS;
	size_t i;

	for (i = 0; i < name.size; i++) {
		char c = name.data[i];
		bool is_inside = i && i + 1 < name.size;

		if (!is_letter(c) && !(i && ((c >= '0' && c <= '9') || c == '-')) &&
		    !(is_inside && ((blanks && c == ' ') || (dots && c == '.'))))
			return false;
	}
	return name.size > 0;
}
