/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What mpmap-state prints: values, the help, the version. */
#ifndef STATE_CLIENT_PRINTING_H
#define STATE_CLIENT_PRINTING_H

#include "base/dialect.h"
#include "base/slice.h"
#include "state/client/arguments.h"

/* Print to standard output. Return 0, or -1 with errno. */

/* Prints the values of an answer. */
int printing_answer(const struct arguments *arguments, const struct answer *answer) MUST_CHECK;

int printing_help(void) MUST_CHECK;
int printing_version(void) MUST_CHECK;
int printing_text(struct slice text) MUST_CHECK;

#endif
