/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shell that runs scripts, with its arguments: the words of --shell=PROGRAM, with blanks between them. */
#ifndef TASK_SHELL_H
#define TASK_SHELL_H

#include "base/dialect.h"
#include "base/slice.h"

/* Returns the program that was given, or /bin/sh if that is NULL. */
const char *shell_program(const char *given);

/* Returns the next word of a program and moves *rest after it; its size is 0 if there is none. */
struct slice shell_word(const char **rest);

/* Returns the name that a script has for its shell ($0): that of the program's file. */
struct slice shell_name(const char *program);

#endif
