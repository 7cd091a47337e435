/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal's modes while somebody here has changed them: a crash, or a fatal error, puts them back. */
#ifndef INTERACTIVE_PROMPT_MODES_H
#define INTERACTIVE_PROMPT_MODES_H

#include "base/dialect.h"

/* From now on this process restores what it keeps before it dies of a crash. */
void modes_guard(void);
void modes_unguard(void);

/*
 * Keeps the modes that the terminal (descriptors 0 and 1) has, which the caller is about to change, and text (not
 * copied) that undoes what is going to be written to it.
 */
void modes_keep(const char *undo);

/* The caller restores them itself, or leaves them to whoever has the terminal. */
void modes_forget(void);

/* Whether the terminal is this process group's, or nobody's in particular. */
bool modes_are_ours(void);

/* Stops this process until they are: what others have made of the modes meanwhile is not to be taken for the usual
 * ones. */
void modes_await(void);

#endif
