/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The worker's side of its zygote: making it, and starting tasks in its children. */
#include "worker/zygote/zygote.h"

#include "base/mem.h"
#include "base/trace.h"
#include "ipc/channel.h"
#include "ipc/fd.h"
#include "worker/zygote/fitness.h"
#include "worker/zygote/preloading.h"

#include <errno.h>
#include <inttypes.h>

/* What comes before main may take so long. */
#define START_TIME (10 * NSEC_PER_SEC)

void zygote_init(struct zygote *zygote)
{
	*zygote = (struct zygote){.channel = -1, .tasks = {-1, -1, -1}, .pidfd = -1};
}

/* Why a zygote is none, by its answer. */
static const char *zygote_describe(int32_t answer)
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
	return (place->briefing.flags & BRIEFING_STDIN ? 1u : 0u) |
	       (place->briefing.flags & BRIEFING_UNGROUPED ? 0u : 6u);
}

/* Whether a message was refused for want of what the kernel allows to be on its way, and may be sent again later. */
static bool is_short(int number)
{
	return number == ETOOMANYREFS || number == ENOBUFS || number == ENOMEM || number == EAGAIN;
}

/* Waits until it has said something or has ended, whoever else may have its end of the channel. False: the parent is
 * gone. */
static bool await_words(const struct zygote *zygote, struct workplace *place, nsec deadline)
{
	struct fd_wait waits[] = {
		{.fd = -1},
		{.fd = zygote->channel, .want_input = true},
		{.fd = zygote->pidfd, .want_input = true},
	};

	return workplace_await(place, waits, countof(waits), deadline);
}

/* Takes its next answer: 0 with it; -1 with errno: ETIME at the deadline, ENOTCONN when it has ended, ECANCELED: no
 * parent. */
static int listen_to(struct zygote *zygote, struct workplace *place, nsec deadline, struct zygote_answer *answer)
{
	struct fd_wait ended = {.fd = zygote->pidfd, .want_input = true};
	struct message message;
	int got;

	/* Mostly it is there. */
	while ((got = channel_receive(zygote->channel, &message)) == 0 && !ended.input && clock_now() < deadline) {
		if (!await_words(zygote, place, deadline)) {
			errno = ECANCELED;
			return -1;
		}
		/* Looked at before what it may have said last. */
		fd_wait(&ended, 1, 0);
	}
	errno = got || ended.input ? ENOTCONN : ETIME;
	if (got <= 0 || message.payload.size != sizeof *answer)
		return -1;
	memcpy(answer, message.payload.data, sizeof *answer);
	return 0;
}

/* There is a child for the next task, unless there could be none. */
static void take_child(struct zygote *zygote, const struct zygote_answer *answer)
{
	zygote->next = answer->number ? 0 : answer->pid;
	zygote->turn = answer->turn % ZYGOTE_TURNS;
}

/* Tells a zygote what it needs, and waits for its first child: NULL in *problem when there is one. -1 with errno. */
static int introduce(struct zygote *zygote, struct workplace *place, const int *children, const char **problem)
{
	struct zygote_setup setup = {.streams = streams(place), .worker = getpid()};
	struct slice payload = {.data = (const char *)&setup, .size = sizeof setup};
	struct zygote_answer answer;

	/* One that has gone already says more by its answer. */
	if (channel_send(zygote->channel, ZYGOTE_SETUP, payload, children, ZYGOTE_TURNS) < 0 && is_short(errno)) {
		errno = EAGAIN;
		return -1;
	}
	if (listen_to(zygote, place, clock_now() + START_TIME, &answer) < 0) {
		*problem = errno == ETIME ? "it takes too long to come to its main" : "it ends before its main";
		return errno == ECANCELED ? -1 : 0;
	}
	*problem = answer.number < 0 ? zygote_describe(answer.number) : NULL;
	take_child(zygote, &answer);
	return 0;
}

/* The children's channels: our ends in the zygote, theirs in children. -1 with errno. */
static int open_turns(struct zygote *zygote, int children[ZYGOTE_TURNS])
{
	int ends[2], i;

	for (i = 0; i < ZYGOTE_TURNS; i++) {
		if (channel_pair(ends) < 0)
			return -1;
		zygote->tasks[i] = ends[0];
		children[i] = ends[1];
	}
	return 0;
}

/* Starts the program up to its main, with its end of the channel: NULL in *problem when it is there. -1 with errno. */
static int start_program(struct zygote *zygote, struct workplace *place, const struct command *command,
			 const char *object, int null, int channel, const char **problem)
{
	int children[ZYGOTE_TURNS] = {-1, -1, -1}, standard = place->briefing.flags & BRIEFING_UNGROUPED ? -1 : null,
	    started = -1, i;
	char *variable = mem_format("%s%d:%ld", ZYGOTE_VARIABLE, channel, (long)getpid());
	struct preloading preloading;

	preloading_init(&preloading, command, object, variable);
	if (open_turns(zygote, children) == 0)
		started = preloading_begin(&preloading, null, standard, standard, channel, &zygote->pidfd);
	fd_close(&channel);
	zygote->pid = preloading.pid;
	if (started == 0) {
		trace_event("zygote_start", "\"worker\":\"%s\",\"zygote_pid\":%ld", place->setup.name,
			    (long)preloading.pid);
		started = introduce(zygote, place, children, problem);
	}
	for (i = 0; i < ZYGOTE_TURNS; i++)
		fd_close(&children[i]);
	preloading_release(&preloading);
	free(variable);
	return started;
}

/* Everything that can be in the way, in the order in which it costs something to find out. */
static int make(struct zygote *zygote, struct workplace *place, const struct command *command, int null,
		const char **problem)
{
	int fd, made, number, ends[2];
	char *object;

	*problem = fitness_problem(command->path);
	if (*problem)
		return 0;
	object = preloading_object(&fd);
	if (!object)
		return -1;
	made = preloading_ask(place, command, object, null);
	if (made == 0)
		*problem = "the dynamic linker does not preload into it";
	else if (made > 0 && (made = channel_pair(ends)) == 0) {
		zygote->channel = ends[0];
		made = start_program(zygote, place, command, object, null, ends[1], problem);
	}
	number = errno;
	if (made < 0 || *problem)
		zygote_release(zygote);
	free(object);
	fd_close(&fd);
	errno = number;
	return made;
}

static const char too_few[] = "there are too few processes or descriptors for that";

/* Tells why tasks are executed: 0; -1 when the parent is gone. */
static int zygote_tell(struct workplace *place, const char *problem)
{
	if (workplace_send(place, PACKET_UNFIT, slice_of(problem)))
		return 0;
	errno = ECANCELED;
	return -1;
}

int zygote_prepare(struct zygote *zygote, struct workplace *place, const struct command *command, int null)
{
	const char *problem;

	if (zygote->tried)
		return zygote->channel >= 0;
	if (make(zygote, place, command, null, &problem) < 0) {
		if (errno == ECANCELED)
			return -1;
		/* It takes more of them than its tasks do. What cannot be executed at all is told of by the task that
		 * is. */
		problem = command_wants_resources(errno) ? too_few : NULL;
	}
	zygote->tried = true;
	if (zygote->channel >= 0)
		return 1;
	return problem ? zygote_tell(place, problem) : 0;
}

/* How large the message for a task would be. */
static size_t zygote_size_of(const struct command *command)
{
	size_t size = sizeof(struct zygote_task);
	char *const *argument;

	for (argument = command->arguments; *argument && size <= CHANNEL_MESSAGE_MAX; argument++)
		size = size_add(size, strlen(*argument) + 1);
	return size;
}

bool zygote_can_take(const struct command *command)
{
	return zygote_size_of(command) <= CHANNEL_MESSAGE_MAX;
}

static void put_task(struct bytes *bytes, pid_t pid, const struct command *command, char *const *variables)
{
	struct zygote_task task = {.pid = pid};
	char *const *argument;
	size_t i;

	for (i = 0; i < ZYGOTE_VARIABLES; i++)
		snprintf(task.variables[i], sizeof task.variables[i], "%s", variables[i]);
	while (command->arguments[task.count])
		task.count++;
	bytes_clear(bytes);
	bytes_append(bytes, &task, sizeof task);
	for (argument = command->arguments; *argument; argument++)
		bytes_append(bytes, *argument, strlen(*argument) + 1);
}

/* Asks for as many children as may wait. -1: the zygote is gone. */
static int ask_for_children(struct zygote *zygote)
{
	for (; zygote->asked + (zygote->next != 0) < ZYGOTE_AHEAD; zygote->asked++) {
		if (channel_send(zygote->channel, ZYGOTE_FORK, (struct slice){.data = NULL}, NULL, 0) < 0)
			return -1;
	}
	return 0;
}

/* Makes sure of a child that waits for a task: 0; -1 with errno, as zygote_start. */
static int find_child(struct zygote *zygote, struct workplace *place)
{
	struct zygote_answer answer;

	/* One that was killed while it waited may be gone altogether. */
	while (!zygote->next || command_lead(zygote->next) < 0) {
		zygote->next = 0;
		if (ask_for_children(zygote) < 0 || listen_to(zygote, place, clock_now() + START_TIME, &answer) < 0) {
			errno = ECANCELED;
			return -1;
		}
		zygote->asked--;
		take_child(zygote, &answer);
		errno = answer.number;
		if (answer.number)
			return -1;
	}
	return 0;
}

int zygote_start(struct zygote *zygote, struct workplace *place, const struct command *command, char *const *variables)
{
	const int given[] = {command->input, command->output, command->errors};
	int fds[countof(given)], fd;
	size_t fd_count = 0;

	if (find_child(zygote, place) < 0) {
		if (!command_wants_resources(errno))
			return -1;
		/* Executed, tasks take fewer. */
		zygote_release(zygote);
		return zygote_tell(place, too_few) < 0 ? -1 : 1;
	}
	for (fd = 0; fd < (int)countof(given); fd++) {
		if (streams(place) >> fd & 1)
			fds[fd_count++] = given[fd];
	}
	put_task(&place->scratch, zygote->next, command, variables);
	/* Known before it can do anything. */
	*command->pid = zygote->next;
	if (channel_send(zygote->tasks[zygote->turn], ZYGOTE_TASK, bytes_slice(&place->scratch), fds, fd_count) < 0) {
		*command->pid = 0;
		errno = is_short(errno) ? EAGAIN : ECANCELED;
		return -1;
	}
	zygote->next = 0;
	/* While the task runs. Should the zygote be gone, the next start tells. */
	(void)!ask_for_children(zygote);
	return 0;
}

bool zygote_was_untaken(const struct zygote *zygote)
{
	return zygote->channel >= 0 && channel_has_unread(zygote->tasks[zygote->turn]);
}

void zygote_release(struct zygote *zygote)
{
	struct fd_wait ended = {.fd = zygote->pidfd, .want_input = true};
	int i;

	/* A child that waits and cannot hear is killed; the others see the end of the channel, also one that nobody
	 * knows of yet. */
	if (zygote->next && command_lead(zygote->next) == 0)
		command_kill(zygote->next);
	zygote->next = 0;
	fd_close(&zygote->channel);
	for (i = 0; i < ZYGOTE_TURNS; i++)
		fd_close(&zygote->tasks[i]);
	if (zygote->pidfd < 0)
		return;
	/* One that has ended may have been waited for with the orphans, and its number be another's. */
	fd_wait(&ended, 1, 0);
	if (!ended.input)
		command_kill(zygote->pid);
	fd_close(&zygote->pidfd);
	command_reap_orphans();
}
