/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starting a program with the object preloaded that makes zygotes. */
#ifndef WORKER_ZYGOTE_PRELOADING_H
#define WORKER_ZYGOTE_PRELOADING_H

#include "base/dialect.h"
#include "process/command.h"
#include "worker/workplace.h"

/* The preparation of starts, which can be used several times. */
struct preloading {
	const struct command *command;
	/* LD_PRELOAD: the object, before the user's own list. */
	char *preload;
	/* A further variable of the environment. */
	char *variable;
	char **environment;
	char *arguments[2];
	/* The pid of the process that was started. */
	pid_t pid;
};

/*
 * Returns the path of the object as a file that can be preloaded, which lies in memory of this process while *fd (the
 * caller's) is open: a new string (free), or NULL with errno.
 */
char *preloading_object(int *fd);

/* Prepares starts of a task's command, which outlives preloading. object is a path; variable is "NAME=value". */
void preloading_init(struct preloading *preloading, const struct command *command, const char *object,
		     const char *variable);

/* The descriptors of a start, -1 to keep that of this process. */
struct preloading_fds {
	int input;
	int output;
	int errors;
	/* A further descriptor that remains open, -1 if none. */
	int keep;
};

/* Starts the program. Returns 0 with *pidfd (the caller's), or -1 with errno. */
int preloading_begin(struct preloading *preloading, const struct preloading_fds *fds, int *pidfd) MUST_CHECK;

void preloading_release(struct preloading *preloading);

/*
 * Asks the dynamic linker whether it would preload the object into the command's program. Returns 1 if so, 0 if not, or
 * -1 with errno, ECANCELED when the parent is gone. null is a descriptor of /dev/null.
 */
int preloading_ask(struct workplace *place, const struct command *command, const char *object, int null) MUST_CHECK;

#endif
