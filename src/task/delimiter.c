/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parsing and finding delimiters. */
#include "task/delimiter.h"

/* Parses the escape at *at, which begins with a backslash, and advances past it. -1 if it is not one. */
static int parse_escape(const char **at, char *byte)
{
	static const char names[] = "ntr0\\", bytes[] = "\n\t\r\0\\", digits[] = "0123456789abcdefABCDEF";
	const char *name = (*at)[1] ? strchr(names, (*at)[1]) : NULL;
	size_t length = (*at)[1] == 'x' ? strspn(*at + 2, digits) : 0;
	char code[3] = "";

	if (name) {
		*byte = bytes[name - names];
		*at += 2;
		return 0;
	}
	if (!length)
		return -1;
	length = length < sizeof code ? length : sizeof code - 1;
	memcpy(code, *at + 2, length);
	*byte = (char)strtol(code, NULL, 16);
	*at += 2 + length;
	return 0;
}

int delimiter_parse(struct delimiter *delimiter, const char *text)
{
	struct delimiter parsed = {.size = 0};
	bool is_plain = strcmp(text, "\\") == 0;

	while (*text) {
		if (parsed.size == sizeof parsed.bytes)
			return -1;
		if (*text != '\\' || is_plain)
			parsed.bytes[parsed.size] = *text++;
		else if (parse_escape(&text, &parsed.bytes[parsed.size]) < 0)
			return -1;
		parsed.size++;
	}
	if (!parsed.size)
		return -1;
	*delimiter = parsed;
	return 0;
}

const char *delimiter_find(const struct delimiter *delimiter, const char *bytes, size_t size)
{
	if (delimiter->size == 1)
		return size ? memchr(bytes, delimiter->bytes[0], size) : NULL;
	return size ? memmem(bytes, size, delimiter->bytes, delimiter->size) : NULL;
}

bool delimiter_begins(const struct delimiter *delimiter, const char *bytes, size_t size)
{
	return size >= delimiter->size && memcmp(bytes, delimiter->bytes, delimiter->size) == 0;
}

bool delimiter_ends(const struct delimiter *delimiter, const char *bytes, size_t size)
{
	return size >= delimiter->size &&
	       memcmp(bytes + size - delimiter->size, delimiter->bytes, delimiter->size) == 0;
}
