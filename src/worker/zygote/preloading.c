/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Programs with an object preloaded.
 *
 * The dynamic linker ignores LD_PRELOAD for some programs (those with rights of their own), and then main would run
 * without a task. So the linker is asked first, by a start that only lists what would be loaded.
 */
#include "worker/zygote/preloading.h"

#include "base/mem.h"
#include "ipc/fd.h"
#include "worker/zygote/object.h"
#include "worker/zygote/request.h"

#include <errno.h>

/* The longest wait for the linker, which runs nothing of the program. */
#define ASK_TIME (10 * NSEC_PER_SEC)

char *preloading_object(int *fd)
{
	*fd = fd_holding(zygote_object());
	/* A path that only this process's own user can open. */
	return *fd < 0 ? NULL : mem_format("/proc/%ld/fd/%d", (long)getpid(), *fd);
}

void preloading_init(struct preloading *preloading, const struct command *command, const char *object,
		     const char *variable)
{
	static const char preload[] = "LD_PRELOAD=";
	size_t count = 0, kept = 0, i;

	while (command->environment[count])
		count++;
	*preloading = (struct preloading){
		.command = command, .variable = mem_string(variable), .arguments = {command->arguments[0]}};
	preloading->environment = mem_new(count + 3, sizeof *preloading->environment);
	for (i = 0; i < count; i++) {
		/* The first variable of a name counts, so one that the user has set must not be taken for ours. */
		if (strncmp(command->environment[i], ZYGOTE_VARIABLE, strlen(ZYGOTE_VARIABLE)) == 0)
			continue;
		preloading->environment[kept] = command->environment[i];
		if (!preloading->preload && strncmp(command->environment[i], preload, strlen(preload)) == 0) {
			preloading->preload =
				mem_format("%s%s:%s", preload, object, command->environment[i] + strlen(preload));
			preloading->environment[kept] = preloading->preload;
		}
		kept++;
	}
	if (!preloading->preload)
		preloading->environment[kept++] = preloading->preload = mem_format("%s%s", preload, object);
	preloading->environment[kept] = preloading->variable;
}

void preloading_release(struct preloading *preloading)
{
	free(preloading->environment);
	free(preloading->preload);
	free(preloading->variable);
}

int preloading_begin(struct preloading *preloading, const struct preloading_fds *fds, int *pidfd)
{
	struct command command = *preloading->command;
	enum command_stage stage;

	command.arguments = preloading->arguments;
	command.environment = preloading->environment;
	command.input = fds->input;
	command.output = fds->output;
	command.errors = fds->errors;
	command.keep[0] = fds->keep;
	command.pid = &preloading->pid;
	return command_start(&command, pidfd, &stage);
}

/* Reads until the end of file, or for ASK_TIME. False when the parent is gone. */
static bool preloading_read_all(struct workplace *place, int fd, struct bytes *bytes)
{
	enum { SIZE = 4096 };
	nsec deadline = clock_now() + ASK_TIME;
	ssize_t got = 1;

	while (got != 0) {
		struct fd_wait waits[] = {{.fd = -1}, {.fd = fd, .want_input = true}};

		if (!workplace_await(place, waits, countof(waits), deadline))
			return false;
		if (!waits[1].input && clock_now() >= deadline)
			break;
		if (!waits[1].input)
			continue;
		got = fd_read(fd, bytes_reserve(bytes, SIZE), SIZE);
		if (got < 0 && errno != EAGAIN)
			break;
		bytes->size += got > 0 ? (size_t)got : 0;
	}
	return true;
}

int preloading_ask(struct workplace *place, const struct command *command, const char *object, int null)
{
	struct bytes list = {.data = NULL};
	int ends[2], pidfd = -1, answer = -1, number;
	struct preloading preloading;
	struct preloading_fds fds;

	if (fd_pipe(ends) < 0)
		return -1;
	preloading_init(&preloading, command, object, "LD_TRACE_LOADED_OBJECTS=1");
	fds = (struct preloading_fds){.input = null, .output = ends[1], .errors = null, .keep = -1};
	if (preloading_begin(&preloading, &fds, &pidfd) == 0) {
		fd_close(&ends[1]);
		answer = preloading_read_all(place, ends[0], &list) ? strstr(bytes_text(&list), object) != NULL : -1;
		command_kill(preloading.pid);
		fd_close(&pidfd);
		errno = ECANCELED;
	}
	number = errno;
	preloading_release(&preloading);
	bytes_release(&list);
	fd_close(&ends[0]);
	fd_close(&ends[1]);
	errno = number;
	return answer;
}
