/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quoting for shells and escaping for terminals. */
#include "base/quote.h"

#include <langinfo.h>
#include <wchar.h>

/* True if a shell gives the character no meaning anywhere in a word. '~', '=' and the like are not among these. */
static bool is_plain(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("%+,-./:@_", c));
}

size_t quote_utf8(struct slice text, uint32_t *character)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *data = (const unsigned char *)text.data;
	size_t length, i;
	uint32_t value;

	if (!text.size)
		return 0;
	if (data[0] < 0x80) {
		*character = data[0];
		return 1;
	}
	length = data[0] >= 0xf0 ? 4 : data[0] >= 0xe0 ? 3 : 2;
	if (data[0] < 0xc2 || data[0] > 0xf4 || text.size < length)
		return 0;
	value = data[0] & (0x7fu >> length);
	for (i = 1; i < length; i++) {
		if ((data[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (data[i] & 0x3fu);
	}
	if (value < smallest[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*character = value;
	return length;
}

/* True for control characters, C1, line separators, direction marks and overrides. */
static bool is_active(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
	       c == 0x200e || c == 0x200f || c == 0x061c || c == 0xfeff;
}

/* Appends the escape of a byte. */
static void quote_append_escape(struct bytes *out, unsigned char c)
{
	switch (c) {
	case '\n':
		bytes_append_text(out, "\\n");
		break;
	case '\t':
		bytes_append_text(out, "\\t");
		break;
	case '\r':
		bytes_append_text(out, "\\r");
		break;
	default:
		bytes_append_format(out, "\\x%02x", c);
	}
}

/*
 * Moves the next character of text to out, escaped if it acts on a terminal. Inside $'...' (dollar) quotes and
 * backslashes are escaped too, and escapes have three octal digits, so that a digit may follow.
 */
static void append_safe(struct bytes *out, struct slice *text, bool dollar)
{
	uint32_t character = 0;
	size_t length = quote_utf8(*text, &character), i;

	if (length && !is_active(character)) {
		if (dollar && (character == '\'' || character == '\\'))
			bytes_append(out, "\\", 1);
		bytes_append(out, text->data, length);
	} else {
		length = length ? length : 1;
		for (i = 0; i < length; i++) {
			unsigned char c = (unsigned char)text->data[i];

			if (dollar && !strchr("\n\t\r", c))
				bytes_append_format(out, "\\%03o", c);
			else
				quote_append_escape(out, c);
		}
	}
	text->data += length;
	text->size -= length;
}

/* True if no character of the word has to be escaped, so that single quotes suffice. */
static bool is_printable(struct slice word)
{
	uint32_t character;
	size_t length;

	for (; word.size; word.data += length, word.size -= length) {
		length = quote_utf8(word, &character);
		if (!length || is_active(character))
			return false;
	}
	return true;
}

void quote_shell(struct bytes *out, struct slice word)
{
	size_t i;

	for (i = 0; i < word.size && is_plain((unsigned char)word.data[i]); i++)
		;
	if (i == word.size && i > 0) {
		bytes_append(out, word.data, word.size);
	} else if (is_printable(word)) {
		bytes_append(out, "'", 1);
		for (i = 0; i < word.size; i++) {
			if (word.data[i] == '\'')
				bytes_append_text(out, "'\\''");
			else
				bytes_append(out, word.data + i, 1);
		}
		bytes_append(out, "'", 1);
	} else {
		bytes_append_text(out, "$'");
		while (word.size)
			append_safe(out, &word, true);
		bytes_append(out, "'", 1);
	}
}

void quote_terminal(struct bytes *out, struct slice text)
{
	while (text.size)
		append_safe(out, &text, false);
}

/* Returns the columns of a character; an unknown one takes one column. */
static size_t columns_of(uint32_t character)
{
	int columns = wcwidth((wchar_t)character);

	return columns < 0 ? 1 : (size_t)columns;
}

size_t quote_fitting(struct bytes *out, struct slice *text, size_t columns)
{
	bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	size_t used = 0;

	while (text->size) {
		uint32_t character;
		size_t size = quote_utf8(*text, &character), wide;

		if (!size)
			break;
		wide = utf8 ? columns_of(character) : 1;
		if (used + wide > columns)
			break;
		if (utf8 || size == 1)
			bytes_append(out, text->data, size);
		else
			bytes_append_text(out, "?");
		used += wide;
		text->data += size;
		text->size -= size;
	}
	return used;
}
