/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals: how this program was started with regard to them, how it hears of them, and what those it starts find. */
#ifndef PROCESS_SIGNALS_H
#define PROCESS_SIGNALS_H

#include "base/dialect.h"

#include <signal.h>

/* Bit N - 1 stands for signal N. */
typedef uint64_t signal_mask;

/*
 * Call first in each program image. Remembers which signals were ignored at the start, ignores SIGPIPE and SIGXFSZ
 * (write errors are results), and gives SIGCHLD its default meaning (ignored, it would hide how children end).
 */
void signals_init(void);

/* The signals that were ignored when the program started. */
signal_mask signals_ignored_at_start(void);

/*
 * Blocks the signals that ask this program to end or tell it something (INT, TERM, HUP, QUIT, USR1, USR2, TSTP, WINCH;
 * those ignored at the start stay ignored) and returns a descriptor that yields them; -1 with errno.
 */
int signals_open(void) MUST_CHECK;

/*
 * SIGTTIN and SIGTTOU, which this process gets where it reads or writes the terminal from the background, call handler,
 * which must be async-signal-safe; NULL: they stop it as usual. What was interrupted is begun again afterwards.
 */
void signals_on_stop(void (*handler)(int number));

/*
 * When this process is about to die of SIGSEGV, SIGBUS, SIGFPE, SIGILL or SIGABRT, handler is called first, which must
 * be async-signal-safe; NULL: it dies at once. Signals that somebody else catches stay with them.
 */
void signals_on_crash(void (*handler)(void));

/* Stops this process by a signal that would do so by default, and returns when it goes on. Async-signal-safe. */
void signals_stop(int number);

/* Sends this process a signal, as the terminal would. */
void signals_tell_self(int number);

/* The next signal from that descriptor, 0 when there is none. */
int signals_next(int fd);

/*
 * In a forked child: default dispositions, of all that signals_init found otherwise or was set here since (nothing else
 * sets any in a process that starts roles), and an empty mask. SIGTSTP and its kin are caught by a handler that does
 * nothing: a stopped process sees no end of file; and what is caught becomes default again in programs it executes.
 */
void signals_reset(void);

/* Blocks SIGTSTP and its kin; *before is the mask from before. */
void signals_hold_stops(sigset_t *before);

/* In a child about to execute a program, in which they are default again: SIGTSTP and its kin call handler.
 * Async-signal-safe. */
void signals_catch_stops(void (*handler)(int number));

/* In a child about to execute a program: ignores the signals in mask. Async-signal-safe. */
void signals_ignore(signal_mask mask);

/* Ends this process by the signal, as if it had never been caught; exits with 128 + number should that fail. */
void signals_die(int number) NORETURN;

/* Blocks SIGCHLD; what a child does from here on is told by the descriptor. signals_unblock undoes it. */
void signals_block_children(void);

/* A descriptor that becomes readable when a child ends or stops. -1 with errno. */
int signals_open_children(void) MUST_CHECK;

/* Takes what that descriptor has to tell. */
void signals_take_children(int fd);

/* Sends a signal to the process that started this one. */
void signals_tell_parent(int number);

/*
 * Blocks SIGTTOU, so that this process may change the terminal while another process group has it; the other call
 * unblocks it. Async-signal-safe.
 */
void signals_block_terminal(void);
void signals_unblock_terminal(void);

/* Empties the mask: in a child about to execute a program. Async-signal-safe. */
void signals_unblock(void);

#endif
