/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The texts of --help and --version. */
#ifndef FRONT_HELP_H
#define FRONT_HELP_H

#include "base/bytes.h"

/* Append whole lines. */
void help_usage(struct bytes *out);
void help_version(struct bytes *out);

/* Prints a text to standard output; closed is a mask of the standard descriptors that are. The exit status. */
int help_print(void (*text)(struct bytes *out), unsigned closed);

#endif
