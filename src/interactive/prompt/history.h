/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The file that keeps what was entered, a line each. Several programs may have it at once: none loses another's lines.
 * What cannot be read or written is passed over, since no history is worth the end of a program.
 */
#ifndef INTERACTIVE_PROMPT_HISTORY_H
#define INTERACTIVE_PROMPT_HISTORY_H

#include "base/dialect.h"

/* Calls take for each line, the oldest first; text is a view. */
void history_read(const char *path, void (*take)(const char *text));

/* Adds a line. The file is made 0600, the folders on its way 0700. */
void history_append(const char *path, const char *text);

/* Drops the oldest lines so that at most count are left. */
void history_trim(const char *path, size_t count);

#endif
