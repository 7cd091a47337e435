/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The history's file, with the lines that were entered. Several programs may use it at once without losing lines.
 * Errors are ignored: a missing history ends no program.
 */
#ifndef INTERACTIVE_PROMPT_HISTORY_H
#define INTERACTIVE_PROMPT_HISTORY_H

#include "base/dialect.h"

/*
 * Returns the name of the history's file, a new string (free), NULL if there is none. state and home are the values of
 * XDG_STATE_HOME and HOME, NULL if not set. There is none in a home that does not exist.
 */
char *history_default(const char *state, const char *home);

/* Calls take for each line, the oldest first. text is valid during the call. */
void history_read(const char *path, void (*take)(const char *text));

/* Appends a line. Creates the file with mode 0600, its folders with 0700. */
void history_append(const char *path, const char *text);

/* Drops the oldest lines, so that at most count are left. */
void history_trim(const char *path, size_t count);

#endif
