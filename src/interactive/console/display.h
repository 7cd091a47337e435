/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What runs tell while there is a prompt: their output, their messages, and how they ended, above it. */
#ifndef INTERACTIVE_CONSOLE_DISPLAY_H
#define INTERACTIVE_CONSOLE_DISPLAY_H

#include "base/dialect.h"

struct console;

/* Everything is shown on the console's screen from now on, messages too; until it is closed. */
void display_open(struct console *console);
void display_close(void);

/* The state of the runs that go on, and of their workers. */
void display_state(struct console *console);

#endif
