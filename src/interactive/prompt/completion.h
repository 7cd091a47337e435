/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What TAB offers: which words could stand at the end of a line of the interactive language. */
#ifndef INTERACTIVE_PROMPT_COMPLETION_H
#define INTERACTIVE_PROMPT_COMPLETION_H

#include "base/dialect.h"

/* What there is to choose from beside the options. */
struct completion {
	/* The names of the commands; ends with NULL. */
	const char *const *commands;
	/* The ids of runs and tasks: a new NULL-terminated array of new strings. NULL: there are none. */
	char **(*ids)(void *context);
	void *context;
};

/*
 * What could stand for the word from start on, at the end of text: a new NULL-terminated array of new strings, sorted;
 * empty when nothing fits, NULL when it is for file names.
 */
char **completion_find(const struct completion *completion, const char *text, size_t start);

#endif
