/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A JSON value together with its source text: parsed and checked by jansson, while numbers, and values that must stay
 * as they were written, are taken from the text.
 */
#ifndef CODEC_JSON_ELEMENT_H
#define CODEC_JSON_ELEMENT_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"
#include "codec/json/json_syntax.h"

#include <jansson.h>

/* A value of the input, or one within another. */
struct element {
	/* A reference of the outermost element only. Numbers in it are null: see element_is_number. */
	json_t *value;
	/* A view of the input. */
	struct slice text;
};

/* A reading position in an array or object. Only index is for callers of element_next. */
struct element_children {
	const struct element *parent;
	const char *at;
	/* Number of values read from an array. */
	size_t index;
	void *iterator;
};

/*
 * Parses a text that is one value, with nothing around it. -1 with the problem. The caller releases it by
 * json_decref(element->value).
 */
int element_parse(struct element *element, struct slice text, struct json_problem *problem) MUST_CHECK;

/* Returns the position before the first value in an array or object. */
struct element_children element_children(const struct element *parent);

/* Stores the next value, and its key (NULL in an array). False at the end. The key lives as long as the parent. */
bool element_next(struct element_children *children, struct element *child, const char **key);

/* True if the value is a number. */
static inline bool element_is_number(const struct element *element)
{
	char first = element->text.data[0];

	return first == '-' || (first >= '0' && first <= '9');
}

/* True if the value is null. */
static inline bool element_is_null(const struct element *element)
{
	return json_is_null(element->value) && !element_is_number(element);
}

/* Returns the characters of a string, as UTF-8. Lives as long as the element. */
static inline struct slice element_string(const struct element *element)
{
	return (struct slice){.data = json_string_value(element->value), .size = json_string_length(element->value)};
}

/* Appends a value's text without the blanks between its tokens. */
void element_compact(struct slice text, struct bytes *out);

/* Sets the problem's offset to that of a value within another. Returns the error to set. */
struct error *element_blame(const struct element *whole, const struct element *part, struct json_problem *problem);

#endif
