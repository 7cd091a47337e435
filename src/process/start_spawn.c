/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Start method "spawn": the role runs in a new image of this binary, which gets one descriptor of this process. */
#include "process/start.h"

#include "ipc/fd.h"
#include "process/command.h"
#include "process/title.h"

#include <errno.h>
#include <unistd.h>

static pid_t spawn_begin(const struct role *role, const char *name, int fd, struct error *error)
{
	char title[64], argument[64], number[16];
	char *arguments[] = {title, argument, number, NULL};
	pid_t pid = 0;
	struct command command = {
		.path = "/proc/self/exe",
		.arguments = arguments,
		.environment = environ,
		.input = -1,
		.output = -1,
		.errors = -1,
		.keep = {fd, -1, -1},
		.is_role = true,
		.pid = &pid,
	};
	enum command_stage stage;

	/* The title from the start on, before the process sets it. */
	snprintf(title, sizeof title, TITLE_PREFIX "%s", name);
	snprintf(argument, sizeof argument, ROLE_ARGUMENT "%s", role->name);
	snprintf(number, sizeof number, "%d", fd);
	if (command_start(&command, NULL, &stage) < 0) {
		error_set_errno(error, errno, "spawn");
		return -1;
	}
	return pid;
}

const struct start_method start_spawn = {.name = "spawn", .prefix = "Spawn", .start = spawn_begin};
