/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ways for a worker to run a task: one file and one row each. */
#ifndef WORKER_EXECUTOR_H
#define WORKER_EXECUTOR_H

#include "base/dialect.h"
#include "task/task.h"
#include "worker/workplace.h"

enum executor_end {
	/* The result is filled in; the task's output is in the ring. */
	EXECUTOR_DONE,
	/* The task was not begun, and is not to be begun now: it goes back to the queue. */
	EXECUTOR_HELD,
	/* The task was not begun, for want of processes or descriptors (errno): it may be tried again, here or
	   elsewhere. */
	EXECUTOR_STARVED,
	/* The parent is gone, or what tasks are started by: nothing more can be done. What ran has been ended, or will
	   be. */
	EXECUTOR_ABANDONED,
};

struct executor {
	const char *name;
	/* Once per worker, before its first task. *state is the executor's own. -1: this worker cannot be used. */
	int (*open)(struct workplace *place, void **state);
	/* Runs one task. result comes with its index and slot. */
	enum executor_end (*run)(struct workplace *place, void *state, const struct task *task, struct result *result);
	void (*close)(struct workplace *place, void *state);
};

/* Ends with NULL. */
extern const struct executor *const executors[];
/* Each task is a process of its own. */
extern const struct executor executor_command;
/* Each task's command line is its output; nothing is run. */
extern const struct executor executor_print;

/* The executor of that name, or NULL. */
const struct executor *executor_find(const char *name);

#endif
