/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A command line with replacement strings, compiled once and applied to each task.
 *
 * {} is the record, {#} the task's number from 1, {%} its slot. A command line without any gets the record as its last
 * argument. Everything else in braces stays as it is. (GNU parallel's manual, "Replacement strings".)
 */
#ifndef WORK_TEMPLATE_H
#define WORK_TEMPLATE_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "work/task.h"

enum template_flags {
	/* Words are literal; the record is appended. */
	TEMPLATE_LITERAL = 1,
};

struct template_piece;
struct template_word;

struct template {
	struct template_word *words;
	size_t word_count;
	/* The record goes behind the words. */
	bool appends;
	/* The first word is the same for every task. */
	bool command_is_fixed;
	/* The last expansion: argv, and the bytes of words that were put together. Reused, so nothing is allocated per task. */
	char **arguments;
	struct bytes storage;
};

/* Compiles words (which must outlive the template). flags is a set of template_flags. */
void template_compile(struct template *template, char *const *words, size_t count, unsigned flags);

/* What replacement strings need to know besides the task. */
struct template_values {
	uint32_t slot;
};

/* The argv for a task, NULL-terminated; valid until the next call and while the task's chunk is. */
char **template_expand(struct template *template, const struct task *task, const struct template_values *values);

/* Appends the expanded command line, quoted for a shell, on one line without a newline. */
void template_quote(struct template *template, const struct task *task, const struct template_values *values,
		    struct bytes *out);

void template_release(struct template *template);

#endif
