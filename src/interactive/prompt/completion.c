/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds what TAB offers, from the table of options and the words before. */
#include "interactive/prompt/completion.h"

#include "base/mem.h"
#include "base/slice.h"
#include "process/start.h"
#include "front/options.h"
#include "interactive/prompt/words.h"

#include <dirent.h>
#include <unistd.h>

/* The candidates found so far: all begin with what was typed. */
struct offer {
	struct slice typed;
	char **texts;
	size_t count;
	size_t capacity;
};

/* Adds text, which it takes ownership of, if it begins with what was typed. */
static void completion_add(struct offer *offer, char *text)
{
	if (strncmp(text, offer->typed.data, offer->typed.size) != 0) {
		free(text);
		return;
	}
	offer->texts = mem_grow(offer->texts, offer->count, &offer->capacity, sizeof *offer->texts);
	offer->texts[offer->count++] = text;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Returns the candidates, sorted and ended by NULL. */
static char **completion_finish(struct offer *offer)
{
	if (offer->count)
		qsort(offer->texts, offer->count, sizeof *offer->texts, compare);
	offer->texts = mem_grow(offer->texts, offer->count, &offer->capacity, sizeof *offer->texts);
	offer->texts[offer->count] = NULL;
	return offer->texts;
}

static char **offer_commands(const struct completion *completion, struct offer *offer)
{
	const char *const *name;

	for (name = completion->commands; *name; name++)
		completion_add(offer, mem_string(*name));
	return completion_finish(offer);
}

static char **offer_ids(const struct completion *completion, struct offer *offer)
{
	char **ids = completion->ids ? completion->ids(completion->context) : NULL, **id;

	for (id = ids; id && *id; id++)
		completion_add(offer, *id);
	free(ids);
	return completion_finish(offer);
}

/* Offers the names of all options, with before in front; with after at the end if a value must follow. */
static char **offer_options(struct offer *offer, const char *before, const char *after)
{
	const struct option_row *row;

	for (row = option_table; row->name; row++)
		completion_add(offer, mem_format("%s%s%s", before, row->name,
						 row->argument && !row->is_optional ? after : ""));
	return completion_finish(offer);
}

/* Offers the values of an option, with before in front. Returns NULL if they are names of files. */
static char **offer_values(struct offer *offer, const struct option_row *row, struct slice before)
{
	const struct start_method *const *method;
	const char *word;

	if (row && (row->values == VALUES_FILE || row->values == VALUES_DIRECTORY))
		return NULL;
	for (method = start_methods; row && row->values == VALUES_METHOD && *method; method++)
		completion_add(offer, mem_format("%.*s%s", (int)before.size, before.data, (*method)->name));
	for (word = row && row->values == VALUES_WORDS ? row->words : ""; *word; word += strspn(word, " ")) {
		int length = (int)strcspn(word, " ");

		completion_add(offer, mem_format("%.*s%.*s", (int)before.size, before.data, length, word));
		word += length;
	}
	return completion_finish(offer);
}

/* Takes the next word off *left, with its quotes. Returns an empty word at the end. */
static struct slice next_word(struct slice *left)
{
	struct slice word;
	bool is_quoted = false;

	while (left->size && strchr(" \t", *left->data))
		*left = (struct slice){.data = left->data + 1, .size = left->size - 1};
	word = (struct slice){.data = left->data};
	while (word.size < left->size && (is_quoted || !strchr(" \t", word.data[word.size])))
		words_last(word.data, ++word.size, &is_quoted);
	*left = (struct slice){.data = left->data + word.size, .size = left->size - word.size};
	return word;
}

/* Returns the option of this word if the next word is its value, else NULL. */
static const struct option_row *wants_value(struct slice word)
{
	const struct option_row *row;
	size_t i;

	if (word.data[1] == '-') {
		row = option_find((struct slice){.data = word.data + 2, .size = word.size - 2});
		return row && row->argument && !row->is_optional ? row : NULL;
	}
	/* The first letter that takes a value has the rest of the word, or the next word. */
	for (i = 1; i < word.size; i++) {
		for (row = option_table; row->name && row->letter != word.data[i]; row++)
			;
		if (!row->name || (row->argument && !row->is_optional))
			return row->name && i == word.size - 1 ? row : NULL;
	}
	return NULL;
}

/* Adds the programs in a folder. */
static void add_programs(struct offer *offer, const char *folder)
{
	DIR *entries = opendir(folder);
	struct dirent *entry;

	while (entries && (entry = readdir(entries))) {
		if (entry->d_name[0] != '.' && strncmp(entry->d_name, offer->typed.data, offer->typed.size) == 0 &&
		    entry->d_type != DT_DIR && faccessat(dirfd(entries), entry->d_name, X_OK, 0) == 0)
			completion_add(offer, mem_string(entry->d_name));
	}
	if (entries)
		closedir(entries);
}

/* Drops all but the first of equal candidates, which are sorted. */
static void drop_doubles(char **texts)
{
	char **kept = texts, **text;

	for (text = texts; *text; text++) {
		if (kept > texts && strcmp(kept[-1], *text) == 0)
			free(*text);
		else
			*kept++ = *text;
	}
	*kept = NULL;
}

/* Offers the programs that begin with what was typed. Returns NULL, for names of files, if none does. */
static char **offer_programs(const struct completion *completion, struct offer *offer)
{
	const char *path = completion->path;
	char **programs;

	if (!path || !offer->typed.size || memchr(offer->typed.data, '/', offer->typed.size))
		return NULL;
	while (*path) {
		size_t size = strcspn(path, ":");
		char *folder = mem_format("%.*s", (int)size, path);

		add_programs(offer, folder);
		free(folder);
		path += size + (path[size] == ':');
	}
	if (!offer->count)
		return NULL;
	programs = completion_finish(offer);
	drop_doubles(programs);
	return programs;
}

/* Offers words after map: options and their values, a program, and names of files from the command on. */
static char **offer_for_map(const struct completion *completion, struct offer *offer, struct slice before,
			    struct slice word)
{
	const struct option_row *row = NULL;
	const char *equals = memchr(word.data, '=', word.size);
	struct slice earlier;
	bool is_file = false;

	while ((earlier = next_word(&before)).size) {
		if (row || is_file) {
			row = NULL;
			is_file = false;
		} else if (earlier.data[0] == '<') {
			is_file = earlier.size == 1;
		} else if (earlier.data[0] == '-' && earlier.size > 1 && !slice_equals(earlier, slice_of("--"))) {
			row = wants_value(earlier);
		} else {
			return NULL;
		}
	}
	if (is_file)
		return NULL;
	if (row)
		return offer_values(offer, row, (struct slice){.data = ""});
	if (!word.size || word.data[0] != '-')
		return offer_programs(completion, offer);
	if (word.size < 2 || word.data[1] != '-')
		return word.size == 1 ? offer_options(offer, "--", "=") : NULL;
	if (!equals)
		return offer_options(offer, "--", "=");
	row = option_find((struct slice){.data = word.data + 2, .size = (size_t)(equals - word.data) - 2});
	/* Either the whole word is to be completed, or what follows its equals sign. */
	if (offer->typed.data > equals)
		return offer_values(offer, row, (struct slice){.data = ""});
	return offer_values(offer, row, (struct slice){.data = word.data, .size = (size_t)(equals - word.data) + 1});
}

char **completion_find(const struct completion *completion, const char *text, size_t start)
{
	struct offer offer = {.typed = slice_of(text + start)};
	bool is_quoted;
	size_t begin = words_last(text, strlen(text), &is_quoted);
	struct slice before = {.data = text, .size = begin}, word = slice_of(text + begin),
		     command = next_word(&before), earlier;

	if (!command.size)
		return word.size && strchr("!<", word.data[0]) ? NULL : offer_commands(completion, &offer);
	switch (completion->operands(command)) {
	case OPERANDS_OPTIONS:
		return offer_for_map(completion, &offer, before, word);
	case OPERANDS_SETTING:
		earlier = next_word(&before);
		return earlier.size ? offer_values(&offer, option_find(earlier), (struct slice){.data = ""})
				    : offer_options(&offer, "", "");
	case OPERANDS_COMMANDS:
		return offer_commands(completion, &offer);
	case OPERANDS_IDS:
		return offer_ids(completion, &offer);
	case OPERANDS_FILES:
	default:
		return NULL;
	}
}
