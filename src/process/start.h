/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Starting a role in a process of its own: the three start methods.
 *
 * All three arrive in role_enter with the same descriptor, so that they cannot differ in what a role finds. Their names
 * and meanings are those of Python's multiprocessing (its documentation, "Contexts and start methods").
 */
#ifndef PROCESS_START_H
#define PROCESS_START_H

#include "base/dialect.h"
#include "base/error.h"
#include "process/role.h"

struct start_method {
	const char *name;
	/* The beginning of its processes' names: "Fork" for ForkWorker-1. */
	const char *prefix;
	/*
	 * Starts role with fd, which remains the caller's; name, which forks have too, is what ps(1) shows of the
	 * process. Returns the pid, a child of this process, or -1 with the error set. The error's number is EAGAIN,
	 * ENOMEM, EMFILE or ENFILE when a later attempt can succeed.
	 */
	pid_t (*start)(const struct role *role, const char *name, int fd, struct error *error);
};

extern const struct start_method start_fork, start_spawn, start_forkserver;

/* All methods, the default first, then NULL. */
extern const struct start_method *const start_methods[];

/* Returns the method of that name, or NULL. */
const struct start_method *start_method_find(const char *name);

/* The forkserver's role, a row of the table of roles. */
int forkserver_main(int fd);
#define FORKSERVER_ROLE "forkserver"

/* Starts the forkserver, while this process is clean, before its first use. Returns 0, or -1 with the error set. */
int forkserver_prepare(struct error *error) MUST_CHECK;

/* Returns the forkserver's pid, or 0 if none runs. */
pid_t forkserver_pid(void);

/* Ends the forkserver, if there is one. The processes that it started continue. */
void forkserver_stop(void);

#endif
