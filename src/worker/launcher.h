/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starting what a worker runs: tasks, and the initializer, with the environment that they find. */
#ifndef WORKER_LAUNCHER_H
#define WORKER_LAUNCHER_H

#include "base/dialect.h"
#include "task/task.h"
#include "process/command.h"
#include "worker/zygote/zygote.h"
#include "worker/capture.h"
#include "worker/workplace.h"

struct launcher {
	/* This process. */
	pid_t self;
	int null;
	/* The terminal that tasks get; -1: none. */
	int terminal;
	/* Readable when a child has ended or stopped, while SIGCHLD is blocked (listens); -1 until it was wanted. */
	int children;
	bool listens;
	/* What tasks are forked from (BRIEFING_ZYGOTE), once there has been one. */
	struct zygote zygote;
	/* NULL-terminated: this process's variables, the worker's (from first_own on), the task's (first_of_task). */
	char **environment;
	size_t first_own;
	size_t first_of_task;
	/* The same with what a task brings; used again for the next. */
	char **changed;
	size_t changed_capacity;
	/* The task's variables, as "NAME=number". */
	char task_variables[ZYGOTE_VARIABLES][ZYGOTE_VARIABLE_SIZE];
	/* The bytes of each before its number. */
	size_t name_lengths[ZYGOTE_VARIABLES];
};

/* Makes everything ready for a worker, whose standard input is /dev/null from here on, as its tasks' is; -1 with errno.
 */
int launcher_init(struct launcher *launcher, const struct workplace *place) MUST_CHECK;

/* What becomes of a start. */
struct launched {
	/* The process, seat->task too. */
	pid_t pid;
	/* How far it came, when it failed. */
	enum command_stage stage;
	/* It was forked from the zygote. */
	bool is_forked;
	/* It failed because the parent is gone, or the zygote: no other start will go better. */
	bool is_abandoned;
};

/*
 * What comes before a start and may take its time: a zygote. 1 when it was made or tried just now, 0 when there is
 * nothing to do; -1 when the parent is gone.
 */
int launcher_prepare(struct launcher *launcher, struct workplace *place) MUST_CHECK;

/*
 * From here on the descriptor tells of children; tasks begin without the block all the same. False: there is no
 * descriptor for it. And the end of that.
 */
bool launcher_listen(struct launcher *launcher) MUST_CHECK;
void launcher_listen_no_more(struct launcher *launcher);

/* Starts the command for a task. 0, or -1 with errno. */
int launcher_start_task(struct launcher *launcher, struct workplace *place, const struct task *task,
			const int writers[CAPTURE_STREAMS], struct launched *launched) MUST_CHECK;

/* Starts sh -c script, with both outputs into writer: 0 with *pidfd (the caller's), or -1 with errno. */
int launcher_start_script(struct launcher *launcher, struct workplace *place, const char *script, int writer,
			  int *pidfd) MUST_CHECK;

/* Shows the command that is about to run. False when the parent is gone. */
bool launcher_show(struct workplace *place, const struct task *task) MUST_CHECK;

void launcher_release(struct launcher *launcher);

#endif
