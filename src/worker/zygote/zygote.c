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

/* The longest time that a program may take before its main. */
#define START_TIME (10 * NSEC_PER_SEC)

void zygote_init(struct zygote *zygote)
{
	*zygote = (struct zygote){.channel = -1, .children.channels = {-1, -1, -1}, .pidfd = -1};
}

/* Returns why there is no zygote, by its answer. */
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

/* Returns the descriptors that come with each task (1 << descriptor). */
static uint32_t streams(const struct workplace *place)
{
	return (place->briefing.flags & BRIEFING_STDIN || place->briefing.input ? 1u : 0u) |
	       (place->briefing.flags & BRIEFING_UNGROUPED ? 0u : 6u) |
	       (place->briefing.product ? place->briefing.flags & BRIEFING_MERGED ? 6u : 2u : 0u);
}

/* True if a message was refused since too much is in flight, or memory is short: it may be sent again later. */
static bool is_short(int number)
{
	return number == ETOOMANYREFS || number == ENOBUFS || number == ENOMEM || number == EAGAIN;
}

/*
 * Waits for a message of the zygote, or its end, whatever process shares its end of the channel. False when the parent
 * is gone.
 */
static bool await_words(const struct zygote *zygote, struct workplace *place, nsec deadline)
{
	struct fd_wait waits[] = {
		{.fd = -1},
		{.fd = zygote->channel, .want_input = true},
		{.fd = zygote->pidfd, .want_input = true},
	};

	return workplace_await(place, waits, countof(waits), deadline);
}

/* Receives the zygote's next answer. -1 with errno: ETIME at the deadline, ENOTCONN when it has ended, ECANCELED when
 * the parent is gone. */
static int listen_to(struct zygote *zygote, struct workplace *place, nsec deadline, struct zygote_answer *answer)
{
	struct fd_wait ended = {.fd = zygote->pidfd, .want_input = true};
	struct message message;
	int got;

	/* Usually the answer has arrived. */
	while ((got = channel_receive(zygote->channel, &message)) == 0 && !ended.input && clock_now() < deadline) {
		if (!await_words(zygote, place, deadline)) {
			errno = ECANCELED;
			return -1;
		}
		/* Checked before its last message is received. */
		fd_wait(&ended, 1, 0);
	}
	errno = got || ended.input ? ENOTCONN : ETIME;
	if (got <= 0 || message.payload.size != sizeof *answer)
		return -1;
	memcpy(answer, message.payload.data, sizeof *answer);
	return 0;
}

/* Notes the child for the next task, unless the zygote could not fork it. */
static void take_child(struct zygote *zygote, const struct zygote_answer *answer)
{
	zygote->children.next = answer->number ? 0 : answer->pid;
	zygote->children.turn = answer->turn % ZYGOTE_TURNS;
}

/* Sends a zygote its setup and waits for its first child. *problem is NULL if there is one. -1 with errno. */
static int introduce(struct zygote *zygote, struct workplace *place, const int *children, const char **problem)
{
	struct zygote_setup setup = {.streams = streams(place), .worker = getpid(), .processor = -1};
	struct slice payload = {.data = (const char *)&setup, .size = sizeof setup};
	struct zygote_answer answer;

	if (place->briefing.flags & BRIEFING_PROCESSORS) {
		affinity_get(&zygote->affinity);
		setup.processor = affinity_choose(&zygote->affinity, place->setup.seat);
	}
	/* If it has ended already, its answer says why. */
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
	zygote->is_bound = setup.processor >= 0 && affinity_bind(setup.processor) == 0;
	return 0;
}

/* Makes the children's channels: stores this side's ends in the zygote, the others in children. -1 with errno. */
static int open_turns(struct zygote *zygote, int children[ZYGOTE_TURNS])
{
	int ends[2], i;

	for (i = 0; i < ZYGOTE_TURNS; i++) {
		if (channel_pair(ends) < 0)
			return -1;
		zygote->children.channels[i] = ends[0];
		children[i] = ends[1];
	}
	return 0;
}

/* The state of making a zygote. */
struct making {
	struct zygote *zygote;
	struct workplace *place;
	const struct command *command;
	/* The path of the object to be preloaded. */
	const char *object;
	/* A descriptor of /dev/null. */
	int null;
	/* The reason, in words, why there can be no zygote; NULL if there can. */
	const char *problem;
};

/* Starts the program up to its main, with its end of the channel, which is closed here. -1 with errno. */
static int start_program(struct making *making, int channel)
{
	struct zygote *zygote = making->zygote;
	int children[ZYGOTE_TURNS] = {-1, -1, -1}, started = -1, i;
	int standard = making->place->briefing.flags & BRIEFING_UNGROUPED ? -1 : making->null;
	struct preloading_fds fds = {.input = making->null, .output = standard, .errors = standard, .keep = channel};
	char *variable = mem_format("%s%d:%ld", ZYGOTE_VARIABLE, channel, (long)getpid());
	struct preloading preloading;

	preloading_init(&preloading, making->command, making->object, variable);
	if (open_turns(zygote, children) == 0)
		started = preloading_begin(&preloading, &fds, &zygote->pidfd);
	fd_close(&channel);
	zygote->pid = preloading.pid;
	if (started == 0) {
		trace_event("zygote_start", "\"worker\":\"%s\",\"zygote_pid\":%ld", making->place->setup.name,
			    (long)preloading.pid);
		started = introduce(zygote, making->place, children, &making->problem);
	}
	for (i = 0; i < ZYGOTE_TURNS; i++)
		fd_close(&children[i]);
	preloading_release(&preloading);
	free(variable);
	return started;
}

/* Checks all that may prevent a zygote, cheapest first, and starts the program. -1 with errno. */
static int make(struct making *making)
{
	int fd, made, number, ends[2];
	char *object;

	making->problem = fitness_problem(making->command->path);
	if (making->problem)
		return 0;
	making->object = object = preloading_object(&fd);
	if (!object)
		return -1;
	made = preloading_ask(making->place, making->command, object, making->null);
	if (made == 0)
		making->problem = "the dynamic linker does not preload into it";
	else if (made > 0 && (made = channel_pair(ends)) == 0) {
		making->zygote->channel = ends[0];
		made = start_program(making, ends[1]);
	}
	number = errno;
	if (made < 0 || making->problem)
		zygote_release(making->zygote);
	free(object);
	fd_close(&fd);
	errno = number;
	return made;
}

static const char too_few[] = "there are too few processes or descriptors for that";

/* Reports why tasks are executed. -1 when the parent is gone. */
static int zygote_tell(struct workplace *place, const char *problem)
{
	if (workplace_send(place, PACKET_UNFIT, slice_of(problem)))
		return 0;
	errno = ECANCELED;
	return -1;
}

int zygote_prepare(struct zygote *zygote, struct workplace *place, const struct command *command, int null)
{
	struct making making = {.zygote = zygote, .place = place, .command = command, .null = null};

	if (zygote->tried)
		return zygote->channel >= 0;
	if (make(&making) < 0) {
		if (errno == ECANCELED)
			return -1;
		/* A zygote takes more resources than its tasks. A program that cannot be executed at all is reported by
		 * its first task. */
		making.problem = command_wants_resources(errno) ? too_few : NULL;
	}
	zygote->tried = true;
	if (zygote->channel >= 0)
		return 1;
	return making.problem ? zygote_tell(place, making.problem) : 0;
}

/* Returns the bytes of the message for a task. */
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

/* Requests as many children as may wait. -1 when the zygote is gone. */
static int request_children(struct zygote *zygote)
{
	for (; zygote->children.requested + (zygote->children.next != 0) < ZYGOTE_AHEAD; zygote->children.requested++) {
		if (channel_send(zygote->channel, ZYGOTE_FORK, (struct slice){.data = NULL}, NULL, 0) < 0)
			return -1;
	}
	return 0;
}

/* Waits until a child waits for a task. */
static enum zygote_start find_child(struct zygote *zygote, struct workplace *place)
{
	struct zygote_answer answer;

	/* A child that was killed while it waited may have been reaped. */
	while (!zygote->children.next || command_lead(zygote->children.next) < 0) {
		zygote->children.next = 0;
		if (request_children(zygote) < 0 || listen_to(zygote, place, clock_now() + START_TIME, &answer) < 0)
			return ZYGOTE_GONE;
		zygote->children.requested--;
		take_child(zygote, &answer);
		errno = answer.number;
		if (answer.number)
			return ZYGOTE_STARVED;
	}
	return ZYGOTE_STARTED;
}

/* Sends a task to the child that is next. */
static enum zygote_start give_task(struct zygote *zygote, struct workplace *place, const struct command *command)
{
	const int given[] = {command->input, command->output, command->errors};
	int fds[countof(given)], fd;
	size_t fd_count = 0;

	for (fd = 0; fd < (int)countof(given); fd++) {
		if (streams(place) >> fd & 1)
			fds[fd_count++] = given[fd];
	}
	/* Known before the child can do anything. */
	*command->pid = zygote->children.next;
	if (channel_send(zygote->children.channels[zygote->children.turn], ZYGOTE_TASK, bytes_slice(&place->scratch),
			 fds, fd_count) < 0) {
		*command->pid = 0;
		if (!is_short(errno))
			return ZYGOTE_GONE;
		errno = EAGAIN;
		return ZYGOTE_STARVED;
	}
	zygote->children.next = 0;
	return ZYGOTE_STARTED;
}

enum zygote_start zygote_start(struct zygote *zygote, struct workplace *place, const struct command *command,
			       char *const *variables)
{
	enum zygote_start started = find_child(zygote, place);

	if (started == ZYGOTE_STARVED && command_wants_resources(errno)) {
		/* Tasks that are executed take fewer resources. */
		zygote_release(zygote);
		return zygote_tell(place, too_few) < 0 ? ZYGOTE_GONE : ZYGOTE_EXECUTES;
	}
	if (started != ZYGOTE_STARTED)
		return started;
	put_task(&place->scratch, zygote->children.next, command, variables);
	started = give_task(zygote, place, command);
	/* Done while the task runs. If the zygote is gone, the next start notices. */
	if (started == ZYGOTE_STARTED)
		(void)!request_children(zygote);
	return started;
}

bool zygote_was_untaken(const struct zygote *zygote)
{
	return zygote->channel >= 0 && channel_has_unread(zygote->children.channels[zygote->children.turn]);
}

void zygote_release(struct zygote *zygote)
{
	struct fd_wait ended = {.fd = zygote->pidfd, .want_input = true};
	int i;

	/* The child that is known is killed, since it would not see the end of its channel if it is stopped. The others
	 * see it. */
	if (zygote->children.next && command_lead(zygote->children.next) == 0)
		command_kill(zygote->children.next);
	zygote->children.next = 0;
	if (zygote->is_bound)
		affinity_restore(&zygote->affinity);
	zygote->is_bound = false;
	fd_close(&zygote->channel);
	for (i = 0; i < ZYGOTE_TURNS; i++)
		fd_close(&zygote->children.channels[i]);
	if (zygote->pidfd < 0)
		return;
	/* A zygote that has ended may have been reaped with the orphans: its pid may be another process's. */
	fd_wait(&ended, 1, 0);
	if (!ended.input)
		command_kill(zygote->pid);
	fd_close(&zygote->pidfd);
	command_reap_orphans();
}
