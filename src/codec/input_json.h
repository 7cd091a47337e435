/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finding the elements of JSON input, as it comes: where each begins and ends, so that it can be taken in by itself.
 *
 * Only the structure is looked at (RFC 8259; RFC 7464 for record separators): brackets, strings, and what stands
 * between elements. What is inside an element is for codec/json.
 */
#ifndef CODEC_INPUT_JSON_H
#define CODEC_INPUT_JSON_H

#include "base/dialect.h"
#include "base/slice.h"

enum {
	/* The largest element, bytes. */
	JSON_ELEMENT_MAX = 64 << 20,
	/* Brackets within brackets: as many as jansson takes. */
	JSON_DEPTH_MAX = 2048,
};

enum json_framing {
	/* One array whose elements are meant; or values one behind the other. */
	JSON_VALUES,
	/* A value on each line. */
	JSON_LINES,
};

/* Where something is, for people: both from 1; columns are characters. */
struct json_place {
	uint64_t line;
	uint64_t column;
};

enum json_state {
	JSON_START,
	/* Behind the bracket of the array; behind a comma; behind an element. */
	JSON_ARRAY_FIRST,
	JSON_ARRAY_VALUE,
	JSON_ARRAY_NEXT,
	JSON_SEQUENCE,
	/* Behind the array. */
	JSON_CLOSED,
};

/* All zero but framing is the start of the input. */
struct json_input {
	enum json_framing framing;
	enum json_state state;
	/* How many elements have begun. */
	uint64_t element;
	/* How much has been consumed before the bytes at hand: lines, and characters of the last. */
	uint64_t lines;
	uint64_t characters;
	/* Of the element at hand: how many bytes have been looked at, and what they leave open. */
	size_t scanned;
	unsigned depth;
	/* A bit for each level: it was opened by a brace. */
	unsigned char braces[JSON_DEPTH_MAX / 8];
	bool mismatched;
	bool in_string;
	bool escaped;
	bool begun;
	/* A byte order mark can have been only before this. */
	bool marked;
};

enum json_event {
	/* No whole element there: more bytes are needed. */
	JSON_MORE,
	JSON_ELEMENT,
	/* Nothing more comes. */
	JSON_END,
	/* It cannot go on: why says why, and offset where in the bytes. */
	JSON_REFUSED,
};

struct json_step {
	enum json_event event;
	/* The element. */
	struct slice text;
	size_t offset;
	const char *why;
};

/*
 * Looks for the next element: bytes are those that have not been consumed, and lose what stands before it; end says
 * that no more will come. With JSON_MORE the same bytes are to come again, with more behind them: what was looked at is
 * not looked at again. With JSON_ELEMENT they begin with it; json_input_consume goes on behind it.
 */
struct json_step json_input_next(struct json_input *input, struct slice *bytes, bool end);

/* The first size of those bytes are done with. */
void json_input_consume(struct json_input *input, struct slice *bytes, size_t size);

/* Where a byte of those at hand is. */
struct json_place json_input_place(const struct json_input *input, struct slice bytes, size_t offset);

#endif
