/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all readers of JSON share: blanks, and where and why a text is refused. */
#ifndef CODEC_JSON_SYNTAX_H
#define CODEC_JSON_SYNTAX_H

#include "base/dialect.h"
#include "base/error.h"

/* Why an element is refused, and where. */
struct json_problem {
	struct error error;
	/* Bytes from the element's beginning. */
	size_t offset;
	/* The text ends too early: more of it might have been well formed. */
	bool is_cut;
};

/* True if c may appear between the tokens of JSON (RFC 8259, section 2). */
static inline bool json_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

#endif
