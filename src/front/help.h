/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The texts of --help and --version. */
#ifndef FRONT_HELP_H
#define FRONT_HELP_H

#include "base/bytes.h"
#include "front/options.h"

/* Appends the text of --help: whole lines. */
void help_usage(struct bytes *out);

/* Appends the text of --version: whole lines. */
void help_version(struct bytes *out);

/* Appends the names of an option as --help has them: "  -n, --max-args=N". */
void help_option(struct bytes *out, const struct option_row *row);

/*
 * Prints a text to standard output, which it closes; closed is a mask of the standard descriptors that were closed at
 * the start. Returns the exit status.
 */
int help_print(void (*text)(struct bytes *out), unsigned closed);

#endif
