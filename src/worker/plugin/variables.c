/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The environment of tasks, for functions that are called in the worker. */
#include "worker/plugin/variables.h"

#include "base/mem.h"
#include "worker/launcher.h"

#include <unistd.h>

void variables_enter(struct variables *variables, const struct workplace *place)
{
	struct launcher launcher = {.environment = NULL};
	size_t count;

	launcher_make_environment(&launcher, place);
	launcher.environment[launcher.first_of_task] = NULL;
	count = launcher.first_of_task - launcher.first_own;
	/* A function may take variables out of the environment. */
	variables->owned = mem_copy(launcher.environment + launcher.first_own, (count + 1) * sizeof(char *));
	variables->environment = launcher.environment;
	variables->before = environ;
	environ = variables->environment;
}

void variables_leave(struct variables *variables)
{
	size_t i;

	if (!variables->environment)
		return;
	environ = variables->before;
	for (i = 0; variables->owned[i]; i++)
		free(variables->owned[i]);
	free(variables->owned);
	free(variables->environment);
	*variables = (struct variables){.before = NULL};
}
