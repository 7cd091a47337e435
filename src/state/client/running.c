/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running a COMMAND. */
#include "state/client/running.h"

#include "base/clock.h"
#include "base/diag.h"
#include "ipc/fd.h"
#include "process/command.h"
#include "process/signals.h"

#include <errno.h>
#include <unistd.h>

int running_init(struct running *running)
{
	*running = (struct running){.pidfd = -1, .signals = signals_open()};
	return running->signals < 0 ? -1 : 0;
}

char **running_environment(void)
{
	return environ;
}

/* Returns the value of a variable, or NULL. */
static const char *running_variable(char *const *environment, const char *name)
{
	size_t size = strlen(name);

	for (; *environment; environment++) {
		if (strncmp(*environment, name, size) == 0 && (*environment)[size] == '=')
			return *environment + size + 1;
	}
	return NULL;
}

/* Reports why a command cannot be run. Returns the exit status. */
static int running_fail(const char *name, int number)
{
	diag_error("cannot run '%s': %s", name, strerror(number));
	if (command_wants_resources(number))
		return RUNNING_FAILED;
	return number == ENOENT ? RUNNING_NOT_FOUND : RUNNING_NOT_EXECUTABLE;
}

int running_start(struct running *running, char **command, char **environment, const int fd_and_number[2])
{
	char *path = command_find(command[0], running_variable(environment, "PATH"));
	struct command start = {
		.path = path,
		.arguments = command,
		.environment = environment,
		.input = -1,
		.output = -1,
		.errors = -1,
		.keep = {fd_and_number[0], -1, -1},
		.keep_as = fd_and_number[1],
		.terminal = -1,
		.ignored = signals_ignored_at_start(),
		.is_bound = true,
		.pid = &running->pid,
	};
	enum command_stage stage;
	int number;

	if (!path)
		return running_fail(command[0], errno);
	number = command_start(&start, &running->pidfd, &stage) < 0 ? errno : 0;
	free(path);
	if (!number)
		return 0;
	running->pid = 0;
	running->pidfd = -1;
	return running_fail(command[0], number);
}

int running_pass_signals(struct running *running)
{
	int number, last = 0;

	while ((number = signals_next(running->signals))) {
		switch (number) {
		case SIGTERM:
		case SIGHUP:
		case SIGUSR1:
		case SIGUSR2:
			if (running->pid > 0)
				command_signal(running->pid, number);
			last = number;
			break;
		case SIGTSTP:
			/* The terminal has stopped COMMAND, too. */
			signals_stop(number);
			break;
		case SIGINT:
		case SIGQUIT:
			/* The terminal has sent it to COMMAND, too. */
			last = number;
			break;
		default:
			break;
		}
	}
	return last;
}

int running_wait(struct running *running)
{
	struct fd_wait waits[] = {{.fd = running->pidfd, .want_input = true},
				  {.fd = running->signals, .want_input = true}};
	struct command_end end;

	do {
		fd_wait(waits, countof(waits), NSEC_FOREVER);
		running_pass_signals(running);
	} while (!waits[0].input);
	end = command_reap(running->pid);
	fd_close(&running->pidfd);
	return end.signal ? 128 + end.signal : end.status;
}
