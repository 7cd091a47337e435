/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starting tasks: what is executed, and with which environment and descriptors. */
#include "worker/launcher.h"

#include "base/diag.h"
#include "base/mem.h"
#include "base/number.h"
#include "ipc/fd.h"
#include "ipc/local.h"
#include "task/frame.h"
#include "process/command.h"
#include "board/slot_values.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

/* The beginning of the names of all variables that belong to mpmap. */
#define OURS "MPMAP_"
#define STATE_NUMBER OURS "STATE_FD="

static char *value_of_slot(const struct workplace *place)
{
	char slot[NUMBER_TEXT_MAX];

	number_print(slot, place->setup.seat + 1);
	return mem_string(slot);
}

static char *value_of_worker(const struct workplace *place)
{
	return mem_string(place->setup.name);
}

static char *value_of_run(const struct workplace *place)
{
	return mem_string(place->briefing.id);
}

static uint64_t value_of_sequence(const struct task *task)
{
	return task->index + 1;
}

static uint64_t value_of_attempt(const struct task *task)
{
	return task->attempt;
}

/* Variables that are the same for all tasks of a worker. A value is a new string. */
static const struct {
	const char *name;
	char *(*value)(const struct workplace *place);
} worker_variables[] = {
	{OURS "SLOT=", value_of_slot},
	{OURS "WORKER=", value_of_worker},
	{OURS "RUN_ID=", value_of_run},
};

/* Variables that differ from task to task: their names, and their values in the same order. */
static const char *const task_names[] = ZYGOTE_VARIABLE_NAMES;
static uint64_t (*const task_values[])(const struct task *task) = {value_of_sequence, value_of_attempt};

_Static_assert(countof(task_names) == ZYGOTE_VARIABLES && countof(task_values) == ZYGOTE_VARIABLES,
	       "each of a task's variables has a name and a value");

/* True if a variable is set by mpmap: an inherited one of the name is dropped. */
static bool is_own_variable(const char *variable, const struct briefing *briefing)
{
	size_t i;

	/* Most of an environment is passed over by its first letter: each worker scans all of it. */
	for (i = 0; *variable == *OURS && i < countof(worker_variables); i++) {
		if (strncmp(variable, worker_variables[i].name, strlen(worker_variables[i].name)) == 0)
			return true;
	}
	if (briefing->state && strncmp(variable, STATE_NUMBER, strlen(STATE_NUMBER)) == 0)
		return true;
	for (i = 0; *variable == *OURS && i < countof(task_names); i++) {
		if (strncmp(variable, task_names[i], strlen(task_names[i])) == 0)
			return true;
	}
	return briefing_sets(briefing, variable);
}

/* Sets the variables that differ from task to task. */
static void set_task(struct launcher *launcher, const struct task *task)
{
	size_t i;

	for (i = 0; i < ZYGOTE_VARIABLES; i++)
		number_print(launcher->task_variables[i] + launcher->name_lengths[i], task_values[i](task));
}

/* This process's own without mpmap's variables, then the worker's variables, then the task's. */
void launcher_make_environment(struct launcher *launcher, const struct workplace *place)
{
	size_t count = 0, kept = 0, i;

	while (environ[count])
		count++;
	launcher->environment = mem_new(count + countof(worker_variables) + place->briefing.variable_count +
						place->briefing.slot_variable_count + ZYGOTE_VARIABLES + 2,
					sizeof *launcher->environment);
	for (i = 0; i < count; i++) {
		if (!is_own_variable(environ[i], &place->briefing))
			launcher->environment[kept++] = environ[i];
	}
	launcher->first_own = kept;
	for (i = 0; i < countof(worker_variables); i++) {
		char *value = worker_variables[i].value(place);

		launcher->environment[kept++] = mem_join(worker_variables[i].name, value);
		free(value);
	}
	for (i = 0; i < place->briefing.variable_count; i++)
		launcher->environment[kept++] = mem_string(place->briefing.variables[i]);
	for (i = 0; i < place->briefing.slot_variable_count; i++)
		launcher->environment[kept++] = slot_values_pick(place->briefing.slot_variables[i], place->setup.seat);
	launcher->first_of_task = kept;
	for (i = 0; i < ZYGOTE_VARIABLES; i++) {
		launcher->name_lengths[i] = strlen(task_names[i]);
		memcpy(launcher->task_variables[i], task_names[i], launcher->name_lengths[i]);
		launcher->environment[kept++] = launcher->task_variables[i];
	}
	if (place->briefing.state_number) {
		snprintf(launcher->state_variable, sizeof launcher->state_variable, STATE_NUMBER "%" PRIu32,
			 place->briefing.state_number);
		launcher->environment[kept++] = launcher->state_variable;
	}
	launcher->environment[kept] = NULL;
}

int launcher_init(struct launcher *launcher, const struct workplace *place)
{
	*launcher = (struct launcher){.self = getpid(), .null = fd_null(), .input = -1, .terminal = -1, .children = -1};
	zygote_init(&launcher->zygote);
	if (launcher->null < 0 || fd_replace(STDIN_FILENO, launcher->null) < 0)
		return -1;
	launcher_make_environment(launcher, place);
	return 0;
}

int launcher_open_input(struct launcher *launcher, const struct workplace *place)
{
	if (!place->briefing.input)
		return 0;
	return launcher->input = open(place->briefing.input, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

void launcher_release(struct launcher *launcher)
{
	size_t i;

	launcher_listen_no_more(launcher);
	zygote_release(&launcher->zygote);
	for (i = launcher->first_own; i < launcher->first_of_task; i++)
		free(launcher->environment[i]);
	free(launcher->environment);
	frame_environment_release(&launcher->changed);
	launcher->environment = NULL;
	fd_close(&launcher->null);
	fd_close(&launcher->input);
	fd_close(&launcher->terminal);
	fd_close(&launcher->children);
}

bool launcher_listen(struct launcher *launcher)
{
	if (launcher->children < 0)
		launcher->children = signals_open_children();
	if (launcher->children < 0)
		return false;
	signals_block_children();
	return launcher->listens = true;
}

void launcher_listen_no_more(struct launcher *launcher)
{
	if (launcher->listens)
		signals_unblock();
	launcher->listens = false;
}

static int launcher_start(const struct command *command, struct launched *launched)
{
	int started = command_start(command, NULL, &launched->stage);

	launched->pid = started < 0 ? 0 : *command->pid;
	return started;
}

/* Executes a file of no format that the kernel knows as a script for the shell, as execvp does. */
static int start_for_shell(const struct command *command, struct launched *launched)
{
	char shell[] = "/bin/sh";
	struct command script = *command;
	size_t count = 0;
	char **arguments;
	int started;

	while (command->arguments[count])
		count++;
	arguments = mem_new(count + 2, sizeof *arguments);
	arguments[0] = shell;
	arguments[1] = (char *)(uintptr_t)command->path;
	memcpy(arguments + 2, command->arguments + 1, count * sizeof *arguments);
	script.path = shell;
	script.arguments = arguments;
	started = launcher_start(&script, launched);
	free(arguments);
	return started;
}

/* True if a task can be forked from the zygote: one with a folder or environment of its own needs execve. */
static bool is_forkable(const struct launcher *launcher, const struct command *command)
{
	return launcher->zygote.channel >= 0 && !command->directory && command->environment == launcher->environment &&
	       zygote_can_take(command);
}

int launcher_execute(const struct command *command, struct launched *launched)
{
	int started = launcher_start(command, launched);

	return started < 0 && launched->stage == COMMAND_EXECUTED && errno == ENOEXEC
		       ? start_for_shell(command, launched)
		       : started;
}

/* Starts the command, whose path has been found: forked from the zygote if possible, or executed. */
static int start_found(struct launcher *launcher, struct workplace *place, struct command *command,
		       struct launched *launched)
{
	enum zygote_start forked = ZYGOTE_EXECUTES;

	if (is_forkable(launcher, command))
		forked = zygote_start(&launcher->zygote, place, command,
				      launcher->environment + launcher->first_of_task);
	switch (forked) {
	case ZYGOTE_STARTED:
		launched->is_forked = true;
		launched->pid = *command->pid;
		return 0;
	case ZYGOTE_STARVED:
	case ZYGOTE_GONE:
		launched->stage = COMMAND_UNBORN;
		launched->is_abandoned = forked == ZYGOTE_GONE;
		return -1;
	case ZYGOTE_EXECUTES:
		break;
	}
	return launcher_execute(command, launched);
}

struct command launcher_common(const struct launcher *launcher, const struct workplace *place)
{
	return (struct command){
		.environment = launcher->environment,
		.input = launcher->terminal,
		.output = -1,
		.errors = -1,
		.keep = {-1, -1, -1},
		.terminal = launcher->terminal,
		.ignored = place->briefing.ignored,
		.nice = place->briefing.nice,
		.is_task = true,
		.unblocks = launcher->listens,
		.affinity = launcher->zygote.is_bound ? &launcher->zygote.affinity : NULL,
		.starter = launcher->self,
		.pid = (pid_t *)(uintptr_t)&place->seat->task,
	};
}

int launcher_prepare(struct launcher *launcher, struct workplace *place)
{
	char *arguments[] = {place->briefing.words[0], NULL};
	struct command command = launcher_common(launcher, place);

	if (!(place->briefing.flags & BRIEFING_ZYGOTE) || launcher->zygote.tried)
		return 0;
	command.path = place->briefing.command;
	command.arguments = arguments;
	return zygote_prepare(&launcher->zygote, place, &command, launcher->null) < 0 ? -1 : 1;
}

/* Sets the standard input that all tasks have, from its beginning. -1 with errno. */
static int take_common_input(const struct launcher *launcher, struct command *command)
{
	return launcher->input < 0 ? 0 : (command->input = fd_open_again(launcher->input));
}

/* Applies a task's settings; the caller closes an input of its own. -1 with errno. */
static int take_settings(struct launcher *launcher, const struct workplace *place, const struct task *task,
			 struct command *command, const char **path)
{
	struct slice value;

	if (place->briefing.flags & BRIEFING_STDIN)
		return command->input = fd_holding(task->record);
	if (!task->frame.size)
		return take_common_input(launcher, command);
	if (frame_find(task->frame, FIELD_DIRECTORY, &value))
		command->directory = value.data;
	if (frame_find(task->frame, FIELD_SET, &value) || frame_find(task->frame, FIELD_UNSET, &value))
		command->environment =
			frame_environment_make(&launcher->changed, launcher->environment, task->frame, path);
	if (frame_find(task->frame, FIELD_STDIN, &value))
		return command->input = fd_holding(value);
	return take_common_input(launcher, command);
}

/*
 * Returns a connection to the state server that is the task's (state/server/attempts.h), -1 if there is none: a server
 * that has gone ends the run.
 */
static int connect_task(const struct briefing *briefing, const struct task *task)
{
	char line[64];
	int fd;

	if (!briefing->state_number)
		return -1;
	fd = local_connect(briefing->state);
	snprintf(line, sizeof line, "task %" PRIu64 " %" PRIu32 "\n", task->index + 1, task->attempt);
	if (fd >= 0 && local_send_all(fd, slice_of(line)) < 0)
		fd_close(&fd);
	return fd;
}

int launcher_start_task(struct launcher *launcher, struct workplace *place, const struct task *task,
			const int writers[CAPTURE_STREAMS], struct launched *launched)
{
	struct command command = launcher_common(launcher, place);
	const char *path = place->briefing.path;
	int started = -1, number, usual = command.input;
	char *found = NULL;

	*launched = (struct launched){.pid = 0};
	set_task(launcher, task);
	if (take_settings(launcher, place, task, &command, &path) < 0)
		return -1;
	launched->stage = COMMAND_EXECUTED;
	command.arguments = workplace_expand(place, task);
	command.output = writers[0];
	command.errors = writers[place->briefing.flags & BRIEFING_MERGED ? 0 : 1];
	command.path = place->briefing.command;
	if (command.arguments && !command.path)
		command.path = found = command_find(command.arguments[0], path);
	command.keep[0] = connect_task(&place->briefing, task);
	command.keep_as = (int)place->briefing.state_number;
	if (command.arguments && command.path)
		started = start_found(launcher, place, &command, launched);
	number = errno;
	fd_close(&command.keep[0]);
	free(found);
	if (command.input != usual)
		fd_close(&command.input);
	errno = number;
	return started;
}

int launcher_start_script(struct launcher *launcher, struct workplace *place, const char *script, int writer,
			  int *pidfd)
{
	char shell[] = "/bin/sh", name[] = "sh", flag[] = "-c";
	char *arguments[] = {name, flag, (char *)(uintptr_t)script, NULL};
	struct command command = launcher_common(launcher, place);
	size_t last = launcher->first_of_task;
	char *cut = launcher->environment[last];
	enum command_stage stage;
	int started;

	/* The script is not a task: it does not get a task's variables, which are the last. */
	launcher->environment[last] = NULL;
	command.path = shell;
	command.arguments = arguments;
	command.output = command.errors = writer;
	started = command_start(&command, pidfd, &stage);
	launcher->environment[last] = cut;
	return started;
}

bool launcher_show(struct workplace *place, const struct task *task)
{
	bytes_clear(&place->scratch);
	workplace_quote(place, task, &place->scratch);
	/* Written at once where the task writes to standard error itself, so that it comes first. */
	if (place->briefing.flags & BRIEFING_UNGROUPED) {
		diag_line(bytes_slice(&place->scratch));
		return true;
	}
	return workplace_say(place, bytes_slice(&place->scratch));
}
