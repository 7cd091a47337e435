/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages on standard error: whole lines with a prefix, in which nothing acts on a terminal. */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include "base/dialect.h"
#include "base/slice.h"

/* Which messages are written: all (the default), or only errors (-q). */
enum diag_level { DIAG_NOTES, DIAG_ERRORS };
void diag_set_level(enum diag_level level);

/* Sets what messages begin with, "mpmap" by default. The name is not copied. */
void diag_set_program(const char *name);

/* The subject of messages, where one process has several runs. */
struct diag_context {
	/* The number of the run. */
	uint64_t run;
	/* The level of these messages, in place of the process's. */
	enum diag_level level;
};

/*
 * Makes a context (not copied; NULL if none) the current one, and returns the one before, which is to be entered again.
 * The event loop enters the context of each descriptor that is ready.
 */
const struct diag_context *diag_enter(const struct diag_context *context);

/* Returns the current context, NULL if none. */
const struct diag_context *diag_current(void);

/* Takes a line in place of descriptor 2. */
typedef void diag_sink(struct slice line);

/* Sets the sink, which keeps messages in their place among the tasks' own standard error; NULL for descriptor 2. */
void diag_set_sink(diag_sink *sink);

/* Returns the descriptor of standard error, for the writer of the tasks' own messages. */
int diag_descriptor(void);

/* Writes "mpmap: ..." and a newline in one piece. Control characters are escaped. */
void diag_error(const char *format, ...) PRINTF_LIKE(1, 2);

/*
 * Writes a text of several lines as diag_error does, each line by itself: after the first they are another program's
 * words, without prefix.
 */
void diag_report(const char *text);

/* The same as diag_error, unless the level is DIAG_ERRORS. */
void diag_note(const char *format, ...) PRINTF_LIKE(1, 2);

/* Writes a line that is already escaped, without prefix: output that the user asked for (-t, --stats). */
void diag_line(struct slice line);

#endif
