/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A program of the user's own choice that has the terminal for a while: a pager, or a shell command. */
#ifndef INTERACTIVE_CONSOLE_FOREGROUND_H
#define INTERACTIVE_CONSOLE_FOREGROUND_H

#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"
#include "ipc/loop.h"

struct foreground {
	struct loop *loop;
	/* Told when it has ended. */
	void (*ended)(struct foreground *foreground);
	struct watch watch;
	pid_t pid;
	/* The signal that ended the last one, or 0. */
	int signal;
};

/* All zero but these. */
void foreground_init(struct foreground *foreground, struct loop *loop, void (*ended)(struct foreground *foreground));

bool foreground_is_running(const struct foreground *foreground);

/*
 * Starts sh -c script in our process group, with input as its standard input (-1: ours; it stays the caller's). -1 with
 * the error.
 */
int foreground_start(struct foreground *foreground, const char *script, int input, struct error *error) MUST_CHECK;

/* Waits for its end. */
void foreground_wait(struct foreground *foreground);

#endif
