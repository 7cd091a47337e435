/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals: the dispositions at the start, receiving signals, and the dispositions of the processes that are started. */
#ifndef PROCESS_SIGNALS_H
#define PROCESS_SIGNALS_H

#include "base/dialect.h"

#include <signal.h>

/* A set of signals; bit N - 1 is signal N. */
typedef uint64_t signal_mask;

/*
 * Records which signals were ignored at the start, ignores SIGPIPE and SIGXFSZ (write errors are returned instead), and
 * resets SIGCHLD (ignored, it would hide how children end). Called first in each program image.
 */
void signals_init(void);

/* Returns the signals that were ignored when the program started. */
signal_mask signals_ignored_at_start(void);

/*
 * Blocks the signals that the program receives (INT, TERM, HUP, QUIT, USR1, USR2, TSTP, WINCH, without those ignored at
 * the start, and CHLD). Returns a descriptor from which signals_next reads them, or -1 with errno.
 */
int signals_open(void) MUST_CHECK;

/*
 * Makes SIGTTIN and SIGTTOU, sent when this process uses the terminal from the background, call handler, which must be
 * async-signal-safe; NULL for their default. Interrupted system calls are restarted.
 */
void signals_on_stop(void (*handler)(int number));

/*
 * Makes this process call handler, which must be async-signal-safe, before it dies of SIGSEGV, SIGBUS, SIGFPE, SIGILL
 * or SIGABRT; NULL for nothing. Signals with another handler are left alone.
 */
void signals_on_crash(void (*handler)(void));

/* Stops this process by the signal and returns when it is continued. Async-signal-safe. */
void signals_stop(int number);

/* Sends a signal to this process. */
void signals_tell_self(int number);

/* Sends a signal to all processes of this process's group, to itself too. */
void signals_tell_group(int number);

/* Returns the next signal from the descriptor of signals_open, or 0 if none is pending. */
int signals_next(int fd);

/* True if a signal that is to end or stop this process is blocked and pending, for signals_next to return it. */
bool signals_are_pending(void);

/*
 * Resets the dispositions that signals_init found or this file has set (nothing else sets any in a process that starts
 * roles), and empties the mask. SIGTSTP, SIGTTIN and SIGTTOU get a handler that does nothing: stopped, a process would
 * not notice an end of file; and caught signals have their default in executed programs. Called in forked children.
 */
void signals_reset(void);

/* Gives SIGPIPE the same handler: writers get EPIPE, and executed programs have the signal's default. */
void signals_catch_pipe(void);

/* Blocks SIGTSTP, SIGTTIN and SIGTTOU and sets *before to the previous mask. */
void signals_hold_stops(sigset_t *before);

/* Makes SIGTSTP, SIGTTIN and SIGTTOU call handler, until a program is executed. Async-signal-safe. */
void signals_catch_stops(void (*handler)(int number));

/* Ignores the signals in mask, also in an executed program. Async-signal-safe. */
void signals_ignore(signal_mask mask);

/* Ends this process by the signal with its default disposition, or exits with 128 + number. */
void signals_die(int number) NORETURN;

/* Blocks SIGCHLD: from now on the descriptor of signals_open_children reports it. signals_unblock undoes it. */
void signals_block_children(void);

/* Returns a descriptor that becomes readable when a child ends or stops, or -1 with errno. */
int signals_open_children(void) MUST_CHECK;

/* Makes that descriptor unreadable until the next change. */
void signals_take_children(int fd);

/* Sends a signal to the process that started this one. */
void signals_tell_parent(int number);

/*
 * Blocks SIGTTOU, so that this process may change the terminal while another process group has it; the other call
 * unblocks it. Async-signal-safe.
 */
void signals_block_terminal(void);
void signals_unblock_terminal(void);

/*
 * True if this process is in the background of the terminal fd, so that reading it stops the process (SIGTTIN). False
 * for any descriptor but the controlling terminal's: no other terminal stops a process. Async-signal-safe.
 */
bool signals_in_background(int fd);

/* Empties the signal mask. Async-signal-safe. */
void signals_unblock(void);

#endif
