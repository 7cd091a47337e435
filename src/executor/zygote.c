/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The worker's side of its zygote.
 *
 * What is preloaded is passed over by the dynamic linker where that thinks it better (a program with rights of its own), and then
 * main would run, without a task. So the linker is asked first, by a start that only lists what would be loaded.
 */
#include "executor/zygote.h"

#include "base/mem.h"
#include "base/trace.h"
#include "ipc/channel.h"
#include "ipc/fd.h"
#include "zygote/fitness.h"
#include "zygote/object.h"
#include "zygote/request.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>

/* What comes before main may take so long. */
#define START_TIME (10 * NSEC_PER_SEC)

/* A start of the program with the object preloaded. */
struct start {
	const struct command *command;
	/* Of what it is made. */
	char *preload;
	char *variable;
	char **environment;
	char *arguments[2];
	pid_t pid;
};

void zygote_init(struct zygote *zygote)
{
	*zygote = (struct zygote){.channel = -1, .pidfd = -1};
}

/* Where the object is: memory of this process, which only its own user can open. */
static char *object_path(int object)
{
	return mem_format("/proc/%ld/fd/%d", (long)getpid(), object);
}

/* The command's environment, with the object preloaded before what the user has preloaded, and one variable more. */
static void start_init(struct start *start, const struct command *command, const char *path, const char *variable)
{
	static const char preload[] = "LD_PRELOAD=";
	size_t count = 0, i;

	while (command->environment[count])
		count++;
	*start = (struct start){.command = command, .variable = mem_string(variable), .arguments = {command->arguments[0]}};
	start->environment = mem_new(count + 3, sizeof *start->environment);
	for (i = 0; i < count; i++) {
		start->environment[i] = command->environment[i];
		if (!start->preload && strncmp(command->environment[i], preload, strlen(preload)) == 0) {
			start->preload = mem_format("%s%s:%s", preload, path, command->environment[i] + strlen(preload));
			start->environment[i] = start->preload;
		}
	}
	if (!start->preload)
		start->environment[count++] = start->preload = mem_format("%s%s", preload, path);
	start->environment[count] = start->variable;
}

static void start_release(struct start *start)
{
	free(start->environment);
	free(start->preload);
	free(start->variable);
}

/* Begins it: 0 with *pidfd, or -1 with errno. */
static int begin(struct start *start, int input, int output, int errors, int keep, int *pidfd)
{
	struct command command = *start->command;
	enum command_stage stage;

	command.arguments = start->arguments;
	command.environment = start->environment;
	command.input = input;
	command.output = output;
	command.errors = errors;
	command.keep = keep;
	command.pid = &start->pid;
	return command_start(&command, pidfd, &stage);
}

/* Waits for one of ours to be readable, or for the deadline. False when the parent is gone. */
static bool await(struct workplace *place, int fd, nsec deadline, bool *readable)
{
	for (;;) {
		struct fd_wait waits[] = {{.fd = place->channel, .want_input = true}, {.fd = fd, .want_input = true}};

		fd_wait(waits, countof(waits), deadline);
		if (waits[0].input && !workplace_listen(place))
			return false;
		*readable = waits[1].input;
		if (*readable || clock_now() >= deadline)
			return true;
	}
}

/* Ends a start of ours that has not ended by itself. */
static void end(pid_t pid, int *pidfd)
{
	bool denied;

	command_signal_group(pid, SIGKILL, &denied);
	command_reap(pid);
	fd_close(pidfd);
}

/* Everything that can be read until the end, or the parent is gone (false). */
static bool read_all(struct workplace *place, int fd, struct bytes *bytes)
{
	enum { SIZE = 4096 };
	ssize_t got = 1;

	while (got != 0) {
		bool readable;

		if (!await(place, fd, NSEC_FOREVER, &readable))
			return false;
		got = fd_read(fd, bytes_reserve(bytes, SIZE), SIZE);
		if (got < 0 && errno != EAGAIN)
			break;
		bytes->size += got > 0 ? (size_t)got : 0;
	}
	return true;
}

/* Whether the linker would load the object: 1, 0; -1 with errno. */
static int ask_linker(struct workplace *place, const struct command *command, const char *path, int null)
{
	struct bytes list = {.data = NULL};
	int ends[2], pidfd = -1, answer = -1, number;
	struct start start;

	if (fd_pipe(ends) < 0)
		return -1;
	start_init(&start, command, path, "LD_TRACE_LOADED_OBJECTS=1");
	if (begin(&start, null, ends[1], null, -1, &pidfd) == 0) {
		fd_close(&ends[1]);
		answer = read_all(place, ends[0], &list) ? strstr(bytes_text(&list), path) != NULL : -1;
		end(start.pid, &pidfd);
		errno = ECANCELED;
	}
	number = errno;
	start_release(&start);
	bytes_release(&list);
	fd_close(&ends[0]);
	fd_close(&ends[1]);
	errno = number;
	return answer;
}

/* Why a zygote is none, by its answer. */
static const char *describe(int32_t answer)
{
	switch (answer) {
	case ZYGOTE_HAS_NO_START:
		return "it does not begin as programs do";
	case ZYGOTE_HAS_THREADS:
		return "it has threads before its main";
	default:
		return "its C library is not known well enough";
	}
}

/* Which descriptors come with each task. */
static uint32_t streams(const struct workplace *place)
{
	return (place->run.flags & RUN_STDIN ? 1u : 0u) | (place->run.flags & RUN_UNGROUPED ? 0u : 6u);
}

/* Tells a zygote what it needs, and waits for its answer: NULL in *problem when it is ready. -1 with errno. */
static int introduce(struct zygote *zygote, struct workplace *place, const char **problem)
{
	struct zygote_setup setup = {
		.pid_offset = (uint64_t)((const volatile char *)&place->seat->task - place->board.shm.base),
		.streams = streams(place),
		.worker = getpid(),
	};
	struct slice payload = {.data = (const char *)&setup, .size = sizeof setup};
	struct message message;
	bool readable;
	int32_t answer;

	/* One that has gone already says more by its answer. */
	(void)!channel_send(zygote->channel, ZYGOTE_SETUP, payload, &place->board.shm.fd, 1);
	if (!await(place, zygote->channel, clock_now() + START_TIME, &readable)) {
		errno = ECANCELED;
		return -1;
	}
	*problem = "it takes too long to come to its main";
	if (!readable)
		return 0;
	*problem = "it ends before its main";
	if (channel_receive(zygote->channel, &message) <= 0 || message.payload.size != sizeof answer)
		return 0;
	memcpy(&answer, message.payload.data, sizeof answer);
	*problem = answer == ZYGOTE_READY ? NULL : describe(answer);
	return 0;
}

/* Starts the program up to its main: NULL in *problem when it is there. -1 with errno. */
static int start_program(struct zygote *zygote, struct workplace *place, const struct command *command, const char *path,
			 int null, const char **problem)
{
	int ends[2], standard = place->run.flags & RUN_UNGROUPED ? -1 : null, started;
	struct start start;
	char *variable;

	if (channel_pair(ends) < 0)
		return -1;
	variable = mem_format("%s%d", ZYGOTE_VARIABLE, ends[1]);
	start_init(&start, command, path, variable);
	free(variable);
	started = begin(&start, null, standard, standard, ends[1], &zygote->pidfd);
	fd_close(&ends[1]);
	zygote->channel = ends[0];
	zygote->pid = start.pid;
	if (started == 0) {
		trace_event("zygote_start", "\"worker\":\"%s\",\"zygote_pid\":%ld", place->setup.name, (long)start.pid);
		started = introduce(zygote, place, problem);
	}
	start_release(&start);
	if (started < 0 || *problem)
		zygote_release(zygote);
	return started;
}

/* Everything that can be in the way, in the order in which it costs something to find out. */
static int make(struct zygote *zygote, struct workplace *place, const struct command *command, int null,
		const char **problem)
{
	int object, made, number;
	char *path;

	*problem = fitness_problem(command->path);
	if (*problem)
		return 0;
	object = fd_holding(zygote_object());
	if (object < 0)
		return -1;
	path = object_path(object);
	made = ask_linker(place, command, path, null);
	if (made == 0)
		*problem = "the dynamic linker does not preload into it";
	else if (made > 0)
		made = start_program(zygote, place, command, path, null, problem);
	number = errno;
	free(path);
	fd_close(&object);
	errno = number;
	return made;
}

int zygote_prepare(struct zygote *zygote, struct workplace *place, const struct command *command, int null)
{
	const char *problem;

	if (zygote->tried)
		return zygote->channel >= 0;
	if (make(zygote, place, command, null, &problem) < 0 && (errno == ECANCELED || command_wants_resources(errno)))
		return -1;
	zygote->tried = true;
	if (zygote->channel >= 0)
		return 1;
	/* What cannot be executed at all is told of by the task that is. */
	if (problem && !workplace_send(place, RECORD_UNFIT, slice_of(problem))) {
		errno = ECANCELED;
		return -1;
	}
	return 0;
}

/* How large the message for a task would be. */
static size_t size_of(const struct command *command)
{
	size_t size = sizeof(struct zygote_task);
	char *const *argument;

	for (argument = command->arguments; *argument && size <= CHANNEL_MESSAGE_MAX; argument++)
		size = size_add(size, strlen(*argument) + 1);
	return size;
}

bool zygote_can_take(const struct command *command)
{
	return size_of(command) <= CHANNEL_MESSAGE_MAX;
}

static void put_task(struct bytes *bytes, const struct command *command, const char *sequence, const char *attempt)
{
	struct zygote_task task = {.count = 0};
	char *const *argument;

	snprintf(task.sequence, sizeof task.sequence, "%s", sequence);
	snprintf(task.attempt, sizeof task.attempt, "%s", attempt);
	while (command->arguments[task.count])
		task.count++;
	bytes_clear(bytes);
	bytes_append(bytes, &task, sizeof task);
	for (argument = command->arguments; *argument; argument++)
		bytes_append(bytes, *argument, strlen(*argument) + 1);
}

int zygote_start(struct zygote *zygote, struct workplace *place, const struct command *command, const char *sequence,
		 const char *attempt, int *pidfd)
{
	const int given[] = {command->input, command->output, command->errors};
	int fds[countof(given)], fd;
	struct message message;
	size_t fd_count = 0;
	int32_t answer;
	bool readable;

	*pidfd = -1;
	for (fd = 0; fd < (int)countof(given); fd++) {
		if (streams(place) >> fd & 1)
			fds[fd_count++] = given[fd];
	}
	put_task(&place->scratch, command, sequence, attempt);
	if (channel_send(zygote->channel, ZYGOTE_TASK, bytes_slice(&place->scratch), fds, fd_count) < 0 ||
	    !await(place, zygote->channel, NSEC_FOREVER, &readable) ||
	    channel_receive(zygote->channel, &message) <= 0 || message.payload.size != sizeof answer) {
		errno = ECANCELED;
		return -1;
	}
	memcpy(&answer, message.payload.data, sizeof answer);
	if (answer == ZYGOTE_READY)
		return command_adopt(place->seat->task, pidfd);
	errno = answer;
	return -1;
}

void zygote_release(struct zygote *zygote)
{
	struct fd_wait ended = {.fd = zygote->pidfd, .want_input = true};

	fd_close(&zygote->channel);
	if (zygote->pidfd < 0)
		return;
	/* One that has ended may have been waited for with the orphans, and its number be another's. */
	if (fd_wait(&ended, 1, 0) == 0)
		end(zygote->pid, &zygote->pidfd);
	fd_close(&zygote->pidfd);
}
