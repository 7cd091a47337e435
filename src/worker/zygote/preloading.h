/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starting a program with the object that makes zygotes preloaded; and asking the dynamic linker whether it would be.
 */
#ifndef WORKER_ZYGOTE_PRELOADING_H
#define WORKER_ZYGOTE_PRELOADING_H

#include "base/dialect.h"
#include "process/command.h"
#include "worker/workplace.h"

/* A start, which can be made several times. */
struct preloading {
	/* Its environment, with the object preloaded before what the user has preloaded, and one variable more. */
	const struct command *command;
	char *preload;
	char *variable;
	char **environment;
	char *arguments[2];
	/* Of the process that was started. */
	pid_t pid;
};

/*
 * The object as a file that can be preloaded: in memory of this process, while *fd is open (the caller's). A new string
 * (free); NULL with errno.
 */
char *preloading_object(int *fd);

/* command is the task's, and outlives it; object is a path; variable is "NAME=value". */
void preloading_init(struct preloading *preloading, const struct command *command, const char *object,
		     const char *variable);

/* Begins it, with these descriptors and one to keep (-1: what is there, none): 0 with *pidfd, or -1 with errno. */
int preloading_begin(struct preloading *preloading, int input, int output, int errors, int keep, int *pidfd) MUST_CHECK;

void preloading_release(struct preloading *preloading);

/*
 * Whether the dynamic linker would preload the object into the command's program: 1, 0; -1 with errno, ECANCELED when
 * the parent is gone. null is /dev/null.
 */
int preloading_ask(struct workplace *place, const struct command *command, const char *object, int null) MUST_CHECK;

#endif
