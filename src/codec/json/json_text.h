/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing strings of JSON. */
#ifndef CODEC_JSON_JSON_TEXT_H
#define CODEC_JSON_JSON_TEXT_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"

/* Appends UTF-8, or a part of it, as it is written within a string. */
void json_text_put_part(struct bytes *out, struct slice text);

/* True if bytes can be a string: they are UTF-8. */
bool json_text_is(struct slice bytes);

/* Appends a string, which is UTF-8. */
void json_text_put(struct bytes *out, struct slice text);

/* Appends a string. Bytes that are not UTF-8 are replaced. */
void json_text_put_words(struct bytes *out, struct slice words);

/* Appends bytes as a string of base64. */
void json_text_put_base64(struct bytes *out, struct slice bytes);

#endif
