/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strings of JSON: UTF-8 with escapes, or base64. */
#include "codec/json/json_text.h"

#include "base/base64.h"
#include "base/quote.h"
#include "base/utf8.h"

void json_text_put_part(struct bytes *out, struct slice text)
{
	size_t start = 0, at;

	for (at = 0; at < text.size; at++) {
		unsigned char c = (unsigned char)text.data[at];

		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
			continue;
		bytes_append(out, text.data + start, at - start);
		start = at + 1;
		if (c == '"' || c == '\\')
			bytes_append_format(out, "\\%c", c);
		else if (c == '\n')
			bytes_append_text(out, "\\n");
		else if (c == '\t')
			bytes_append_text(out, "\\t");
		else
			bytes_append_format(out, "\\u%04x", c);
	}
	bytes_append(out, text.data + start, text.size - start);
}

bool json_text_is(struct slice bytes)
{
	struct utf8 utf8 = {.need = 0};

	utf8_follow(&utf8, bytes);
	return utf8_is_whole(&utf8);
}

void json_text_put(struct bytes *out, struct slice text)
{
	bytes_append(out, "\"", 1);
	json_text_put_part(out, text);
	bytes_append(out, "\"", 1);
}

void json_text_put_words(struct bytes *out, struct slice words)
{
	uint32_t character;
	size_t length;

	bytes_append(out, "\"", 1);
	for (; words.size; words.data += length, words.size -= length) {
		length = quote_utf8(words, &character);
		if (length)
			json_text_put_part(out, (struct slice){.data = words.data, .size = length});
		else
			bytes_append_text(out, "\\ufffd");
		length = length ? length : 1;
	}
	bytes_append(out, "\"", 1);
}

void json_text_put_base64(struct bytes *out, struct slice bytes)
{
	struct base64 base64 = {.count = 0};

	bytes_append(out, "\"", 1);
	base64_put(&base64, bytes, out);
	base64_end(&base64, out);
	bytes_append(out, "\"", 1);
}
