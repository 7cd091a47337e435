/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person sees on standard error: whole lines, prefixed, with nothing in them that acts on a terminal. */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include "base/dialect.h"
#include "base/slice.h"

/* Which messages are written: all (the default), or only errors (-q). */
enum diag_level { DIAG_NOTES, DIAG_ERRORS };
void diag_set_level(enum diag_level level);

/* What messages are about, where one process has several runs. */
struct diag_context {
	/* The number of the run. */
	uint64_t run;
	/* Takes the place of the process's level. */
	enum diag_level level;
};

/*
 * Makes a context (not copied; NULL if none) the current one, and returns the one before, which is to be entered again.
 * The event loop enters the context of each descriptor that is ready.
 */
const struct diag_context *diag_enter(const struct diag_context *context);

/* Returns the current context, NULL if none. */
const struct diag_context *diag_current(void);

/*
 * Where diag's lines go instead of straight to descriptor 2; NULL for descriptor 2 again. The front end sets it so that
 * messages keep their place among the tasks' own standard error.
 */
typedef void diag_sink(struct slice line);
void diag_set_sink(diag_sink *sink);

/* Standard error's descriptor, for whoever carries tasks' own messages there. */
int diag_descriptor(void);

/* "mpmap: ..." and a newline, written at once. Control characters from outside are escaped. */
void diag_error(const char *format, ...) PRINTF_LIKE(1, 2);
/* The same, silenced with DIAG_ERRORS. */
void diag_note(const char *format, ...) PRINTF_LIKE(1, 2);

/* A line as it is (already escaped), without prefix: what the user asked to see (-t, --stats). */
void diag_line(struct slice line);

#endif
