/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finding the elements of JSON input as it comes: where each begins and ends, so that it can be parsed alone.
 *
 * Only the structure is scanned (RFC 8259; RFC 7464 for record separators): brackets, strings, and the tokens between
 * elements. The inside of an element is checked by codec/json/.
 *
 * With JSON_VALUES the state says which token is next (blanks may come before each):
 *
 *   state         value           [               ]          ,               RS (1e)       end
 *   START         -> SEQUENCE     -> ARRAY_FIRST  refused    refused         -> SEQUENCE   JSON_END
 *   SEQUENCE      an element      an element      refused    refused         skipped       JSON_END
 *   ARRAY_FIRST   -> ARRAY_NEXT   -> ARRAY_NEXT   -> CLOSED  refused         refused       refused
 *   ARRAY_VALUE   -> ARRAY_NEXT   -> ARRAY_NEXT   refused    refused         refused       refused
 *   ARRAY_NEXT    refused         refused         -> CLOSED  -> ARRAY_VALUE  refused       refused
 *   CLOSED        refused         refused         refused    refused         refused       JSON_END
 */
#ifndef CODEC_INPUT_JSON_H
#define CODEC_INPUT_JSON_H

#include "base/dialect.h"
#include "base/slice.h"

enum {
	/* The largest element, bytes. */
	JSON_ELEMENT_MAX = 64 << 20,
	/* Levels of brackets within brackets: jansson's limit. */
	JSON_DEPTH_MAX = 2048,
};

enum json_framing {
	/* A single array, whose values are the elements, or consecutive values. */
	JSON_VALUES,
	/* A value on each line. */
	JSON_LINES,
};

/* A place in the input, for messages. Both count from 1; columns count characters. */
struct json_place {
	uint64_t line;
	uint64_t column;
};

enum json_state {
	/* Before the first token. */
	JSON_START,
	/* After the bracket that opens the array. */
	JSON_ARRAY_FIRST,
	/* After a comma. */
	JSON_ARRAY_VALUE,
	/* After an element of the array. */
	JSON_ARRAY_NEXT,
	/* Between values without an array. */
	JSON_SEQUENCE,
	/* After the bracket that closes the array. */
	JSON_CLOSED,
};

/* A reading position. At the start all fields but framing are zero. */
struct json_input {
	enum json_framing framing;
	enum json_state state;
	/* Number of elements that have begun. */
	uint64_t element;
	/* Lines consumed. */
	uint64_t lines;
	/* Characters consumed of the current line. */
	uint64_t characters;
	/* Bytes scanned of the current element. */
	size_t scanned;
	/* Bytes of them without the blanks at their end, on lines. */
	size_t trimmed;
	/* Number of brackets that the scanned bytes leave open. */
	unsigned depth;
	/* A bit for each open bracket: 1 if it is a brace. */
	unsigned char braces[JSON_DEPTH_MAX / 8];
	/* True if a bracket closes one of the other kind. */
	bool mismatched;
	/* True if the scanned bytes end within a string. */
	bool in_string;
	/* True if the scanned bytes end with a backslash that escapes the next byte. */
	bool escaped;
	/* True if the current element has begun. */
	bool begun;
	/* True if a byte order mark has been skipped, or is absent. */
	bool marked;
};

enum json_event {
	/* The bytes hold no whole element: more are needed. */
	JSON_MORE,
	JSON_ELEMENT,
	/* The end of the input, with no element open. */
	JSON_END,
	/* The input is malformed and cannot be continued. */
	JSON_REFUSED,
};

struct json_step {
	enum json_event event;
	/* The element: a view of the bytes. */
	struct slice text;
	/* With JSON_REFUSED the place in the bytes, and the reason. */
	size_t offset;
	const char *why;
};

/*
 * Finds the next element. *bytes are those that have not been consumed; the blanks and tokens before the element are
 * taken off. end says that no more bytes follow. After JSON_MORE the same bytes come again, with more after them (none
 * is scanned twice). After JSON_ELEMENT *bytes begin with it: json_input_consume takes it off.
 */
struct json_step json_input_next(struct json_input *input, struct slice *bytes, bool end);

/* Takes the first size bytes off, and counts their lines and characters. */
void json_input_consume(struct json_input *input, struct slice *bytes, size_t size);

/* Returns the place of a byte at an offset into the bytes that have not been consumed. */
struct json_place json_input_place(const struct json_input *input, struct slice bytes, size_t offset);

#endif
