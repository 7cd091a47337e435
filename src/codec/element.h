/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A JSON value together with its source text: parsed and checked by jansson, while numbers, and whatever else is to be
 * handed on as it was written, are taken from the text.
 */
#ifndef CODEC_ELEMENT_H
#define CODEC_ELEMENT_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"
#include "codec/json.h"

#include <jansson.h>

/* Views: value lives as long as the outermost one's, text as long as the input. Numbers in value are all 0. */
struct element {
	json_t *value;
	struct slice text;
};

/* A reading position in an array or object. */
struct element_children {
	const struct element *parent;
	const char *at;
	size_t index;
	void *iterator;
};

/* Parses a text that is one value, with nothing around it. -1 with the problem. Release by json_decref(element->value).
 */
int element_parse(struct element *element, struct slice text, struct json_problem *problem) MUST_CHECK;

struct element_children element_children(const struct element *parent);

/* The next of them, and its key in an object: false at the end. */
bool element_next(struct element_children *children, struct element *child, const char **key);

/* What a string says. */
static inline struct slice element_string(const struct element *element)
{
	return (struct slice){.data = json_string_value(element->value), .size = json_string_length(element->value)};
}

/* Appends a value's text without the blanks between its parts. */
void element_compact(struct slice text, struct bytes *out);

/* What is wrong is a value within another: where its words go. */
struct error *element_blame(const struct element *whole, const struct element *part, struct json_problem *problem);

#endif
