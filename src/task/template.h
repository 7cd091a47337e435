/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A command line with replacement strings, compiled once and applied to each task. They are those of GNU parallel's
 * manual; where we differ is in our own.
 *
 * A task has values: the record, or its columns, or one of each source, or the records of a group. {} is the value, {.}
 * {/} {//} {/.} parts of it, {N} {N.} ... the Nth value ({-1}: the last), {name} the one of that name, {#} the task's
 * number from 1, {%} its slot. A command line without any gets the values as its last arguments. Everything else in
 * braces stays as it is.
 *
 * A task that brings its own command (a frame of that kind) is that command; there are no words then.
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

struct template_options {
	/* They outlive the template. */
	char *const *words;
	size_t word_count;
	/* Words are literal; the values are appended. */
	bool is_literal;
	/* Instead of {}; NULL: {}. Empty: no replacement strings at all. */
	const char *replace;
	/* What divides a record into columns; NULL: nothing. */
	const char *separator;
	/* The names of the values, where there are some. */
	char *const *names;
	size_t name_count;
	/* With columns and several sources: how many names each of them has, so that no record lends another's columns.
	 */
	const uint32_t *widths;
	size_t width_count;
	/* The values are records of a group: words with {} are repeated for each, and what is not there is empty. */
	bool is_grouped;
	/* There are none: nothing stands for them, and nothing is appended. */
	bool has_no_values;
	/* Nothing is appended, whatever the words have. */
	bool is_complete;
	/* Tasks may have values with names, each its own: what is no name of a task's stays as it is. */
	bool names_vary;
	/* How many values every task has; 0 when that differs. */
	size_t value_count;
};

/* Values of a task, with the last expansion's bytes; reused, so nothing is allocated per task in the steady state. */
struct template
{
	struct template_options options;
	struct template_word *words;
	struct columns columns;
	/* The values go behind the words. */
	bool appends;
	/* The first word is the same for every task. */
	bool command_is_fixed;
	struct values values;
	/* A name has been put in, for this task. */
	bool named;
	char **arguments;
	size_t argument_count;
	size_t argument_capacity;
	struct bytes storage;
	/* Why a task cannot be expanded. */
	struct error problem;
};

/* Compiles it: -1 with the error when that cannot be (the separator, a value that is never there). */
int template_compile(struct template *template, const struct template_options *options, struct error *error) MUST_CHECK;

/* What replacement strings need to know besides the task. */
struct template_values {
	uint32_t slot;
};

/*
 * The argv for a task, NULL-terminated; valid until the next call and while the task's chunk is. NULL, with
 * template->problem, when the task has not what the words ask for.
 */
char **template_expand(struct template *template, const struct task *task, const struct template_values *values);

/* Appends the expanded command line, quoted for a shell, on one line without a newline; why not, if it cannot be. */
void template_quote(struct template *template, const struct task *task, const struct template_values *values,
		    struct bytes *out);

/*
 * How many bytes of argv (pointers and NULs included) a value of so many bytes, its end included, takes at most; and
 * the words themselves. Not counted is one value beside {} in a word that is repeated for others.
 */
size_t template_cost(const struct template *template, size_t value_size);
size_t template_fixed_cost(const struct template *template);

void template_release(struct template *template);

#endif
