/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What follows the options: COMMAND, its arguments, and the sources after ::: and its like. */
#ifndef FRONT_OPERANDS_H
#define FRONT_OPERANDS_H

#include "front/options.h"

/* Divides the operands into the command and its sources. -1 with the error. */
int operands_parse(struct options *options, int count, char **operands, struct error *error) MUST_CHECK;

/* Whether the sources go together, and with the options for them; standard input is the source when there is no other.
 */
int operands_check(struct options *options, struct error *error) MUST_CHECK;

#endif
