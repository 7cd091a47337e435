/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compiling a command line with replacement strings. */
#include "task/template.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "task/template_word.h"

/* Names of columns in a message. */
enum { NAMES_SHOWN = 12 };

/* Returns the number of a name, from 0, or -1 if it is unknown. */
static int64_t find_name(const struct template_options *options, struct slice name)
{
	size_t i;

	for (i = 0; i < options->name_count; i++) {
		if (slice_equals(slice_of(options->names[i]), name))
			return (int64_t)i;
	}
	return -1;
}

/* Returns what the names of all values contain (enum name_traits). */
static unsigned name_traits(const struct template_options *options)
{
	unsigned traits = 0;
	size_t i;

	for (i = 0; i < options->name_count; i++)
		traits |= replacement_name_traits(slice_of(options->names[i]));
	return traits;
}

/* Appends a name: as it is if it is a plain word, else in quotes, with a byte order mark as \uFEFF. */
static void append_name(struct bytes *out, const char *name)
{
	static const char mark[] = "\xEF\xBB\xBF";
	bool marked = strncmp(name, mark, sizeof mark - 1) == 0;
	const char *rest = marked ? name + sizeof mark - 1 : name;
	bool plain = *rest && !marked && !strpbrk(rest, " \t\r\n\"',;");

	bytes_append_format(out, plain ? "%s%s" : "\"%s%s\"", marked ? "\\uFEFF" : "", rest);
}

/* Refuses a name that no column has, with the names that there are. Returns -1. */
static int refuse_name(const struct template_options *options, struct slice text, struct error *error)
{
	struct bytes names = {.data = NULL};
	bool returns = false;
	size_t i;

	for (i = 0; i < options->name_count && i < NAMES_SHOWN; i++) {
		bytes_append_text(&names, i ? ", " : "");
		append_name(&names, options->names[i]);
		returns = returns || strchr(options->names[i], '\r');
	}
	if (i < options->name_count)
		bytes_append_format(&names, " and %zu more", options->name_count - i);
	error_set(error, "{%.*s}: no column has this name, but %s%s ({ %.*s}, with a blank, stays as it is)",
		  (int)text.size, text.data, bytes_text(&names), returns ? "; -d '\\r\\n' keeps the \\r out" : "",
		  (int)text.size, text.data);
	bytes_release(&names);
	return -1;
}

/* Turns a name, perhaps with the suffix of a part, into its position: the longest name first. False if unknown. */
static bool resolve_position(const struct template_options *options, struct replacement *what)
{
	size_t parts = what->kind == REPLACEMENT_NAME && !what->after_dollar ? PARTS_OF_VALUE : PART_ALL + 1, i;

	for (i = 0; i < parts; i++) {
		struct slice name = replacement_name(what->text, (enum part)i);
		int64_t found = name.size ? find_name(options, name) : -1;

		if (found < 0)
			continue;
		what->kind = REPLACEMENT_POSITION;
		what->part = (enum part)i;
		what->position = found + 1;
		return true;
	}
	return false;
}

/* Turns {time} and {elapsed} into times. False if it is neither, or has none. */
static bool resolve_time(const struct template_options *options, struct replacement *what)
{
	if (!options->has_times || what->kind != REPLACEMENT_NAME)
		return false;
	if (slice_equals(what->text, slice_of("time")))
		what->kind = REPLACEMENT_TIME;
	else if (slice_equals(what->text, slice_of("elapsed")))
		what->kind = REPLACEMENT_ELAPSED;
	return what->kind != REPLACEMENT_NAME;
}

/*
 * Turns text that is or may be a name into a position, or into literal text:
 *
 *			a value of exactly that name	none, after $	none
 *	{..} {#:04}	that value			literal		what it stands for
 *	{NAME.}		that value			literal		a part of the value NAME, or an error
 *	{NAME}		that value			an error	an error
 *
 * An error only if the text looks like a name and values have names, else it is literal. If each task has its own
 * names, the same is done when it is expanded. Returns 0, or -1 with the error.
 */
static int resolve_name(const struct template_options *options, struct replacement *what, struct error *error)
{
	if (options->names_vary) {
		if (resolve_time(options, what))
			return 0;
		if (what->after_dollar)
			what->kind = REPLACEMENT_NAME;
		/* After a second opening brace: a name can begin only there. */
		if (what->kind == REPLACEMENT_NAME && memchr(what->text.data, '{', what->text.size))
			what->kind = REPLACEMENT_NONE;
		return 0;
	}
	if ((options->names && resolve_position(options, what)) || resolve_time(options, what))
		return 0;
	if (what->kind == REPLACEMENT_NAME && options->names && replacement_is_name(what, name_traits(options)))
		return refuse_name(options, what->text, error);
	if (what->kind == REPLACEMENT_NAME || what->after_dollar)
		what->kind = REPLACEMENT_NONE;
	return 0;
}

/* Refuses what GNU parallel would replace here, unless it is a name. Returns 0, or -1 with the error. */
static int refuse_foreign(const struct template_options *options, const char *text, struct error *error)
{
	size_t length;
	const char *instead = replacement_foreign(text, &length);

	if (!instead || find_name(options, (struct slice){.data = text + 1, .size = length - 2}) >= 0)
		return 0;
	return error_set(error, "%.*s is GNU parallel's: %s", text[1] == '=' ? 9 : (int)length,
			 text[1] == '=' ? "{= ... =}" : text, instead);
}

/* Parses a replacement string in braces. Returns its length, 0 if none, or -1 with the error. */
static ssize_t match_braces(const struct template_options *options, const char *text, bool after_dollar,
			    struct replacement *what, struct error *error)
{
	size_t length;

	if (!after_dollar && refuse_foreign(options, text, error) < 0)
		return -1;
	length = replacement_parse(text, what);
	what->after_dollar = after_dollar;
	if (!length || (what->kind == REPLACEMENT_VALUE && what->part == PART_ALL && options->replace))
		return 0;
	if (options->has_no_values && what->kind != REPLACEMENT_NUMBER && what->kind != REPLACEMENT_SLOT)
		return 0;
	if ((what->kind == REPLACEMENT_NAME || what->is_weak) && resolve_name(options, what, error) < 0)
		return -1;
	if (what->kind == REPLACEMENT_POSITION && options->value_count && !options->is_grouped &&
	    (uint64_t)(what->position < 0 ? -what->position : what->position) > options->value_count)
		return error_set(error, "%.*s: there %s only %zu for each task", (int)length, text,
				 options->value_count == 1 ? "is" : "are", options->value_count);
	return what->kind == REPLACEMENT_NONE ? 0 : (ssize_t)length;
}

/* Parses a replacement string at the beginning of text. Returns its length, 0 if none, or -1 with the error. */
static ssize_t match_replacement(const struct template_options *options, const char *text, bool after_dollar,
				 struct replacement *what, struct error *error)
{
	if (options->replace && *options->replace && !options->has_no_values &&
	    strncmp(text, options->replace, strlen(options->replace)) == 0) {
		*what = (struct replacement){.kind = REPLACEMENT_VALUE};
		return (ssize_t)strlen(options->replace);
	}
	return *text == '{' ? match_braces(options, text, after_dollar, what, error) : 0;
}

/* Appends a piece to a word, unless it is empty text. */
static void template_add_piece(struct template_word *word, size_t *capacity, struct replacement what, struct slice text)
{
	if (what.kind == REPLACEMENT_NONE && !text.size)
		return;
	word->pieces = mem_grow(word->pieces, word->count, capacity, sizeof *word->pieces);
	word->pieces[word->count++] = (struct template_piece){.what = what, .text = text};
	word->padding += what.width;
	word->has_value |= what.kind == REPLACEMENT_VALUE;
	word->kinds |= what.kind != REPLACEMENT_NONE ? 1u << what.kind : 0;
	word->is_filled |= what.kind != REPLACEMENT_NONE && what.kind != REPLACEMENT_NAME;
}

/* Splits a word into literal text and replacement strings. */
static int compile_word(struct template_word *word, const struct template_options *options, struct error *error)
{
	const struct replacement none = {.kind = REPLACEMENT_NONE};
	const char *from = word->text, *at = from;
	size_t capacity = 0;

	while (*at) {
		struct replacement what;
		ssize_t length = match_replacement(options, at, at > from && at[-1] == '$', &what, error);

		if (length < 0)
			return -1;
		if (!length) {
			at++;
			continue;
		}
		template_add_piece(word, &capacity, none, (struct slice){.data = from, .size = (size_t)(at - from)});
		template_add_piece(word, &capacity, what, (struct slice){.data = NULL});
		word->shows_time |= what.kind == REPLACEMENT_TIME || what.kind == REPLACEMENT_ELAPSED;
		from = at += length;
	}
	template_add_piece(word, &capacity, none, (struct slice){.data = from, .size = (size_t)(at - from)});
	word->is_lone = word->count == 1 && word->has_value;
	return 0;
}

int template_compile(struct template *template, const struct template_options *options, struct error *error)
{
	bool plain = options->is_literal || (options->replace && !*options->replace);
	size_t i;

	*template = (struct template){
		.options = *options,
		.appends = !options->has_no_values && !options->is_complete,
		.command_is_fixed = options->word_count > 0,
	};
	template->words = mem_new(options->word_count, sizeof *template->words);
	for (i = 0; i < options->word_count; i++) {
		struct template_word *word = &template->words[i];

		word->text = options->words[i];
		if (plain)
			continue;
		if (compile_word(word, options, error) < 0)
			return -1;
		if (template_word_is_literal(word))
			continue;
		template->shows_time |= word->shows_time;
		template->kinds |= word->kinds;
		if (word->is_filled)
			template->appends = false;
		if (i == 0)
			template->command_is_fixed = false;
	}
	template->columns.csv = options->csv;
	return options->separator ? columns_compile(&template->columns, options->separator, error) : 0;
}

size_t template_fixed_cost(const struct template *template)
{
	size_t cost = 2 * sizeof(char *), i;

	for (i = 0; i < template->options.word_count; i++)
		cost += strlen(template->words[i].text) + template->words[i].padding + 1 + sizeof(char *);
	return cost;
}

size_t template_cost(const struct template *template, size_t value_size)
{
	/* Each byte may be an empty column with its separator, and a column is an argument of its own. */
	size_t columns = columns_divide(&template->columns) ? value_size : 1, pointers = columns * (sizeof(char *) + 1),
	       i, j;
	/* A value that is no argument is kept until its group is complete, and costs as much. */
	size_t cost = value_size + pointers;

	for (i = 0; i < template->options.word_count; i++) {
		const struct template_word *word = &template->words[i];

		for (j = 0; j < word->count; j++) {
			if (word->pieces[j].what.kind == REPLACEMENT_VALUE ||
			    word->pieces[j].what.kind == REPLACEMENT_POSITION)
				cost += value_size;
		}
		if (word->has_value)
			cost += columns * (strlen(word->text) + word->padding) + pointers;
	}
	return cost;
}

void template_release(struct template *template)
{
	size_t i;

	for (i = 0; i < template->options.word_count && template->words; i++)
		free(template->words[i].pieces);
	free(template->words);
	free(template->arguments);
	values_release(&template->values);
	columns_release(&template->columns);
	bytes_release(&template->storage);
	error_release(&template->problem);
	*template = (struct template){.words = NULL};
}
