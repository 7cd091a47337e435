/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Divides a line: quotes, names of files, and operators of shells, which are errors. */
#include "interactive/prompt/words.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "base/quote.h"
#include "interactive/prompt/word/range.h"

#include <glob.h>
#include <inttypes.h>

/* The state of dividing a line. */
struct splitter {
	const char *line;
	const char *at;
	struct words *words;
	size_t capacity;
	/* The current word. */
	struct bytes word;
	/* The current word as a pattern for glob. */
	struct bytes pattern;
	/* True if a part of the word is quoted. */
	bool is_quoted;
	/* True if the word's last character is quoted. */
	bool last_is_quoted;
	/* True if the word has an unquoted *, ? or [. */
	bool is_pattern;
	/* True behind :::, where words are items. */
	bool has_items;
	struct error *error;
};

static bool is_special(char c)
{
	return c && strchr("*?[]\\-!^", c);
}

static void add_char(struct splitter *splitter, char c, bool is_quoted)
{
	if (is_quoted && is_special(c))
		bytes_append(&splitter->pattern, "\\", 1);
	bytes_append(&splitter->pattern, &c, 1);
	bytes_append(&splitter->word, &c, 1);
	splitter->is_pattern |= !is_quoted && c && strchr("*?[", c);
	splitter->is_quoted |= is_quoted;
	splitter->last_is_quoted = is_quoted;
}

/* Returns the column, from 1, of a place in the line. */
static size_t column_of(const struct splitter *splitter, const char *place)
{
	const char *at;
	size_t column = 1;

	for (at = splitter->line; at < place; at++)
		column += (*at & 0xc0) != 0x80;
	return column;
}

static int fail_unended(struct splitter *splitter, const char *begin, const char *quote)
{
	return error_set(splitter->error, "the quote %s in column %zu does not end", quote, column_of(splitter, begin));
}

/* Takes up to maximum digits of a base, 8 or 16, and returns their value. */
static unsigned take_digits(struct splitter *splitter, unsigned base, int maximum)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	unsigned value = 0;
	const char *found;

	for (; maximum-- && *splitter->at && (found = strchr(digits, *splitter->at)) != NULL; splitter->at++) {
		unsigned digit = (unsigned)(found - digits) % 16;

		if (digit >= base)
			break;
		value = value * base + digit;
	}
	return value & 0xff;
}

/* Takes an escape within $'...', after its backslash. Returns -1 with the error. */
static int take_escape(struct splitter *splitter)
{
	static const char names[] = "abeEfnrtv\\'\"?", values[] = "\a\b\033\033\f\n\r\t\v\\'\"?";
	const char *begin = splitter->at - 1, *found = strchr(names, *splitter->at);
	unsigned value;

	if (*splitter->at >= '0' && *splitter->at <= '7') {
		value = take_digits(splitter, 8, 3);
	} else if (*splitter->at == 'x') {
		splitter->at++;
		value = take_digits(splitter, 16, 2);
	} else if (found) {
		splitter->at++;
		value = (unsigned char)values[found - names];
	} else {
		return error_set(splitter->error, "unknown escape \\%c in column %zu", *splitter->at,
				 column_of(splitter, begin));
	}
	if (!value)
		return error_set(splitter->error, "the escape in column %zu is not a character",
				 column_of(splitter, begin));
	add_char(splitter, (char)value, true);
	return 0;
}

/* Takes $'...' from after its first quote. Returns -1 with the error. */
static int take_dollar_quotes(struct splitter *splitter)
{
	const char *begin = splitter->at - 2;

	while (*splitter->at && *splitter->at != '\'') {
		if (*splitter->at != '\\') {
			add_char(splitter, *splitter->at++, true);
			continue;
		}
		if (!*++splitter->at)
			break;
		if (take_escape(splitter) < 0)
			return -1;
	}
	if (!*splitter->at)
		return fail_unended(splitter, begin, "$'");
	splitter->at++;
	return 0;
}

/* Takes '...' or "..." from after its first quote. Returns -1 with the error. */
static int take_quotes(struct splitter *splitter, char quote)
{
	const char *begin = splitter->at - 1;

	for (; *splitter->at && *splitter->at != quote; splitter->at++) {
		if (quote == '"' && *splitter->at == '\\' && splitter->at[1] && strchr(WORDS_ESCAPED, splitter->at[1]))
			splitter->at++;
		add_char(splitter, *splitter->at, true);
	}
	if (!*splitter->at)
		return fail_unended(splitter, begin, quote == '"' ? "\"" : "'");
	splitter->at++;
	return 0;
}

/* Takes the next part of a word: a character or a quoted part. Returns -1 with the error. */
static int words_take_part(struct splitter *splitter)
{
	char c = *splitter->at++;

	if (c == '\'' || c == '"' || (c == '$' && *splitter->at == '\'')) {
		splitter->is_quoted = splitter->last_is_quoted = true;
		if (c != '$')
			return take_quotes(splitter, c);
		splitter->at++;
		return take_dollar_quotes(splitter);
	}
	if (c != '\\') {
		add_char(splitter, c, false);
		return 0;
	}
	if (!*splitter->at)
		return error_set(splitter->error, "nothing follows the \\ at the end of the line");
	add_char(splitter, *splitter->at++, true);
	return 0;
}

/* Replaces ~ or ~USER at the beginning of a word by that home. The name of an unknown user remains. */
static void expand_home(struct splitter *splitter, const char *begin)
{
	size_t length = 1 + strspn(begin + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
	struct bytes rest;
	glob_t homes;
	char *name;

	if (begin[0] != '~' || (begin[length] && begin[length] != '/' && !words_is_blank(begin[length])))
		return;
	name = mem_copy(begin, length + 1);
	name[length] = '\0';
	if (glob(name, GLOB_TILDE_CHECK, NULL, &homes) == 0) {
		const char *home = homes.gl_pathv[0];

		/* The name has the same length in the word and in the pattern, since nothing in it is quoted. */
		rest = splitter->word;
		splitter->word = (struct bytes){.data = NULL};
		bytes_append_text(&splitter->word, home);
		bytes_append(&splitter->word, rest.data + length, rest.size - length);
		bytes_release(&rest);
		rest = splitter->pattern;
		splitter->pattern = (struct bytes){.data = NULL};
		for (; *home; home++) {
			if (is_special(*home))
				bytes_append(&splitter->pattern, "\\", 1);
			bytes_append(&splitter->pattern, home, 1);
		}
		bytes_append(&splitter->pattern, rest.data + length, rest.size - length);
		bytes_release(&rest);
		globfree(&homes);
	}
	free(name);
}

/* True if the current word is an operator of a shell. */
static bool is_operator(struct splitter *splitter)
{
	const char *word = bytes_text(&splitter->word);
	size_t size = splitter->word.size;

	if (size && !splitter->last_is_quoted && strchr(";&|", word[size - 1]))
		return true;
	if (splitter->is_quoted)
		return false;
	return word[0] == '>' || strncmp(word, "1>", 2) == 0 || strncmp(word, "2>", 2) == 0 ||
	       strncmp(word, "&>", 2) == 0;
}

/* Takes the word that begins here. Returns -1 with the error, also for an operator of a shell. */
static int take_word(struct splitter *splitter)
{
	const char *begin = splitter->at;

	bytes_clear(&splitter->word);
	bytes_clear(&splitter->pattern);
	splitter->is_quoted = splitter->last_is_quoted = splitter->is_pattern = false;
	while (*splitter->at && !words_is_blank(*splitter->at)) {
		if (words_take_part(splitter) < 0)
			return -1;
	}
	if (is_operator(splitter))
		return error_set(splitter->error,
				 "%s in column %zu is for a shell: "
				 "quote it to pass it on, or use --shell 'SCRIPT', or ! COMMAND",
				 bytes_text(&splitter->word), column_of(splitter, begin));
	expand_home(splitter, begin);
	return 0;
}

static void add_word(struct splitter *splitter, const char *word)
{
	struct words *words = splitter->words;

	words->words = mem_grow(words->words, words->count, &splitter->capacity, sizeof *words->words);
	words->words[words->count++] = mem_string(word);
}

/* Adds the current word, or the names of files that match it. */
static void add_words(struct splitter *splitter)
{
	glob_t names;
	size_t i;

	if (!splitter->is_pattern || glob(bytes_text(&splitter->pattern), 0, NULL, &names) != 0) {
		add_word(splitter, bytes_text(&splitter->word));
		return;
	}
	for (i = 0; i < names.gl_pathc; i++)
		add_word(splitter, names.gl_pathv[i]);
	globfree(&names);
}

/* Takes the file after <. Returns -1 with the error. */
static int words_take_input(struct splitter *splitter)
{
	size_t column = column_of(splitter, splitter->at - 1);

	if (splitter->words->input)
		return error_set(splitter->error, "a second < in column %zu: there is one input", column);
	if (*splitter->at == '<')
		return error_set(splitter->error,
				 "<< in column %zu is for a shell: < FILE reads a file, ::: names items", column);
	while (words_is_blank(*splitter->at))
		splitter->at++;
	if (!*splitter->at || *splitter->at == '#' || *splitter->at == '<')
		return error_set(splitter->error, "no file follows the < in column %zu", column);
	if (take_word(splitter) < 0)
		return -1;
	if (!splitter->word.size)
		return error_set(splitter->error, "the name of the file after the < in column %zu is empty", column);
	splitter->words->input = mem_string(bytes_text(&splitter->word));
	return 0;
}

static int add_range(struct splitter *splitter, const char *word, const char *end, const struct range *range);

/* Adds the words that a word stands for, which has been taken. Returns -1 with the error. */
static int add_items(struct splitter *splitter, const char *word)
{
	const char *end = splitter->at;
	struct range range;

	if (splitter->has_items && range_find(word, end, &range))
		return add_range(splitter, word, end, &range);
	splitter->has_items |= !splitter->is_quoted && strcmp(bytes_text(&splitter->word), ":::") == 0;
	add_words(splitter);
	return 0;
}

/* Adds the word once for each number of its range. Returns -1 with the error. */
static int add_range(struct splitter *splitter, const char *word, const char *end, const struct range *range)
{
	uint64_t count = range_count(range), i;
	int size = (int)(range->end - range->begin), taken = 0;

	if (count + splitter->words->count > RANGE_MAX)
		return error_set(
			splitter->error,
			"%.*s in column %zu has more than %d items (seq writes them to a file: map ... < FILE)", size,
			range->begin, column_of(splitter, range->begin), RANGE_MAX);
	for (i = 0; i < count && taken == 0; i++) {
		char *text = mem_format("%.*s%0*" PRId64 "%.*s", (int)(range->begin - word), word, range->width,
					range_number(range, i), (int)(end - range->end), range->end);

		splitter->line = splitter->at = text;
		taken = take_word(splitter);
		if (taken == 0)
			taken = add_items(splitter, text);
		free(text);
	}
	return taken;
}

static int words_take_line(struct splitter *splitter)
{
	const char *line = splitter->line, *word, *rest;

	for (;;) {
		while (words_is_blank(*splitter->at))
			splitter->at++;
		if (!*splitter->at || *splitter->at == '#')
			return 0;
		if (*splitter->at == '<') {
			splitter->at++;
			if (words_take_input(splitter) < 0)
				return -1;
			continue;
		}
		word = splitter->at;
		if (take_word(splitter) < 0)
			return -1;
		rest = splitter->at;
		if (add_items(splitter, word) < 0)
			return -1;
		splitter->line = line;
		splitter->at = rest;
	}
}

int words_split(const char *line, struct words *words, struct error *error)
{
	struct splitter splitter = {.line = line, .at = line, .words = words, .error = error};
	int result;

	*words = (struct words){.words = NULL};
	result = words_take_line(&splitter);
	words->words = mem_grow(words->words, words->count, &splitter.capacity, sizeof *words->words);
	words->words[words->count] = NULL;
	bytes_release(&splitter.word);
	bytes_release(&splitter.pattern);
	if (result < 0)
		words_release(words);
	return result;
}

void words_release(struct words *words)
{
	size_t i;

	for (i = 0; i < words->count; i++)
		free(words->words[i]);
	free(words->words);
	free(words->input);
	*words = (struct words){.words = NULL};
}
