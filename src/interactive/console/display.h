/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reports of runs while there is a prompt: their output, messages and ends, shown above it. */
#ifndef INTERACTIVE_CONSOLE_DISPLAY_H
#define INTERACTIVE_CONSOLE_DISPLAY_H

#include "base/dialect.h"
#include "base/slice.h"

struct console;
struct run;

/* Shows everything on the console's screen, messages too, until display_close. */
void display_open(struct console *console);
void display_close(void);

/* Reports the state of all active runs and of their workers. */
void display_state(struct console *console);

/* Shows whole lines, escaped as by screen_clean. */
void display_text(struct console *console, struct slice lines);

/* Says the number of a run that was begun. */
void display_run_begun(struct console *console, const struct run *run);

/* Returns a new prompt (free): the number of busy workers, of all workers, and of tasks that are left. */
char *display_prompt(const struct console *console);

#endif
