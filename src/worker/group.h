/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ending a task's process group, step by step: SIGTERM, then, when its time is over, SIGKILL. Times are those of
 * workplace_time: they stand still while the run is stopped.
 */
#ifndef WORKER_GROUP_H
#define WORKER_GROUP_H

#include "base/clock.h"
#include "base/dialect.h"
#include "worker/workplace.h"

struct group {
	pid_t leader;
	/* The task, for messages. */
	uint64_t index;
	/* The next step and when; 0: none is planned. */
	int signal;
	nsec due;
	/* SIGKILL has been sent. */
	bool killed;
	/* We may not signal it: it is left alone. */
	bool denied;
};

/* The group that a process leads, which has just been started. */
void group_init(struct group *group, pid_t leader, uint64_t index);

/* Tells it to end now, and plans the next step. */
void group_terminate(struct group *group, const struct workplace *place);

/* Plans to tell it to end after a while, unless that has been done. */
void group_plan(struct group *group, const struct workplace *place, nsec after);

/* When the next step is due, monotonic; NSEC_FOREVER. */
nsec group_deadline(const struct group *group, const struct workplace *place);

/* Takes the step that is due. False when all has been done and its time is over too. */
bool group_step(struct group *group, const struct workplace *place);

/* When the time of its task is over, which began then (workplace_time), or the next step is due; monotonic. */
nsec group_limit(const struct group *group, const struct workplace *place, nsec began);

/* Takes the step that is due, or the first one when the task's time is over: how long that was then, else 0. */
nsec group_enforce(struct group *group, const struct workplace *place, nsec began);

/* After its leader's end has been taken: whether anything is left that is ours to end. */
bool group_is_left(struct group *group);

/* Kills it at once. */
void group_kill(const struct group *group);

#endif
