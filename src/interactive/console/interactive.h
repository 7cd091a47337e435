/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The prompt on a terminal: lines are entered while runs run, and what comes of these appears above. */
#ifndef INTERACTIVE_CONSOLE_INTERACTIVE_H
#define INTERACTIVE_CONSOLE_INTERACTIVE_H

#include "base/dialect.h"
#include "base/error.h"
#include "interactive/console/answer.h"

struct console;
struct run;

/* Puts the prompt up. -1 with the error. */
int interactive_open(struct console *console, struct error *error) MUST_CHECK;

/* Carries out what is entered, until the user leaves or a signal ends it; then the terminal is as it was. */
void interactive_run(struct console *console);

/* Shows an answer above the prompt, or in a pager where it is longer than the screen. -1 with the error. */
int interactive_show(struct console *console, struct answer *answer, struct error *error) MUST_CHECK;

/* Gives the terminal to a script of the shell, with that standard input (-1: the terminal). -1 with the error. */
int interactive_call(struct console *console, const char *script, int input, struct error *error) MUST_CHECK;

#endif
