/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The elements of an array, or the members of an object, as words: strings as their characters, other values as text.
 *
 * Bytes that are not UTF-8 are {"base64": "..."} in both directions.
 */
#ifndef CODEC_JSON_JSON_WORDS_H
#define CODEC_JSON_JSON_WORDS_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"

enum json_word {
	/* Characters, or bytes. */
	JSON_WORD_STRING,
	/* The text of another value. */
	JSON_WORD_VALUE,
};

/*
 * Reads a text that is one array or object. Appends each element, or each key followed by its value, as a byte, which
 * is its enum json_word, and a slice (bytes_put_slice). Returns 0, or -1 with the error.
 */
int json_words_read(struct slice text, struct bytes *words, struct error *error) MUST_CHECK;

/* Appends a word as a value of JSON. Text of a value that is not one becomes a string. */
void json_words_put(struct bytes *out, enum json_word kind, struct slice word);

/* Appends a word as a string. Bytes that are not UTF-8 are replaced. */
void json_words_put_string(struct bytes *out, struct slice word);

/* Appends a value of JSON without the blanks between its tokens. -1 if the text is not one. */
int json_words_compact(struct slice text, struct bytes *out) MUST_CHECK;

/* True if the word is a number by the grammar of JSON. */
bool json_words_is_number(struct slice word);

#endif
