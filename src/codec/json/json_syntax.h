/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Common to all readers of JSON: blanks, and the place and reason of a refusal. */
#ifndef CODEC_JSON_JSON_SYNTAX_H
#define CODEC_JSON_JSON_SYNTAX_H

#include "base/dialect.h"
#include "base/error.h"

/* The reason why an element is refused, and the place. */
struct json_problem {
	struct error error;
	/* Bytes from the element's beginning. */
	size_t offset;
	/* True if the text ends too early: more of it might have been well formed. */
	bool is_cut;
};

/* True if c may appear between the tokens of JSON (RFC 8259, section 2). */
static inline bool json_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static inline bool json_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

#endif
