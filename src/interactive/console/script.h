/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The language from a pipe or a file: each line is carried out to its end, and the first that cannot be ends it all. */
#ifndef INTERACTIVE_CONSOLE_SCRIPT_H
#define INTERACTIVE_CONSOLE_SCRIPT_H

#include "base/dialect.h"
#include "base/error.h"

struct console;
struct run;

/* The console's parts for this. -1 with the error. */
int script_open(struct console *console, struct error *error) MUST_CHECK;

/* Carries out all lines of standard input; console->status and signal say how it ended. */
void script_run(struct console *console);

/* For the console: a run was begun; a script is to be run by the shell. */
void script_finish(struct console *console, struct run *run);
int script_call(struct console *console, const char *script, struct error *error) MUST_CHECK;

#endif
