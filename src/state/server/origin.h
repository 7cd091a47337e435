/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a process comes from: its ancestors, its environment, its name, as /proc has them. */
#ifndef STATE_SERVER_ORIGIN_H
#define STATE_SERVER_ORIGIN_H

#include "base/bytes.h"
#include "base/dialect.h"

/* The most generations that are followed: the process, and its ancestors. */
enum { ORIGIN_GENERATIONS = 64 };

struct origin {
	/* The processes, the nearest first, and the process group of each, 0 if it is not known. */
	pid_t pids[ORIGIN_GENERATIONS];
	pid_t groups[ORIGIN_GENERATIONS];
	size_t count;
};

/* Finds the ancestors of a process: none if it has ended. */
void origin_find(struct origin *origin, pid_t pid);

/* Returns the parent of a process, 0 if it has none. */
pid_t origin_parent(pid_t pid);

/* True if the process is the user's. */
bool origin_is_of(pid_t pid, uid_t uid);

/* Appends a process in words. */
void origin_describe(pid_t pid, struct bytes *out);

/* Reads the environment that the process was started with: strings, each ended by a NUL. Empty if it is not known. */
void origin_environment(pid_t pid, struct bytes *out);

/* Returns the value of a variable ("NAME=") in such an environment, or NULL. */
const char *origin_variable(struct bytes *environment, const char *name);

#endif
