/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options and operands that do not go together. */
#ifndef FRONT_CONFLICTS_H
#define FRONT_CONFLICTS_H

#include "front/options.h"

/* Checks a command line whose mode, operands and sources are known. -1 with the error of the first conflict. */
int conflicts_check(const struct options *options, struct error *error) MUST_CHECK;

#endif
