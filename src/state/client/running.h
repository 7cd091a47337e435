/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A COMMAND that is run, and the signals that are passed on to it. */
#ifndef STATE_CLIENT_RUNNING_H
#define STATE_CLIENT_RUNNING_H

#include "base/dialect.h"

/* The exit statuses of env(1) and timeout(1). */
enum running_status {
	RUNNING_TIMED_OUT = 124,
	RUNNING_FAILED = 125,
	RUNNING_NOT_EXECUTABLE = 126,
	RUNNING_NOT_FOUND = 127,
};

struct running {
	/* 0 if there is no COMMAND. */
	pid_t pid;
	/* Readable once it has ended; -1 without a COMMAND. */
	int pidfd;
	/* Readable when a signal has come for it. */
	int signals;
};

/* Receives signals from now on. Returns 0, or -1 with errno. */
int running_init(struct running *running) MUST_CHECK;

/*
 * Starts a command with the environment, and with a descriptor fd (-1 for none) as number. It is killed when this
 * process dies. Returns 0, or an exit status, and the reason has been printed.
 */
int running_start(struct running *running, char **command, char **environment, const int fd_and_number[2]) MUST_CHECK;

/* Passes on the signals that have come. Returns the last one that is to end this process, or 0. */
int running_pass_signals(struct running *running);

/* Waits for its end. Returns its exit status, 128 and more for a signal. */
int running_wait(struct running *running);

/* The environment of a process, for copies. */
char **running_environment(void);

#endif
