/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The mode for a terminal: lines are entered at a prompt while runs continue, whose output is shown above it. */
#ifndef INTERACTIVE_CONSOLE_INTERACTIVE_H
#define INTERACTIVE_CONSOLE_INTERACTIVE_H

#include "base/dialect.h"
#include "interactive/console/console.h"

/* True if standard input and output are a terminal. */
bool interactive_is_possible(void);

extern const struct console_mode interactive_mode;

#endif
