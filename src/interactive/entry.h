/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The entry to the interactive mode. */
#ifndef INTERACTIVE_ENTRY_H
#define INTERACTIVE_ENTRY_H

#include "base/dialect.h"
#include "front/options.h"

/*
 * Runs the interactive mode to its end and returns the exit status; does not return if a signal ended it. words is the
 * command line that options were parsed from, closed a mask of the standard descriptors that were closed at the start.
 */
int entry_run(const struct options *options, char **words, unsigned closed);

#endif
