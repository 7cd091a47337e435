/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The environment of a worker while it calls functions: that of tasks, but for what differs from task to task. */
#ifndef WORKER_PLUGIN_VARIABLES_H
#define WORKER_PLUGIN_VARIABLES_H

#include "base/dialect.h"
#include "worker/workplace.h"

/* All zero if the process has its own. */
struct variables {
	char **before;
	char **environment;
	/* The strings in it that are its own, ended by NULL. */
	char **owned;
};

/* Gives this process the environment. */
void variables_enter(struct variables *variables, const struct workplace *place);

/* Gives it back its own. */
void variables_leave(struct variables *variables);

#endif
