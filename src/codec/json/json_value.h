/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checking values of JSON that are passed on as they are: nothing is parsed, and nothing of them is kept. */
#ifndef CODEC_JSON_JSON_VALUE_H
#define CODEC_JSON_JSON_VALUE_H

#include "base/dialect.h"
#include "base/slice.h"

/* True if text is a number by the grammar of RFC 8259, section 6. */
bool json_number_is(struct slice text);

/* True if text is one value by the grammar of RFC 8259, with nothing but blanks around it, and UTF-8. */
bool json_value_is(struct slice text);

/* Puts a value on one line, in place: newlines, which can only be between its tokens, become blanks. */
void json_value_join_lines(char *text, size_t size);

#endif
