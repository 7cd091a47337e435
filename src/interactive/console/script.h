/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The mode for a pipe or file: each line is carried out to its end, and the first error ends the script. */
#ifndef INTERACTIVE_CONSOLE_SCRIPT_H
#define INTERACTIVE_CONSOLE_SCRIPT_H

#include "base/dialect.h"
#include "interactive/console/console.h"

extern const struct console_mode script_mode;

#endif
