/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals: how this program was started with regard to them, how it hears of them, and what those it starts find. */
#ifndef PROCESS_SIGNALS_H
#define PROCESS_SIGNALS_H

#include "base/dialect.h"

#include <signal.h>

/* Bit N - 1 stands for signal N. */
typedef uint64_t signal_mask;

/*
 * Call first in each program image. Remembers which signals were ignored at the start, ignores SIGPIPE and SIGXFSZ (write errors
 * are results), and gives SIGCHLD its default meaning (ignored, it would hide how children end).
 */
void signals_init(void);

/* The signals that were ignored when the program started. */
signal_mask signals_ignored_at_start(void);

/*
 * Blocks the signals that ask this program to end or tell it something (INT, TERM, HUP, QUIT, USR1, USR2; those ignored at
 * the start stay ignored) and returns a descriptor that yields them; -1 with errno.
 */
int signals_open(void) MUST_CHECK;

/* The next signal from that descriptor, 0 when there is none. */
int signals_next(int fd);

/*
 * In a forked child: default dispositions, an empty mask. SIGTSTP and its kin are caught by a handler that does
 * nothing: a stopped process sees no end of file; and what is caught becomes default again in programs it executes.
 */
void signals_reset(void);

/* In a child about to execute a program: ignores the signals in mask. Async-signal-safe. */
void signals_ignore(signal_mask mask);

/* Ends this process by the signal, as if it had never been caught; exits with 128 + number should that fail. */
void signals_die(int number) NORETURN;

/* "SIGKILL"; "SIG42" for those without a name. Points to static memory. */
const char *signals_name(int number);

#endif
