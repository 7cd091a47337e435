/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Divides a line of the interactive language into words as a shell does, but without operators and variables.
 *
 * Blanks divide. '...' is literal; in "..." a backslash quotes \ " $ and ` only; $'...' has the escapes of bash;
 * elsewhere a backslash quotes the next character. # at the beginning of a word begins a comment. < FILE (or <FILE)
 * names the file for input. A leading ~, and *, ? and [ are expanded unless quoted, and behind ::: {1..5} and
 * {01..10..3}, too; $, ! and other braces have no meaning.
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

/* The words of a line; none if all zero. */
struct words {
	/* Ends with NULL, which is not counted; not NULL itself after words_split. */
	char **words;
	size_t count;
	/* The file that < names, NULL if none. */
	char *input;
};

/*
 * Divides a line into words, which the caller releases; earlier contents are overwritten. What quote_shell wrote
 * becomes the same word again. Returns -1 with the error, and nothing to release, if a quote does not end, < is wrong,
 * or there is an unquoted operator of a shell.
 */
int words_split(const char *line, struct words *words, struct error *error) MUST_CHECK;

/* Frees the words, and makes it all zero. */
void words_release(struct words *words);

/*
 * Returns where the last word of the first size bytes begins, or size after a blank. Stores whether a further character
 * would be quoted.
 */
size_t words_last(const char *line, size_t size, bool *is_quoted);

/*
 * Returns a file's name, quoted so that typing can continue after it (free). quote is the open quote (' or "), 0 if
 * none; the result begins with it. A ~ at the beginning is not quoted.
 */
char *words_quote_name(const char *name, char quote);

/* Returns the name that was typed after an open quote, 0 if none, as a new string (free). */
char *words_unquote_name(const char *typed, char quote);

#endif
