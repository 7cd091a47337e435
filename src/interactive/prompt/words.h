/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A line of the interactive language into words, as a shell would divide it, without its operators and variables.
 *
 * Blanks divide. '...' is literal; in "..." a backslash takes its meaning from \ " $ and ` only; $'...' has the escapes
 * of bash; elsewhere a backslash takes the next character as it is. # at the beginning of a word begins a comment. <
 * FILE (or <FILE) names the file for input. A leading ~, and *, ? and [ are expanded where they are not quoted; $, !
 * and braces mean nothing.
 */
#ifndef INTERACTIVE_PROMPT_WORDS_H
#define INTERACTIVE_PROMPT_WORDS_H

#include "base/dialect.h"
#include "base/error.h"

/* The characters that a backslash in "..." makes literal, as in a shell. */
#define WORDS_ESCAPED "\\\"$`"

/* True if a character divides words. */
static inline bool words_is_blank(char c)
{
	return c && strchr(" \t\n\r\v\f", c);
}

/* All zero has no words. */
struct words {
	/* Ends with NULL (which is not counted); never NULL itself after words_split. */
	char **words;
	size_t count;
	/* The file that < names, or NULL. */
	char *input;
};

/*
 * Divides a line; words is overwritten, not released. What quote_shell wrote comes back as the same word. -1 with the
 * error when a quote does not end, < is wrong, or a shell's operator stands there unquoted; there is nothing to release
 * then.
 */
int words_split(const char *line, struct words *words, struct error *error) MUST_CHECK;

/* Frees the words; there are none then. */
void words_release(struct words *words);

/*
 * For completion: where the last word of the first size bytes begins (size itself after a blank), and whether a
 * character that came next would be quoted.
 */
size_t words_last(const char *line, size_t size, bool *is_quoted);

/*
 * The name of a file, quoted so that more can be typed behind it (free): from the quote on that is open (' or "), or 0:
 * none. A ~ at the beginning stays a home.
 */
char *words_quote_name(const char *name, char quote);

/* The name that is meant by what was typed behind that quote (free). */
char *words_unquote_name(const char *typed, char quote);

#endif
