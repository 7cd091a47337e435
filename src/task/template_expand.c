/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Expanding a compiled command line for a task. */
#include "base/mem.h"
#include "base/quote.h"
#include "task/template.h"
#include "task/template_word.h"

#include <errno.h>
#include <inttypes.h>

/* Appends a part of the value of a name. Returns false if the task has no such name. */
static bool append_named_part(struct template *template, struct slice text, enum part part)
{
	struct slice name = replacement_name(text, part), value;

	if (!name.size || !values_named(&template->values, name, &value))
		return false;
	value = replacement_part(value, part);
	template->named = true;
	bytes_append(&template->storage, value.data, value.size);
	return true;
}

/* Returns what the names of the task's values contain (enum name_traits). */
static unsigned task_name_traits(const struct values *values)
{
	unsigned traits = 0;
	size_t i;

	for (i = 0; i < values->count; i++)
		traits |= replacement_name_traits(values->names[i]);
	return traits;
}

/* Appends what a name stands for, or {name} if it does not look like one (see resolve_name). Returns 0, or -1 with the
 * problem if the task lacks the name. */
static int append_named(struct template *template, const struct replacement *what)
{
	size_t parts = what->after_dollar ? PART_ALL + 1 : PARTS_OF_VALUE, i;
	struct bytes *out = &template->storage;

	for (i = 0; i < parts; i++) {
		if (append_named_part(template, what->text, (enum part)i))
			return 0;
	}
	if (template->values.kind == VALUES_OBJECT && replacement_is_name(what, task_name_traits(&template->values)))
		return error_set(&template->problem, "the record has no key \"%.*s\"", (int)what->text.size,
				 what->text.data);
	bytes_append(out, "{", 1);
	bytes_append(out, what->text.data, what->text.size);
	bytes_append(out, "}", 1);
	return 0;
}

/* Appends a part of the value at a position. Returns 0, or -1 with the problem. */
static int append_position(struct template *template, const struct replacement *what)
{
	struct slice value, name;

	if (values_at(&template->values, what->position, &value)) {
		value = replacement_part(value, what->part);
		bytes_append(&template->storage, value.data, value.size);
		return 0;
	}
	if (template->options.is_grouped)
		return 0;
	name = replacement_name(what->text, what->part);
	return error_set(&template->problem, "the record has no column %.*s", (int)name.size, name.data);
}

/* Appends a part of one value, or of the whole record, or of all values. */
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

/* Appends a moment in the time zone: 2026-11-27T07:30:00.000+01:00. */
static void append_local_time(struct bytes *out, nsec moment)
{
	time_t second = (time_t)(moment / NSEC_PER_SEC);
	char date[32] = "", zone[8] = "";
	struct tm parts;

	if (localtime_r(&second, &parts)) {
		strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
		strftime(zone, sizeof zone, "%z", &parts);
	}
	bytes_append_format(out, "%s.%03d%.3s:%.2s", date, (int)(moment % NSEC_PER_SEC / NSEC_PER_MSEC), zone,
			    *zone ? zone + 3 : zone);
}

/* Appends a replacement; only is the value of {}, NULL for all. Returns 0, or -1 with the problem. */
static int append_replacement(struct template *template, const struct replacement *what, const struct slice *only,
			      const struct task *task, const struct template_values *values)
{
	struct bytes *out = &template->storage;

	if (what->is_weak && append_named_part(template, what->text, PART_ALL))
		return 0;
	switch (what->kind) {
	case REPLACEMENT_NUMBER:
		bytes_append_format(out, "%0*" PRIu64, (int)what->width, task->index + 1);
		return 0;
	case REPLACEMENT_SLOT:
		bytes_append_format(out, "%" PRIu32, values->slot);
		return 0;
	case REPLACEMENT_TIME:
		append_local_time(out, values->time);
		return 0;
	case REPLACEMENT_ELAPSED:
		bytes_append_format(out, "%" PRId64 ".%03d", values->elapsed / NSEC_PER_SEC,
				    (int)(values->elapsed % NSEC_PER_SEC / NSEC_PER_MSEC));
		return 0;
	case REPLACEMENT_POSITION:
		return append_position(template, what);
	case REPLACEMENT_VALUE:
		append_values(template, what->part, only);
		return 0;
	case REPLACEMENT_NAME:
		return append_named(template, what);
	case REPLACEMENT_NONE:
	default:
		BUG("a replacement that was not compiled");
	}
}

/* Appends an argument; NULL is replaced by a place in the storage later. */
static void add_argument(struct template *template, char *argument)
{
	template->arguments = mem_grow(template->arguments, template->argument_count, &template->argument_capacity,
				       sizeof *template->arguments);
	template->arguments[template->argument_count++] = argument;
}

/* Composes an argument at the end of the storage. Its place is filled in later, since the storage may move. */
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

/* Appends a value as an argument of its own: in place, if a NUL follows it, else a copy. */
static void add_whole_value(struct template *template, struct slice value)
{
	/* A missing column. */
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

/* Appends the arguments of a word. Returns 0, or -1 with the problem. */
static int expand_word(struct template *template, const struct template_word *word, const struct task *task,
		       const struct template_values *values)
{
	const struct template_options *options = &template->options;
	bool repeats = !options->is_text && (word->is_lone || (word->has_value && options->is_grouped));
	size_t i;

	if (template_word_is_literal(word)) {
		add_argument(template, word->text);
		return 0;
	}
	if (!repeats || template->values.kind != VALUES_PLAIN)
		return build_argument(template, word, NULL, task, values);
	for (i = 0; i < template->values.count; i++) {
		const struct slice *value = &template->values.list[i];

		/* A missing column. */
		if (!value->data)
			continue;
		if (word->is_lone && word->pieces[0].what.part == PART_ALL)
			add_whole_value(template, *value);
		else if (build_argument(template, word, value, task, values) < 0)
			return -1;
	}
	return 0;
}

/* Appends the values after the words, if the template does that. */
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
	/* The storage does not move any more: its arguments are in the order in which they were composed. */
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
