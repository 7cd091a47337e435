/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The texts of --help and --version. */
#ifndef FRONT_HELP_H
#define FRONT_HELP_H

#include "base/bytes.h"
#include "front/options.h"

/* Appends a text, whole lines; topic is the option that it is about, NULL if all are. */
typedef void help_text(struct bytes *out, const struct option_row *topic);

/* The text of --help. */
help_text help_usage;

/* The text of --version. */
help_text help_version;

/* Appends the names of an option and its description, in lines of at most 79 columns. */
void help_option(struct bytes *out, const struct option_row *row);

/* Prints lines as help_print. */
int help_write(const struct bytes *out, unsigned closed);

/*
 * Prints a text to standard output, which it closes; closed is a mask of the standard descriptors that were closed at
 * the start. Returns the exit status.
 */
int help_print(help_text *text, const struct option_row *topic, unsigned closed);

#endif
