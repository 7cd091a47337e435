/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal's modes while this process has changed them: a crash or a fatal error restores them. */
#ifndef INTERACTIVE_PROMPT_MODES_H
#define INTERACTIVE_PROMPT_MODES_H

#include "base/dialect.h"

/* Makes this process restore the kept modes before it dies of a crash. */
void modes_guard(void);

/* Ends modes_guard. */
void modes_unguard(void);

/*
 * Keeps the modes of the terminal (descriptors 0 and 1) before the caller changes them. undo (not copied) is written to
 * the terminal when they are restored.
 */
void modes_keep(const char *undo);

/* Restores the kept modes at once, without waiting for the terminal, and forgets them. Nothing is written. */
void modes_restore(void);

/* Forgets the modes: the caller has restored them, or another process group has the terminal. */
void modes_forget(void);

/* True if the terminal belongs to this process group, or its owner is unknown. */
bool modes_are_ours(void);

/*
 * Stops this process until the terminal is ours, so that the modes of another program are not kept as the usual ones.
 */
void modes_await(void);

#endif
