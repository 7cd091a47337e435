/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The end of a process that cannot continue: one line on standard error, then exit status 1.
 *
 * Allocates nothing and calls nothing of this program, so that every file may call it, also when memory is short.
 */
#ifndef BASE_FATAL_H
#define BASE_FATAL_H

#include "base/dialect.h"

/* Sets what fatal() calls before it writes its line, such as a reset of the terminal; NULL for nothing. */
void fatal_on_exit(void (*last)(void));

/*
 * Writes "mpmap: ..." and a newline to standard error and calls _exit(1), which flushes no buffer of a parent twice.
 * A long line is cut; bytes that are not printable ASCII are written as question marks.
 */
void fatal(const char *format, ...) PRINTF_LIKE(1, 2) NORETURN;

#endif
