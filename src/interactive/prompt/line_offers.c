/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What readline calls for completion. */
#include "interactive/prompt/line_offers.h"

#include "base/mem.h"
#include "interactive/prompt/words.h"

#include <readline/readline.h>

static struct line_owner *offers_owner;

/* Returns the characters that end a word for completion: in an option also "=". */
static char *find_breaks(void)
{
	static char plain[] = " \t\n<", option[] = " \t\n<=";
	bool is_quoted;
	size_t start = words_last(rl_line_buffer, (size_t)rl_point, &is_quoted);

	return strncmp(rl_line_buffer + start, "--", 2) == 0 ? option : plain;
}

static int is_quoted_at(char *text, int at)
{
	bool is_quoted;

	words_last(text, (size_t)at, &is_quoted);
	return is_quoted;
}

static char *quote_name(char *name, int match UNUSED, char *quote)
{
	return words_quote_name(name, quote ? *quote : 0);
}

static char *unquote_name(char *typed, int quote)
{
	return words_unquote_name(typed, (char)quote);
}

/* Candidates that readline has not fetched yet. */
static char **candidates;

static char *next_candidate(const char *text, int state UNUSED)
{
	for (; *candidates; candidates++) {
		if (strncmp(*candidates, text, strlen(text)) == 0)
			return mem_string(*candidates++);
	}
	return NULL;
}

static char **line_offer(const char *text, int start, int end)
{
	char *typed = mem_format("%.*s", end, rl_line_buffer), **found, **matches, **each;

	found = offers_owner->complete ? offers_owner->complete(offers_owner, typed, (size_t)start) : NULL;
	free(typed);
	rl_attempted_completion_over = found != NULL;
	if (!found)
		return NULL;
	candidates = found;
	matches = rl_completion_matches(text, next_candidate);
	/* No blank is added to an option that takes a value. */
	if (matches && !matches[1] && matches[0][0] && matches[0][strlen(matches[0]) - 1] == '=')
		rl_completion_suppress_append = 1;
	for (each = found; *each; each++)
		free(*each);
	free(found);
	return matches;
}

void line_offers_begin(struct line_owner *owner)
{
	offers_owner = owner;
	rl_attempted_completion_function = line_offer;
	rl_completion_word_break_hook = find_breaks;
	rl_completer_quote_characters = "'\"";
	rl_filename_quote_characters = " \t\n\"\\'|&;<>*?[#";
	rl_filename_quoting_function = quote_name;
	rl_filename_dequoting_function = unquote_name;
	rl_char_is_quoted_p = is_quoted_at;
}
