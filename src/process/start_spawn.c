/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Start method "spawn": the role runs in a new image of this binary, which gets one descriptor of this process. */
#include "process/start.h"

#include "ipc/fd.h"
#include "process/command.h"

#include <errno.h>
#include <unistd.h>

static pid_t spawn_begin(const struct role *role, int fd, struct error *error)
{
	char self[] = "mpmap", name[64], number[16];
	char *arguments[] = {self, name, number, NULL};
	pid_t pid = 0;
	struct command command = {
		.path = "/proc/self/exe",
		.arguments = arguments,
		.environment = environ,
		.input = -1,
		.output = -1,
		.errors = -1,
		.keep = fd,
		.is_role = true,
		.pid = &pid,
	};
	enum command_stage stage;

	snprintf(name, sizeof name, ROLE_ARGUMENT "%s", role->name);
	snprintf(number, sizeof number, "%d", fd);
	if (command_start(&command, NULL, &stage) < 0) {
		error_set_errno(error, errno, "spawn");
		return -1;
	}
	return pid;
}

const struct start_method start_spawn = {.name = "spawn", .prefix = "Spawn", .start = spawn_begin};
