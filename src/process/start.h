/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Starting a role in a process of its own: the three start methods, and the one way in that they share.
 *
 * A role is a function that talks to its starter through one descriptor; whatever else it needs comes over that. All
 * three methods arrive in role_enter with the same descriptor, default signal dispositions, an empty mask, a
 * process group of its own, and no other descriptor than 0, 1, 2 and what the program was started with. So they
 * cannot drift apart, and nothing is inherited by accident.
 *
 * The names and meanings of the methods are those of Python's multiprocessing (its documentation, "Contexts and start
 * methods").
 */
#ifndef PROCESS_START_H
#define PROCESS_START_H

#include "base/dialect.h"
#include "base/error.h"

struct role {
	const char *name;
	/* Owns fd; what it returns is the process's exit status. */
	int (*main)(int fd);
};

/* Everything this binary can be besides itself; ends with a NULL name. Defined beside main. */
extern const struct role roles[];

struct start_method {
	const char *name;
	/* What the names of its processes begin with ("Fork" gives ForkWorker-1). */
	const char *prefix;
	/*
	 * Starts role with fd (which stays the caller's) and returns the pid, a child of this process; -1 with the
	 * error set. Its number is EAGAIN, ENOMEM, EMFILE or ENFILE when trying again later can help.
	 */
	pid_t (*start)(const struct role *role, int fd, struct error *error);
};

/* Ends with NULL; the first is the default. */
extern const struct start_method *const start_methods[];
extern const struct start_method start_fork, start_spawn, start_forkserver;

/* The method or role of that name, or NULL. */
const struct start_method *start_method_find(const char *name);
const struct role *role_find(const char *name);

/* In the new process: makes it what a role may rely on, runs the role and exits. */
void role_enter(const struct role *role, int fd) NORETURN;

/*
 * For main: when the command line says that this process was started to run a role, runs it and never returns. Call
 * before anything else has been done but signals_init.
 */
void role_enter_if_asked(int argc, char **argv);

/* How a new image of this binary is told its role: argv[1] is this and the name, argv[2] the descriptor's number. */
#define ROLE_ARGUMENT "--role="

/* Starts the forkserver now, so that it is clean, instead of at its first use. 0, or -1 with the error set. */
int forkserver_prepare(struct error *error) MUST_CHECK;

/* The forkserver's pid, or 0 when none runs. */
pid_t forkserver_pid(void);

/* Ends the forkserver; harmless without one. What it started lives on. */
void forkserver_stop(void);

/* The forkserver's role, a row for roles[]. */
int forkserver_main(int fd);
#define FORKSERVER_ROLE "forkserver"

#endif
