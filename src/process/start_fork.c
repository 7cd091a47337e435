/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Start method "fork": the role runs in a copy of this process, which is safe since it has no threads. */
#include "process/start.h"

#include "process/title.h"

#include <errno.h>
#include <unistd.h>

static pid_t fork_begin(const struct role *role, const char *name, int fd, struct error *error)
{
	pid_t pid;

	title_prepare();
	pid = fork();
	if (pid == 0)
		role_enter(role, name, fd);
	if (pid < 0)
		error_set_errno(error, errno, "fork");
	return pid;
}

const struct start_method start_fork = {.name = "fork", .prefix = "Fork", .start = fork_begin};
