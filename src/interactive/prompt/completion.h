/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Completion by TAB: the words that can end a line of the interactive language. */
#ifndef INTERACTIVE_PROMPT_COMPLETION_H
#define INTERACTIVE_PROMPT_COMPLETION_H

#include "base/dialect.h"
#include "base/slice.h"

/* The kind of the words after a command. */
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

/* The commands and ids, which the owner of the prompt provides. */
struct completion {
	/* The names of the commands; ends with NULL. */
	const char *const *commands;
	/* Returns the kind of a command's operands. */
	enum operands (*operands)(struct slice command);
	/* Returns ids of runs and tasks, a new NULL-terminated array of new strings. May be NULL itself. */
	char **(*ids)(void *context);
	void *context;
	/* The folders in which programs are searched, between colons; NULL if programs are not offered. */
	const char *path;
};

/*
 * Returns the candidates for the word that begins at start and ends text: a new NULL-terminated array of new strings,
 * sorted, empty if nothing fits. Returns NULL where names of files are wanted.
 */
char **completion_find(const struct completion *completion, const char *text, size_t start);

#endif
