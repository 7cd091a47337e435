/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Roles: everything that a process of this binary can be besides the program that the user started.
 *
 * A role is a function that talks to its starter through one descriptor; everything else it needs comes over that.
 * Whatever the start method, a role begins in role_enter: default signal dispositions, an empty mask, a process group
 * of its own, and no descriptors but 0, 1, 2, its own and those that the program was started with.
 */
#ifndef PROCESS_ROLE_H
#define PROCESS_ROLE_H

#include "base/dialect.h"

struct role {
	const char *name;
	/* The function of the role: owns fd; returns the exit status of the process. */
	int (*main)(int fd);
};

/* Sets the table of roles, which ends with a NULL name and must outlive the process. Called first in main. */
void roles_declare(const struct role *roles);

/* Returns the declared role of that name, or NULL. */
const struct role *role_find(const char *name);

/*
 * Turns a new process into the role: sets what a role relies on, shows "mpmap: NAME" to ps(1), runs the role and exits
 * with its status.
 */
void role_enter(const struct role *role, const char *name, int fd) NORETURN;

/* Lets this process end as soon as its starter has ended, or only be continued then, as a role begins. */
void role_end_with_parent(bool ends);

/*
 * Runs a role and never returns if the command line says that this process was started for one. Called in main, after
 * roles_declare and signals_init only.
 */
void role_enter_if_asked(int argc, char **argv);

/* Begins argv[1] of a process that was started for a role; the role's name follows, argv[2] is its descriptor, argv[0]
 * its title (process/title.h). */
#define ROLE_ARGUMENT "--role="

#endif
