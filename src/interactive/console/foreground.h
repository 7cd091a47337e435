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
	/* The signal that ended the last program, 0 if none. */
	int signal;
};

/* Initializes foreground without a program. */
void foreground_init(struct foreground *foreground, struct loop *loop, void (*ended)(struct foreground *foreground));

bool foreground_is_running(const struct foreground *foreground);

/*
 * Starts sh -c script in our process group. input is its standard input, -1 for ours; it remains the caller's. Returns
 * -1 with the error.
 */
int foreground_start(struct foreground *foreground, const char *script, int input, struct error *error) MUST_CHECK;

/* Continues the program after this process was stopped and continued: the program may have been stopped too. */
void foreground_continue(struct foreground *foreground);

/* Waits until the program has ended. */
void foreground_wait(struct foreground *foreground);

#endif
