/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The executor that gives each task a process of its own.
 *
 * Waking up for every write of a short task would cost a context switch each, so at first only the task's end is waited
 * for, and its pipes are read once it has ended. A task that is still there after a moment, or whose forerunner filled
 * its pipes, is followed closely.
 *
 * A task is its process group: when its process has ended, what is left of the group gets a moment for output in the
 * pipe, then SIGTERM, then SIGKILL.
 */
#include "worker/executor.h"

#include "base/diag.h"
#include "base/mem.h"
#include "base/trace.h"
#include "ipc/fd.h"
#include "process/command.h"
#include "worker/capture.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

/* How long a task's end alone is waited for. */
#define PATIENCE NSEC_PER_MSEC
/* What is behind a task in its chunk waits this long for it at most. */
#define SHARE_TIME (8 * NSEC_PER_MSEC)
/* How long output is waited for after a task's end, when somebody still holds its pipe. */
#define DRAIN_TIME (200 * NSEC_PER_MSEC)
/* How often a group that is ending is looked at: there is no event for its end. */
#define GROUP_PERIOD (5 * NSEC_PER_MSEC)

/* More than this cannot have been in a task's pipes when it ended; who goes on writing is a daemon. */
enum { PIPE_MOST = 2 * 1024 * 1024 };

/* A task that wrote this much makes the next be followed closely. */
enum { MUCH_OUTPUT = 32768 };

/* Environment variables that differ from task to task or from worker to worker. */
enum { OWN_VARIABLES = 5 };

struct command_state {
	int null;
	char **environment;
	/* "MPMAP_SEQ=" and room for a number; an element of the environment. */
	char sequence[32];
	/* The last task filled its pipes: the next is followed closely from the start. */
	bool eager;
};

/* A task that runs. */
struct running {
	uint64_t index;
	struct capture capture;
	pid_t pid;
	int pidfd;
	nsec started;
	bool closely;
};

static bool is_own_variable(const char *variable)
{
	static const char *const names[OWN_VARIABLES] = {
		"MPMAP_SEQ=", "MPMAP_SLOT=", "MPMAP_WORKER=", "MPMAP_ATTEMPT=", "MPMAP_RUN_ID=",
	};
	size_t i;

	for (i = 0; i < countof(names); i++) {
		if (strncmp(variable, names[i], strlen(names[i])) == 0)
			return true;
	}
	return false;
}

static void build_environment(struct command_state *state, const struct workplace *place)
{
	size_t count = 0, kept = 0, i;

	while (environ[count])
		count++;
	state->environment = mem_new(count + OWN_VARIABLES + 1, sizeof *state->environment);
	for (i = 0; i < count; i++) {
		if (!is_own_variable(environ[i]))
			state->environment[kept++] = environ[i];
	}
	state->environment[kept++] = state->sequence;
	state->environment[kept++] = mem_format("MPMAP_SLOT=%" PRIu32, place->setup.seat + 1);
	state->environment[kept++] = mem_format("MPMAP_WORKER=%s", place->setup.name);
	state->environment[kept++] = mem_format("MPMAP_ATTEMPT=1");
	state->environment[kept++] = mem_format("MPMAP_RUN_ID=%s", place->run.id);
	state->environment[kept] = NULL;
}

static int open_command(struct workplace *place, void **opaque)
{
	struct command_state *state = mem_new(1, sizeof *state);

	*opaque = state;
	command_adopt_orphans();
	build_environment(state, place);
	state->null = fd_null();
	return state->null < 0 ? -1 : 0;
}

static void close_command(struct workplace *place UNUSED, void *opaque)
{
	struct command_state *state = opaque;
	size_t count = 0;

	while (state->environment[count])
		count++;
	/* The last four are our own strings. */
	while (count && state->environment[count - 1] != state->sequence)
		free(state->environment[--count]);
	free(state->environment);
	fd_close(&state->null);
	free(state);
}

/* Executes a file that the kernel does not know how to: as a script for the shell, as execvp does. */
static int start_script(struct command *command, int *pidfd, bool *executed)
{
	char shell[] = "/bin/sh";
	size_t count = 0;
	char **arguments;
	int started;

	while (command->arguments[count])
		count++;
	arguments = mem_new(count + 2, sizeof *arguments);
	arguments[0] = shell;
	arguments[1] = (char *)(uintptr_t)command->path;
	memcpy(arguments + 2, command->arguments + 1, count * sizeof *arguments);
	command->path = shell;
	command->arguments = arguments;
	started = command_start(command, pidfd, executed);
	free(arguments);
	return started;
}

/* Starts the process. -1 with errno; *executed as command_start says. */
static int start_process(struct workplace *place, struct command_state *state, const struct task *task,
			 const int writers[CAPTURE_STREAMS], int *pidfd, bool *executed)
{
	struct template_values values = workplace_values(place);
	struct command command = {
		.arguments = template_expand(&place->template, task, &values),
		.environment = state->environment,
		.input = state->null,
		.output = writers[0],
		.errors = writers[1],
		.keep = -1,
		.ignored = place->run.ignored,
		.nice = place->run.nice,
		.is_task = true,
		.pid = (pid_t *)(uintptr_t)&place->seat->task,
	};
	char *found = NULL;
	int started = -1, number;

	*executed = true;
	command.path = place->run.command;
	if (!command.path)
		command.path = found = command_find(command.arguments[0], place->run.path);
	if (command.path) {
		started = command_start(&command, pidfd, executed);
		if (started < 0 && *executed && errno == ENOEXEC)
			started = start_script(&command, pidfd, executed);
	}
	number = errno;
	free(found);
	errno = number;
	return started;
}

static bool is_want_of_resources(int number)
{
	return number == EAGAIN || number == ENOMEM || number == EMFILE || number == ENFILE;
}

static void print_command(struct workplace *place, const struct task *task)
{
	struct template_values values = workplace_values(place);

	bytes_clear(&place->scratch);
	template_quote(&place->template, task, &values, &place->scratch);
	bytes_append_text(&place->scratch, "\n");
	diag_line(bytes_slice(&place->scratch));
}

/* Begins a task. EXECUTOR_DONE with running->pid 0: it could not be started, and the result says why. */
static enum executor_end begin(struct workplace *place, struct command_state *state, const struct task *task,
			       struct result *result, struct running *running)
{
	int writers[CAPTURE_STREAMS] = {-1, -1}, started, number;
	bool executed = false;

	*running = (struct running){.index = task->index, .capture.readers = {-1, -1}, .pidfd = -1};
	if (!(place->run.flags & RUN_UNGROUPED) && capture_open(&running->capture, task->index, writers) < 0)
		return EXECUTOR_STARVED;
	if (place->run.flags & RUN_VERBOSE && !place->retrying)
		print_command(place, task);
	snprintf(state->sequence, sizeof state->sequence, "MPMAP_SEQ=%" PRIu64, task->index + 1);
	place->seat->task = 0;
	result->start = clock_wall();
	running->started = clock_now();
	started = start_process(place, state, task, writers, &running->pidfd, &executed);
	number = errno;
	fd_close(&writers[0]);
	fd_close(&writers[1]);
	if (started == 0) {
		running->pid = place->seat->task;
		trace_event("task_start", "\"seq\":%" PRIu64 ",\"worker\":\"%s\",\"task_pid\":%ld", task->index + 1,
			    place->setup.name, (long)running->pid);
		return EXECUTOR_DONE;
	}
	capture_close(&running->capture);
	place->seat->task = 0;
	errno = number;
	if (!executed && is_want_of_resources(number))
		return EXECUTOR_STARVED;
	*result = (struct result){
		.index = task->index,
		.slot = result->slot,
		.outcome = OUTCOME_NOT_STARTED,
		.status = -1,
		.number = number,
	};
	return EXECUTOR_DONE;
}

enum { WAIT_CHANNEL, WAIT_END, WAIT_OUTPUT, WAIT_ERRORS, WAITS };

/*
 * Waits for the parent, the task's end and its output, whichever is first, at most until the deadline; takes in the
 * output. False when the parent is gone.
 */
static bool wait_for_task(struct workplace *place, struct running *running, nsec deadline, bool *ended)
{
	struct fd_wait waits[WAITS] = {
		[WAIT_CHANNEL] = {.fd = place->channel, .want_input = true},
		[WAIT_END] = {.fd = running->pidfd, .want_input = true},
		[WAIT_OUTPUT] = {.fd = -1, .want_input = true},
		[WAIT_ERRORS] = {.fd = -1, .want_input = true},
	};
	nsec due = workplace_deadline(place);

	if (running->closely && !running->capture.blocked) {
		waits[WAIT_OUTPUT].fd = running->capture.readers[0];
		waits[WAIT_ERRORS].fd = running->capture.readers[1];
	}
	fd_wait(waits, WAITS, due < deadline ? due : deadline);
	if (waits[WAIT_CHANNEL].input && !workplace_listen(place))
		return false;
	*ended = waits[WAIT_END].input;
	if (running->closely)
		capture_drain(&running->capture, place);
	workplace_announce_if_due(place);
	return true;
}

/* Follows a task to the end of its process. False when the parent is gone. */
static bool follow(struct workplace *place, struct running *running)
{
	nsec patience = running->started + PATIENCE, share = running->started + SHARE_TIME;
	bool ended = false;

	while (!ended) {
		if (!wait_for_task(place, running, running->closely ? share : patience, &ended))
			return false;
		if (ended || clock_now() < patience)
			continue;
		running->closely = true;
		if (clock_now() >= share) {
			workplace_share(place, running->index);
			share = NSEC_FOREVER;
		}
	}
	return true;
}

/* The next step against a group that outlives its task. */
struct ending {
	nsec drained;
	nsec deadline;
	int signal;
	bool killed;
};

/* Ends what is left of the group, step by step: false when nothing is, or nothing that we may end. */
static bool end_group(struct workplace *place, struct running *running, struct ending *ending)
{
	bool denied, there = command_signal_group(running->pid, 0, &denied);

	/* Zombies count as members until somebody has waited for them. */
	if (there) {
		command_reap_orphans();
		there = command_signal_group(running->pid, 0, &denied);
	}

	if (denied && ending->signal != SIGCONT) {
		diag_note("the process group %ld of task %" PRIu64 " may not be signalled and is left alone", (long)running->pid,
			  running->index + 1);
		ending->signal = SIGCONT;
	}
	if (!there || denied)
		return false;
	if (clock_now() >= ending->deadline) {
		/* Zombies that nobody reaps, or processes that the kernel does not let die: not worth waiting for. */
		if (ending->signal == SIGKILL && ending->killed)
			return false;
		ending->killed = ending->signal == SIGKILL;
		command_signal_group(running->pid, ending->signal, &denied);
		/* A stopped process gets SIGTERM only once it goes on. */
		command_signal_group(running->pid, SIGCONT, &denied);
		ending->deadline = clock_now() + (ending->signal == SIGTERM ? place->run.grace : NSEC_PER_SEC);
		ending->signal = SIGKILL;
	}
	return true;
}

/* After the end of a task's process: the rest of its output, and of its group. False when the parent is gone. */
static bool settle(struct workplace *place, struct running *running)
{
	nsec now = clock_now();
	struct ending ending = {.drained = now + DRAIN_TIME, .deadline = now + DRAIN_TIME, .signal = SIGTERM};
	uint64_t before = running->capture.total;
	bool ended;

	for (;;) {
		bool group, waiting;

		capture_drain(&running->capture, place);
		group = end_group(place, running, &ending);
		waiting = !capture_is_at_end(&running->capture);
		if (!group && !waiting)
			return true;
		now = clock_now();
		/* What is in the pipe counts however long the parent takes to make room for it. */
		if (!group && now >= ending.drained && !running->capture.blocked)
			return true;
		running->closely = true;
		if (!wait_for_task(place, running, group ? now + GROUP_PERIOD : ending.drained, &ended))
			return false;
		if (running->capture.blocked && running->capture.total - before < PIPE_MOST)
			ending.drained = clock_now() + DRAIN_TIME;
	}
}

static void fill_result(struct result *result, const struct running *running)
{
	struct command_end end = command_reap(running->pid);

	result->duration = clock_now() - running->started;
	result->pid = running->pid;
	result->status = end.status;
	result->signal = end.signal;
	result->user_time = end.user_time;
	result->system_time = end.system_time;
	result->max_rss = end.max_rss;
	result->outcome = end.signal ? OUTCOME_SIGNALED : end.status ? OUTCOME_FAILED : OUTCOME_OK;
}

static enum executor_end run_command(struct workplace *place, void *opaque, const struct task *task,
				     struct result *result)
{
	struct command_state *state = opaque;
	struct running running;
	enum executor_end begun = begin(place, state, task, result, &running);
	bool denied;

	if (begun != EXECUTOR_DONE || !running.pid)
		return begun;
	running.closely = state->eager;
	if (!follow(place, &running))
		goto abandoned;
	fd_close(&running.pidfd);
	fill_result(result, &running);
	if (!settle(place, &running))
		goto abandoned;
	state->eager = running.capture.total >= MUCH_OUTPUT;
	capture_close(&running.capture);
	return EXECUTOR_DONE;
abandoned:
	command_signal_group(running.pid, SIGKILL, &denied);
	return EXECUTOR_ABANDONED;
}

const struct executor executor_command = {
	.name = "command",
	.open = open_command,
	.run = run_command,
	.close = close_command,
};
