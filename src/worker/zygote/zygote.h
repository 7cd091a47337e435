/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A worker's zygote: COMMAND, started once and stopped before its main; tasks are forked from it
 * (worker/zygote/preload.c).
 *
 * It is started with the first task and ends with the worker, by the end of file on its channel or the parent-death
 * signal. After its death the worker begins no further task, and does not touch the one that runs.
 */
#ifndef WORKER_ZYGOTE_ZYGOTE_H
#define WORKER_ZYGOTE_ZYGOTE_H

#include "base/dialect.h"
#include "process/command.h"
#include "worker/zygote/request.h"
#include "worker/workplace.h"

/* The children that wait for tasks, each at the channel of its turn. */
struct zygote_children {
	/* The worker's ends of the children's channels, -1 if none. */
	int channels[ZYGOTE_TURNS];
	/* The child that gets the next task, 0 if it is not known yet. */
	pid_t next;
	/* The turn of that child, or of the child that was given a task last. */
	uint32_t turn;
	/* The number of children that were requested and have not been reported. */
	unsigned requested;
};

struct zygote {
	/* The worker's end of the zygote's channel, -1 if there is no zygote. */
	int channel;
	struct zygote_children children;
	int pidfd;
	pid_t pid;
	/* True if the worker remains on one processor, as its zygote does. */
	bool is_bound;
	/* The processors that the worker could use before. */
	struct affinity affinity;
	/* True if a start of the zygote was tried, which is done once. */
	bool tried;
};

/* The outcome of giving a task to the zygote. */
enum zygote_start {
	/* The task runs; its pid is in seat->task. */
	ZYGOTE_STARTED,
	/* The task and all later ones have to be executed. */
	ZYGOTE_EXECUTES,
	/* The task could not be started, for want of resources or otherwise (errno). */
	ZYGOTE_STARVED,
	/* The zygote or the parent is gone. */
	ZYGOTE_GONE,
};

void zygote_init(struct zygote *zygote);

/*
 * Makes a zygote of the command's program, once. Returns 1 if there is one, 0 if there cannot be (the reason has been
 * reported to the parent), -1 with errno ECANCELED when the parent is gone. null is /dev/null.
 */
int zygote_prepare(struct zygote *zygote, struct workplace *place, const struct command *command, int null) MUST_CHECK;

/* True if a task's arguments fit into a message to a child; a task with more is to be executed. */
bool zygote_can_take(const struct command *command);

/*
 * Starts a task. The environment is that of the command that the zygote was prepared with, but for the task's variables
 * (ZYGOTE_VARIABLE_NAMES).
 */
enum zygote_start zygote_start(struct zygote *zygote, struct workplace *place, const struct command *command,
			       char *const *variables) MUST_CHECK;

/* True if the last task was not taken by its process, which was killed before it could. */
bool zygote_was_untaken(const struct zygote *zygote);

void zygote_release(struct zygote *zygote);

#endif
