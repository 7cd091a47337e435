/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A worker's zygote: COMMAND, started once and stopped before its main; tasks are forked from there (zygote/preload.c).
 *
 * It is started when the first task is, and ends with the worker: it sees the end of file on its channel, and has the
 * parent-death signal. Its death is a worker's: no task can be begun any more, and those that run are not touched.
 */
#ifndef WORKER_ZYGOTE_ZYGOTE_H
#define WORKER_ZYGOTE_ZYGOTE_H

#include "base/dialect.h"
#include "process/command.h"
#include "worker/zygote/request.h"
#include "worker/workplace.h"

struct zygote {
	/* -1: there is none. */
	int channel;
	/* Where its children wait by turns. */
	int tasks[ZYGOTE_TURNS];
	int pidfd;
	pid_t pid;
	/* The child that waits for the next task; 0: none. */
	pid_t next;
	/* Where it waits; or where the one did that was given a task last. */
	uint32_t turn;
	/* How many children were asked for, and have not been told of yet. */
	unsigned asked;
	/* It has been tried to start it: that is done once. */
	bool tried;
};

void zygote_init(struct zygote *zygote);

/*
 * Makes sure of a zygote of the command's program, where that is possible: 1 when there is one, 0 when there cannot be
 * (the user has been told why); -1 with errno ECANCELED when the parent is gone. null is /dev/null.
 */
int zygote_prepare(struct zygote *zygote, struct workplace *place, const struct command *command, int null) MUST_CHECK;

/* Whether a task's arguments are few enough for it; the others are to be executed. */
bool zygote_can_take(const struct command *command);

/*
 * Starts a task: 0 with its pid in seat->task; 1 when it has to be executed after all. -1 with errno: for want of
 * resources, or ECANCELED when the zygote or the parent is gone. The environment is that of the command that the zygote
 * was prepared with, but for the task's variables (ZYGOTE_VARIABLE_NAMES).
 */
int zygote_start(struct zygote *zygote, struct workplace *place, const struct command *command,
		 char *const *variables) MUST_CHECK;

/* Whether the task that was started last has not been taken by its process, which has been killed before. */
bool zygote_was_untaken(const struct zygote *zygote);

void zygote_release(struct zygote *zygote);

#endif
