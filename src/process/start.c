/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of start methods. */
#include "process/start.h"

const struct start_method *const start_methods[] = {
	&start_fork,
	&start_spawn,
	&start_forkserver,
	NULL,
};

const struct start_method *start_method_find(const char *name)
{
	const struct start_method *const *method;

	for (method = start_methods; *method; method++) {
		if (strcmp((*method)->name, name) == 0)
			return *method;
	}
	return NULL;
}
