/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Command lines with replacement strings. */
#include "task/template.h"

#include "base/mem.h"
#include "base/quote.h"
#include "task/replacement.h"

#include <errno.h>
#include <inttypes.h>

struct template_piece {
	/* REPLACEMENT_NONE: the text. */
	struct replacement what;
	struct slice text;
};

struct template_word {
	char *text;
	struct template_piece *pieces;
	size_t count;
	/* Has {} or one of its parts. */
	bool has_value;
	/* Has a replacement string that is one for every task. */
	bool is_filled;
	/* Is nothing but that: one argument for each value. */
	bool is_lone;
};

/* The number of a name, from 0; -1 when there is none such. */
static int64_t find_name(const struct template_options *options, struct slice name)
{
	size_t i;

	for (i = 0; i < options->name_count; i++) {
		if (slice_equals(slice_of(options->names[i]), name))
			return (int64_t)i;
	}
	return -1;
}

/* Turns a name into a position, or into text when it is none. -1 with the error when it ought to be one. */
static int resolve_name(const struct template_options *options, struct replacement *what, struct error *error)
{
	int64_t found = options->names ? find_name(options, what->name) : -1;

	if (options->names_vary) {
		/* A brace that is opened again before it is closed: the name, if any, begins there. */
		if (memchr(what->name.data, '{', what->name.size))
			what->kind = REPLACEMENT_NONE;
		return 0;
	}
	if (found >= 0) {
		what->kind = REPLACEMENT_POSITION;
		what->position = found + 1;
	} else if (options->names && replacement_is_name(what->name)) {
		return error_set(error, "{%.*s}: there is no column of that name", (int)what->name.size,
				 what->name.data);
	} else {
		what->kind = REPLACEMENT_NONE;
	}
	return 0;
}

/* The replacement string that text begins with: its length, or 0. -1 with the error. */
static ssize_t match(const struct template_options *options, const char *text, struct replacement *what,
		     struct error *error)
{
	size_t length;

	if (options->replace && *options->replace && !options->has_no_values &&
	    strncmp(text, options->replace, strlen(options->replace)) == 0) {
		*what = (struct replacement){.kind = REPLACEMENT_VALUE};
		return (ssize_t)strlen(options->replace);
	}
	length = *text == '{' ? replacement_parse(text, what) : 0;
	if (!length)
		return 0;
	if (what->kind == REPLACEMENT_VALUE && what->part == PART_ALL && options->replace)
		return 0;
	if (options->has_no_values && what->kind != REPLACEMENT_NUMBER && what->kind != REPLACEMENT_SLOT)
		return 0;
	if (what->kind == REPLACEMENT_NAME && resolve_name(options, what, error) < 0)
		return -1;
	if (what->kind == REPLACEMENT_POSITION && options->value_count && !options->is_grouped &&
	    (uint64_t)(what->position < 0 ? -what->position : what->position) > options->value_count)
		return error_set(error, "%.*s: there %s only %zu for each task", (int)length, text,
				 options->value_count == 1 ? "is" : "are", options->value_count);
	return what->kind == REPLACEMENT_NONE ? 0 : (ssize_t)length;
}

static void template_add_piece(struct template_word *word, size_t *capacity, struct replacement what, struct slice text)
{
	if (what.kind == REPLACEMENT_NONE && !text.size)
		return;
	word->pieces = mem_grow(word->pieces, word->count, capacity, sizeof *word->pieces);
	word->pieces[word->count++] = (struct template_piece){.what = what, .text = text};
	word->has_value |= what.kind == REPLACEMENT_VALUE;
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
		ssize_t length = match(options, at, &what, error);

		if (length < 0)
			return -1;
		if (!length) {
			at++;
			continue;
		}
		template_add_piece(word, &capacity, none, (struct slice){.data = from, .size = (size_t)(at - from)});
		template_add_piece(word, &capacity, what, (struct slice){.data = NULL});
		from = at += length;
	}
	template_add_piece(word, &capacity, none, (struct slice){.data = from, .size = (size_t)(at - from)});
	word->is_lone = word->count == 1 && word->has_value;
	return 0;
}

static bool is_literal(const struct template_word *word)
{
	return word->count == 0 || (word->count == 1 && word->pieces[0].what.kind == REPLACEMENT_NONE);
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
		if (is_literal(word))
			continue;
		if (word->is_filled)
			template->appends = false;
		if (i == 0)
			template->command_is_fixed = false;
	}
	return options->separator ? columns_compile(&template->columns, options->separator, error) : 0;
}

/* Appends the value of a name, or what is written there when this task has no names. -1 when it has, but not this one.
 */
static int append_named(struct template *template, struct slice name)
{
	struct bytes *out = &template->storage;
	struct slice value;

	if (values_named(&template->values, name, &value)) {
		template->named = true;
		bytes_append(out, value.data, value.size);
		return 0;
	}
	if (template->values.kind == VALUES_OBJECT && replacement_is_name(name))
		return error_set(&template->problem, "the record has no key \"%.*s\"", (int)name.size, name.data);
	bytes_append(out, "{", 1);
	bytes_append(out, name.data, name.size);
	bytes_append(out, "}", 1);
	return 0;
}

/* Appends what {} and its like stand for: one value, or what all are together. */
static void append_values(struct template *template, enum part part, const struct slice *only)
{
	const struct values *values = &template->values;
	struct bytes *out = &template->storage;
	struct slice value;
	size_t i;

	if (!only && values->kind != VALUES_PLAIN)
		only = &values->whole;
	for (i = 0; i < (only ? 1 : values->count); i++) {
		if (!only && !values->list[i].data)
			continue;
		value = replacement_part(only ? *only : values->list[i], part);
		bytes_append(out, " ", i > 0);
		bytes_append(out, value.data, value.size);
	}
}

/* Appends a replacement, with only as what stands for {}, or all values. -1 when there is none such. */
static int append_replacement(struct template *template, const struct replacement *what, const struct slice *only,
			      const struct task *task, const struct template_values *values)
{
	struct bytes *out = &template->storage;
	struct slice value = {.data = NULL};

	switch (what->kind) {
	case REPLACEMENT_NUMBER:
		bytes_append_format(out, "%" PRIu64, task->index + 1);
		return 0;
	case REPLACEMENT_SLOT:
		bytes_append_format(out, "%" PRIu32, values->slot);
		return 0;
	case REPLACEMENT_POSITION:
		if (!values_at(&template->values, what->position, &value))
			return template->options.is_grouped
				       ? 0
				       : error_set(&template->problem, "the record has no column %" PRId64,
						   what->position);
		value = replacement_part(value, what->part);
		bytes_append(out, value.data, value.size);
		return 0;
	case REPLACEMENT_VALUE:
		append_values(template, what->part, only);
		return 0;
	case REPLACEMENT_NAME:
		return append_named(template, what->name);
	case REPLACEMENT_NONE:
	default:
		BUG("a replacement that was not compiled");
	}
}

static void add_argument(struct template *template, char *argument)
{
	template->arguments = mem_grow(template->arguments, template->argument_count, &template->argument_capacity,
				       sizeof *template->arguments);
	template->arguments[template->argument_count++] = argument;
}

/* Puts an argument together at the end of the storage, which may move meanwhile: where it begins is filled in later. */
static int build_argument(struct template *template, const struct template_word *word, const struct slice *only,
			  const struct task *task, const struct template_values *values)
{
	size_t i;

	for (i = 0; i < word->count; i++) {
		const struct template_piece *piece = &word->pieces[i];

		if (piece->what.kind == REPLACEMENT_NONE)
			bytes_append(&template->storage, piece->text.data, piece->text.size);
		else if (append_replacement(template, &piece->what, only, task, values) < 0)
			return -1;
	}
	bytes_append(&template->storage, "", 1);
	add_argument(template, NULL);
	return 0;
}

/* A value as an argument of its own: from where it lies, if it ends there. */
static void add_whole_value(struct template *template, struct slice value)
{
	/* A column that is not there. */
	if (!value.data)
		return;
	if (template->values.are_ended) {
		/* exec does not change what argv points at; its type is older than const. */
		add_argument(template, (char *)(uintptr_t)value.data);
		return;
	}
	bytes_append(&template->storage, value.data, value.size);
	bytes_append(&template->storage, "", 1);
	add_argument(template, NULL);
}

/* The argument, or arguments, that a word becomes. */
static int expand_word(struct template *template, const struct template_word *word, const struct task *task,
		       const struct template_values *values)
{
	bool repeats = word->is_lone || (word->has_value && template->options.is_grouped);
	size_t i;

	if (is_literal(word)) {
		add_argument(template, word->text);
		return 0;
	}
	if (!repeats || template->values.kind != VALUES_PLAIN)
		return build_argument(template, word, NULL, task, values);
	for (i = 0; i < template->values.count; i++) {
		const struct slice *value = &template->values.list[i];

		/* A column that is not there. */
		if (!value->data)
			continue;
		if (word->is_lone && word->pieces[0].what.part == PART_ALL)
			add_whole_value(template, *value);
		else if (build_argument(template, word, value, task, values) < 0)
			return -1;
	}
	return 0;
}

/* The values behind the words. */
static void append_rest(struct template *template)
{
	const struct values *values = &template->values;
	size_t i;

	if (!template->appends || template->named)
		return;
	if (values->kind == VALUES_OBJECT)
		add_whole_value(template, values->whole);
	for (i = 0; values->kind != VALUES_OBJECT && i < values->count; i++)
		add_whole_value(template, values->list[i]);
}

char **template_expand(struct template *template, const struct task *task, const struct template_values *values)
{
	const struct template_options *options = &template->options;
	size_t i, offset = 0;

	bytes_clear(&template->storage);
	template->argument_count = 0;
	template->named = false;
	error_release(&template->problem);
	if (options->has_no_values)
		template->values.count = 0;
	else
		values_gather(&template->values, task, &template->columns, options->widths, options->width_count);
	for (i = 0; i < options->word_count; i++) {
		if (expand_word(template, &template->words[i], task, values) < 0) {
			errno = ENODATA;
			return NULL;
		}
	}
	append_rest(template);
	/* The storage stays where it is now: what was put together is found in the order in which that was done. */
	for (i = 0; i < template->argument_count; i++) {
		if (template->arguments[i])
			continue;
		template->arguments[i] = template->storage.data + offset;
		offset += strlen(template->arguments[i]) + 1;
	}
	add_argument(template, NULL);
	return template->arguments;
}

void template_quote(struct template *template, const struct task *task, const struct template_values *values,
		    struct bytes *out)
{
	char **words = template_expand(template, task, values), **word;

	if (!words) {
		bytes_append_text(out, error_text(&template->problem));
		return;
	}
	for (word = words; *word; word++) {
		if (word != words)
			bytes_append(out, " ", 1);
		quote_shell(out, slice_of(*word));
	}
}

size_t template_fixed_cost(const struct template *template)
{
	size_t cost = 2 * sizeof(char *), i;

	for (i = 0; i < template->options.word_count; i++)
		cost += strlen(template->words[i].text) + 1 + sizeof(char *);
	return cost;
}

size_t template_cost(const struct template *template, size_t value_size)
{
	/* A column may be empty but for the byte that ends it, and is an argument of its own. */
	size_t columns = template->columns.expression ? value_size : 1, pointers = columns * (sizeof(char *) + 1), i, j;
	/* What is not an argument at all is to be held until the group is whole: it costs as much. */
	size_t cost = value_size + pointers;

	for (i = 0; i < template->options.word_count; i++) {
		const struct template_word *word = &template->words[i];

		for (j = 0; j < word->count; j++) {
			if (word->pieces[j].what.kind == REPLACEMENT_VALUE ||
			    word->pieces[j].what.kind == REPLACEMENT_POSITION)
				cost += value_size;
		}
		if (word->has_value)
			cost += columns * strlen(word->text) + pointers;
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
