/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What TAB offers: which words could stand at the end of a line of the interactive language. */
#ifndef INTERACTIVE_PROMPT_COMPLETION_H
#define INTERACTIVE_PROMPT_COMPLETION_H

#include "base/dialect.h"
#include "base/slice.h"

/* What the words after a command are. */
enum operands {
	/* Names of files; also after unknown commands. */
	OPERANDS_FILES,
	/* Options of map, then a program and its arguments. */
	OPERANDS_OPTIONS,
	/* An option of map without its dashes, then its value. */
	OPERANDS_SETTING,
	/* Names of commands. */
	OPERANDS_COMMANDS,
	/* Ids of runs and tasks. */
	OPERANDS_IDS,
};

/* What the owner of the prompt knows: commands and ids. */
struct completion {
	/* The names of the commands; ends with NULL. */
	const char *const *commands;
	/* Returns the kind of a command's operands. */
	enum operands (*operands)(struct slice command);
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
