/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words that are being typed: where the last one begins, and names of files quoted for it. */
#include "interactive/prompt/words.h"

#include "base/bytes.h"
#include "base/quote.h"

size_t words_last(const char *line, size_t size, bool *is_quoted)
{
	size_t start = 0, i;
	/* The open quote, 0 if none; in $'...' (is_dollar) a backslash escapes, too. */
	char quote = 0;
	bool is_dollar = false, is_escaped = false;

	for (i = 0; i < size; i++) {
		char c = line[i];

		if (is_escaped) {
			is_escaped = false;
		} else if (c == '\\' && (quote != '\'' || is_dollar)) {
			is_escaped = true;
		} else if (quote) {
			quote = c == quote ? 0 : quote;
		} else if (c == '\'' || c == '"') {
			quote = c;
			is_dollar = c == '\'' && i > start && line[i - 1] == '$';
		} else if (words_is_blank(c)) {
			start = i + 1;
		}
	}
	*is_quoted = quote || is_escaped;
	return start;
}

/* True if the name has a character that only $'...' can express. */
static bool has_controls(const char *name)
{
	for (; *name; name++) {
		if ((unsigned char)*name < ' ' || *name == 0x7f)
			return true;
	}
	return false;
}

/* Returns the contents as a string, which the caller frees. */
static char *words_take_text(struct bytes *bytes)
{
	bytes_text(bytes);
	return bytes->data;
}

char *words_quote_name(const char *name, char quote)
{
	struct bytes out = {.data = NULL};

	if (!quote && has_controls(name)) {
		quote_shell(&out, slice_of(name));
		return words_take_text(&out);
	}
	if (quote)
		bytes_append(&out, &quote, 1);
	for (; *name; name++) {
		if (quote == '\'' && *name == '\'')
			bytes_append_text(&out, "'\\'");
		else if (quote ? quote == '"' && strchr("\\\"", *name) : strchr(" \"\\'|&;<>*?[#", *name) != NULL)
			bytes_append(&out, "\\", 1);
		bytes_append(&out, name, 1);
	}
	return words_take_text(&out);
}

char *words_unquote_name(const char *typed, char quote)
{
	struct bytes out = {.data = NULL};

	for (; *typed; typed++) {
		if (*typed == '\\' && typed[1] && (!quote || (quote == '"' && strchr(WORDS_ESCAPED, typed[1]))))
			bytes_append(&out, ++typed, 1);
		else if (quote ? *typed == quote : *typed == '\'' || *typed == '"')
			quote = quote ? 0 : *typed;
		else
			bytes_append(&out, typed, 1);
	}
	return words_take_text(&out);
}
