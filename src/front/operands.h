/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words after the options: COMMAND, its arguments, and the sources after :::, :::+, :::: and ::::+. */
#ifndef FRONT_OPERANDS_H
#define FRONT_OPERANDS_H

#include "front/options.h"

/* Divides the operands into the command and the sources, which are added. -1 with the error. */
int operands_parse(struct options *options, int count, char **operands, struct error *error) MUST_CHECK;

/* True if the command line has neither COMMAND, --shell nor JSON with tasks. */
bool operands_run_nothing(const struct options *options);

/* Sets what follows from the operands and the options for input: a command line without conflicts, with a source. */
void operands_settle(struct options *options);

#endif
