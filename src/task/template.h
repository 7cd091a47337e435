/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A template: a command line with replacement strings, compiled once and expanded for each task. The replacement
 * strings are those of GNU parallel's manual; our manual lists the differences.
 *
 * The values of a task are the record, or its columns, or one record of each source, or the records of a group.
 *
 *	{} {.} {/} {//} {/.} {..} {/..}  the value, or a part of it        {#}     the number of the task, from 1
 *	{N} {N.} ...                     the Nth value ({-1}: the last)    {#:04}  the number, of 4 digits at least
 *	{NAME} {NAME.} ...               the value of that name            {%}     the slot
 *	{time}                           the local time, ISO 8601          {elapsed}  seconds   (tags only)
 *
 * A command line without any of these is followed by the values. Where values have names, text that looks like a name
 * must be one; other text in braces is left as it is. Forms with two extensions, padded numbers and parts of names are
 * weak: a value of exactly that name comes first, and directly after a dollar sign they are left as they are. A task
 * with its own command (FRAME_COMMAND) does not use the template.
 */
#ifndef TASK_TEMPLATE_H
#define TASK_TEMPLATE_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/error.h"
#include "task/columns.h"
#include "task/task.h"
#include "task/values.h"

struct template_piece;
struct template_word;

/* The input of a compilation. Everything in it outlives the template. */
struct template_options {
	char *const *words;
	size_t word_count;
	/* True if words have no replacement strings. */
	bool is_literal;
	/* The text that takes the place of {}, NULL for {} itself, empty for no replacement strings at all. */
	const char *replace;
	/* The separator of columns, NULL if none. */
	const char *separator;
	/* The byte between the fields of CSV, 0 if records are not CSV. */
	char csv;
	/* The names of the values, NULL if none. */
	char *const *names;
	size_t name_count;
	/* With columns and several sources: the number of columns of each source. */
	const uint32_t *widths;
	size_t width_count;
	/* True if the values are the records of a group: words with {} are repeated for each, and missing values are
	 * empty. */
	bool is_grouped;
	/* True if tasks have no values: {} and its like are literal, and nothing is appended. */
	bool has_no_values;
	/* True if the values are never appended. */
	bool is_complete;
	/* True if the one word is a text: {} is all values in it, joined by blanks, also where it is alone. */
	bool is_text;
	/* True if {time} and {elapsed} stand for times, unless they are names of values. */
	bool has_times;
	/* True if each task has its own names. A name that a task lacks is left as it is. */
	bool names_vary;
	/* The number of values of every task, 0 if it differs. */
	size_t value_count;
};

/* A compiled template and its last expansion, whose memory is used again for the next. */
struct template
{
	struct template_options options;
	struct template_word *words;
	struct columns columns;
	/* True if the values follow the words. */
	bool appends;
	/* True if the first word is the same for every task. */
	bool command_is_fixed;
	/* True if a time is among the replacement strings. */
	bool shows_time;
	/* The kinds of replacement strings in the words (1 << enum replacement_kind). */
	unsigned kinds;
	struct values values;
	/* True if a name has been replaced in this expansion. */
	bool named;
	/* The expanded argv. */
	char **arguments;
	size_t argument_count;
	size_t argument_capacity;
	/* The composed arguments, each with its NUL. */
	struct bytes storage;
	/* The reason why the last expansion failed. */
	struct error problem;
};

/* Compiles a template. Returns 0, or -1 with the error: a bad separator, or a value that no task has. */
int template_compile(struct template *template, const struct template_options *options, struct error *error) MUST_CHECK;

/* The values of replacement strings that do not come from the task. */
struct template_values {
	uint32_t slot;
	/* {time}, UTC since 1970, and {elapsed}. */
	nsec time;
	nsec elapsed;
};

/*
 * Returns the argv for a task, ended by NULL, valid until the next call and as long as the task's chunk; or NULL with
 * template->problem set if the task lacks a value.
 */
char **template_expand(struct template *template, const struct task *task, const struct template_values *values);

/* Appends the expanded command line, quoted for a shell, without a newline; or the problem, if the expansion fails. */
void template_quote(struct template *template, const struct task *task, const struct template_values *values,
		    struct bytes *out);

/*
 * Returns the most bytes of argv (with pointers and NULs) that a value of value_size bytes (with its NUL) takes. In a
 * word that is repeated for each value, the size of other values beside {} is not counted.
 */
size_t template_cost(const struct template *template, size_t value_size);

/* Returns the bytes of argv that the words themselves take. */
size_t template_fixed_cost(const struct template *template);

void template_release(struct template *template);

#endif
