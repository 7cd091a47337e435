/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The texts of --help and --version. */
#ifndef FRONT_HELP_H
#define FRONT_HELP_H

#include "base/bytes.h"
#include "front/options.h"

/* Append whole lines. */
void help_usage(struct bytes *out);
void help_version(struct bytes *out);

/* Appends the names of an option as they stand in front of its help: "  -n, --max-args=N". */
void help_option(struct bytes *out, const struct option_row *row);

/* Prints a text to standard output; closed is a mask of the standard descriptors that are. The exit status. */
int help_print(void (*text)(struct bytes *out), unsigned closed);

#endif
