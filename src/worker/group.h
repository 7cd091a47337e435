/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ending a task's process group, step by step: SIGTERM, then SIGKILL when the time is over. Times are those of
 * workplace_time, a clock that stops while the run is stopped.
 */
#ifndef WORKER_GROUP_H
#define WORKER_GROUP_H

#include "base/clock.h"
#include "base/dialect.h"
#include "worker/workplace.h"

struct group {
	pid_t leader;
	/* The leader's pidfd; -1 if none: then the group is signalled by number. */
	int pidfd;
	/* The task, for messages. */
	uint64_t index;
	/* The signal of the next step, 0 if none is planned. */
	int signal;
	/* When the next step is due (workplace_time). */
	nsec due;
	/* True if SIGKILL has been sent. */
	bool killed;
	/* True if the group may not be signalled (EPERM), and is left alone. */
	bool denied;
	/* True if the group was found gone: its number may be another group's, and is not signalled. */
	bool gone;
};

/* Describes the group of a process that has just been started and leads it; takes over its pidfd, -1 if none. */
void group_init(struct group *group, pid_t leader, int pidfd, uint64_t index);

/* Sends SIGTERM now, and plans SIGKILL. Its leader has not been reaped. */
void group_terminate(struct group *group, const struct workplace *place);

/* Plans SIGTERM after a time, unless a step is planned already. */
void group_plan(struct group *group, const struct workplace *place, nsec after);

/* Returns when the next step is due, monotonic; NSEC_FOREVER if none is. */
nsec group_deadline(const struct group *group, const struct workplace *place);

/* True if a step is planned and due. */
bool group_is_due(const struct group *group, const struct workplace *place);

/* Takes the step if it is due. False if SIGKILL was sent and the time after it is over, too. */
bool group_step(struct group *group, const struct workplace *place);

/*
 * Returns when the next step is due, or the task that began at the given time (workplace_time) exceeds its limit;
 * monotonic.
 */
nsec group_limit(const struct group *group, const struct workplace *place, nsec began);

/* Takes the step if it is due, or the first if the task has exceeded its limit: returns that limit then, else 0. */
nsec group_enforce(struct group *group, const struct workplace *place, nsec began);

/*
 * After its leader was reaped: true if processes are left that may be ended. Without a pidfd the number may by now be
 * another group's, if all pids were used within these microseconds: a pidfd for each task would cost two system calls.
 */
bool group_is_left(struct group *group);

/* Kills the group at once. */
void group_kill(const struct group *group);

void group_release(struct group *group);

#endif
