/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The language from a pipe or a file: each line is carried out to its end, and the first that cannot be ends it all. */
#ifndef INTERACTIVE_CONSOLE_SCRIPT_H
#define INTERACTIVE_CONSOLE_SCRIPT_H

#include "base/dialect.h"
#include "interactive/console/console.h"

extern const struct console_mode script_mode;

#endif
