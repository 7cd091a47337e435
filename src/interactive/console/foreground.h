/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A program that has the terminal for a while: a pager, or a command of the shell. */
#ifndef INTERACTIVE_CONSOLE_FOREGROUND_H
#define INTERACTIVE_CONSOLE_FOREGROUND_H

#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"
#include "ipc/loop.h"

struct foreground {
	struct loop *loop;
	/* Called when the program has ended. */
	void (*ended)(struct foreground *foreground);
	struct watch watch;
	/* The pid of the program, 0 if none runs. */
	pid_t pid;
	/* The script that is to be started by foreground_begin, NULL if none, and its standard input. */
	char *script;
	int input;
	/* The signal that ended the last program, 0 if none. */
	int signal;
};

/* Initializes foreground without a program. */
void foreground_init(struct foreground *foreground, struct loop *loop, void (*ended)(struct foreground *foreground));

/* True if a program runs, or is to be started. */
bool foreground_is_busy(const struct foreground *foreground);

/* True if a program is to be started. */
bool foreground_is_planned(const struct foreground *foreground);

/*
 * Starts sh -c script in our process group. input is its standard input, -1 for ours; it remains the caller's. Returns
 * -1 with the error.
 */
int foreground_start(struct foreground *foreground, const char *script, int input, struct error *error) MUST_CHECK;

/* Plans to start a script as foreground_start does, once the caller calls foreground_begin. input must remain open. */
void foreground_plan(struct foreground *foreground, const char *script, int input);

/* Starts what was planned. Returns -1 with the error; nothing is planned any more. */
int foreground_begin(struct foreground *foreground, struct error *error) MUST_CHECK;

/* Drops what was planned. */
void foreground_drop(struct foreground *foreground);

/* Continues the program after this process was stopped and continued: the program may have been stopped too. */
void foreground_continue(struct foreground *foreground);

/* Waits until the program has ended. */
void foreground_wait(struct foreground *foreground);

#endif
