/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starting the processes of a worker, tasks and the initializer, with their environment. */
#ifndef WORKER_LAUNCHER_H
#define WORKER_LAUNCHER_H

#include "base/dialect.h"
#include "task/frame_environment.h"
#include "task/task.h"
#include "process/command.h"
#include "worker/zygote/zygote.h"
#include "worker/capture.h"
#include "worker/workplace.h"

struct launcher {
	/* The pid of this process. */
	pid_t self;
	/* /dev/null. */
	int null;
	/* The file that each task has as its standard input, -1 if none. */
	int input;
	/* The terminal that tasks get, -1 if none. */
	int terminal;
	/* Readable after a child has ended or stopped, while SIGCHLD is blocked; -1 until it is needed. */
	int children;
	/* True while SIGCHLD is blocked. */
	bool listens;
	/* The zygote that tasks are forked from (BRIEFING_ZYGOTE). */
	struct zygote zygote;
	/*
	 * NULL-terminated: this process's variables, the worker's (from first_own on), the task's (first_of_task), of
	 * which the last names its connection to the state server, if it has one.
	 */
	char **environment;
	size_t first_own;
	size_t first_of_task;
	/* The environment of a task that brings variables; reused for the next. */
	struct frame_environment changed;
	/* The task's variables, as "NAME=number". */
	char task_variables[ZYGOTE_VARIABLES][ZYGOTE_VARIABLE_SIZE];
	char state_variable[ZYGOTE_VARIABLE_SIZE];
	/* The number of bytes of each before its number. */
	size_t name_lengths[ZYGOTE_VARIABLES];
};

/* Makes everything ready, and /dev/null the standard input of the worker and its tasks. Returns -1 with errno. */
int launcher_init(struct launcher *launcher, const struct workplace *place) MUST_CHECK;

/* Opens the file that tasks have as their standard input, if there is one. Returns -1 with errno. */
int launcher_open_input(struct launcher *launcher, const struct workplace *place) MUST_CHECK;

/* Makes the environment of tasks, as launcher_init does. From first_own on its strings are the caller's. */
void launcher_make_environment(struct launcher *launcher, const struct workplace *place);

/* The outcome of a start. */
struct launched {
	/* The process, seat->task too. */
	pid_t pid;
	/* The stage at which it failed. */
	enum command_stage stage;
	/* True if the process was forked from the zygote. */
	bool is_forked;
	/* True if the start failed since the parent or the zygote is gone: another start would fail, too. */
	bool is_abandoned;
};

/*
 * Makes the zygote, which may take long, if the run wants one and that was not tried yet. Returns 1 if it was tried
 * now, 0 if there was nothing to do, -1 when the parent is gone.
 */
int launcher_prepare(struct launcher *launcher, struct workplace *place) MUST_CHECK;

/* Blocks SIGCHLD (not in tasks), so that the children's descriptor reports them. False if that cannot be opened. */
bool launcher_listen(struct launcher *launcher) MUST_CHECK;

/* Unblocks SIGCHLD. */
void launcher_listen_no_more(struct launcher *launcher);

/* Starts a task's command. Returns -1 with errno, and the failed stage in *launched. */
int launcher_start_task(struct launcher *launcher, struct workplace *place, const struct task *task,
			const int writers[CAPTURE_STREAMS], struct launched *launched) MUST_CHECK;

/* Returns what all processes of a worker have in common; path and arguments are not set. */
struct command launcher_common(const struct launcher *launcher, const struct workplace *place);

/*
 * Executes a command, by the shell if the kernel knows no format of its file. Returns 0, or -1 with errno and the
 * failed stage in *launched.
 */
int launcher_execute(const struct command *command, struct launched *launched) MUST_CHECK;

/* Starts sh -c script, with both outputs to writer. Returns 0 with *pidfd (the caller's), or -1 with errno. */
int launcher_start_script(struct launcher *launcher, struct workplace *place, const char *script, int writer,
			  int *pidfd) MUST_CHECK;

/* Shows the command of a task (--verbose). False when the parent is gone. */
bool launcher_show(struct workplace *place, const struct task *task) MUST_CHECK;

void launcher_release(struct launcher *launcher);

#endif
