/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starts a program in the foreground, and notices its end. */
#include "interactive/console/foreground.h"

#include "base/mem.h"
#include "ipc/fd.h"
#include "process/command.h"
#include "process/signals.h"

#include <errno.h>
#include <unistd.h>

void foreground_init(struct foreground *foreground, struct loop *loop, void (*ended)(struct foreground *foreground))
{
	*foreground = (struct foreground){.loop = loop, .ended = ended, .watch.fd = -1};
}

bool foreground_is_busy(const struct foreground *foreground)
{
	return foreground->pid > 0 || foreground->script;
}

bool foreground_is_planned(const struct foreground *foreground)
{
	return foreground->script;
}

static void foreground_take_end(struct foreground *foreground)
{
	foreground->signal = command_reap(foreground->pid).signal;
	foreground->pid = 0;
	loop_forget(foreground->loop, &foreground->watch);
	fd_close(&foreground->watch.fd);
	foreground->ended(foreground);
}

static void pidfd_ready(struct watch *watch, unsigned events UNUSED)
{
	foreground_take_end(container_of(watch, struct foreground, watch));
}

int foreground_start(struct foreground *foreground, const char *script, int input, struct error *error)
{
	static char name[] = "sh", flag[] = "-c";
	char *const arguments[] = {name, flag, (char *)(uintptr_t)script, NULL};
	const struct command command = {
		.path = "/bin/sh",
		.arguments = arguments,
		.environment = environ,
		.input = input,
		.output = -1,
		.errors = -1,
		.keep = {-1, -1, -1},
		.terminal = -1,
		.ignored = signals_ignored_at_start() & ~(UINT64_C(1) << (SIGPIPE - 1) | UINT64_C(1) << (SIGCHLD - 1)),
		.pid = &foreground->pid,
	};
	enum command_stage stage;

	foreground->watch = (struct watch){.fd = -1, .ready = pidfd_ready};
	if (command_start(&command, &foreground->watch.fd, &stage) < 0) {
		foreground->pid = 0;
		return error_set_errno(error, errno, "/bin/sh");
	}
	if (loop_watch(foreground->loop, &foreground->watch, LOOP_INPUT) < 0) {
		error_set_errno(error, errno, "cannot wait for '%s' while anything else goes on", script);
		command_reap(foreground->pid);
		foreground->pid = 0;
		fd_close(&foreground->watch.fd);
		return -1;
	}
	return 0;
}

void foreground_plan(struct foreground *foreground, const char *script, int input)
{
	foreground->script = mem_string(script);
	foreground->input = input;
}

void foreground_drop(struct foreground *foreground)
{
	free(foreground->script);
	foreground->script = NULL;
}

int foreground_begin(struct foreground *foreground, struct error *error)
{
	char *script = foreground->script;
	int started;

	foreground->script = NULL;
	started = foreground_start(foreground, script, foreground->input, error);
	free(script);
	return started;
}

void foreground_continue(struct foreground *foreground)
{
	/* It is in our process group, as are its children. */
	if (foreground->pid > 0)
		signals_tell_group(SIGCONT);
}

void foreground_wait(struct foreground *foreground)
{
	/* Waits for the pid, since the pidfd may not be ready yet. */
	if (foreground->pid > 0)
		foreground_take_end(foreground);
}
