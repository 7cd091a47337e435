/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ways for a worker to run a task: a file and a row each. */
#ifndef WORKER_EXECUTOR_H
#define WORKER_EXECUTOR_H

#include "base/dialect.h"
#include "task/task.h"
#include "worker/workplace.h"

enum executor_end {
	/* The result is filled in; the task's output is in the ring. */
	EXECUTOR_DONE,
	/* The task was not begun, since the gate was shut: it goes back to the queue. */
	EXECUTOR_HELD,
	/* The task was not begun, since processes or descriptors are short (errno): it may be tried again. */
	EXECUTOR_STARVED,
	/* The parent or the zygote is gone: the worker ends. The running task has been ended, or will be. */
	EXECUTOR_ABANDONED,
};

/* How a worker's service to a run ended. */
enum executor_service {
	/* No chunk will come, or the worker is to leave the run. */
	SERVICE_OVER,
	/* The worker is to end: it has served as many records as it may, or cannot start its command. */
	SERVICE_USED_UP,
	/* The parent is gone. */
	SERVICE_ABANDONED,
};

struct executor {
	const char *name;
	/* The option that chooses it, without dashes; NULL if it is the default. */
	const char *option;
	/* Tasks run. False if they are only shown: nothing is recorded, waited for or prepared for them. */
	bool runs_tasks;
	/* The command stays for many records; a worker may hold several chunks for it. */
	bool persists;
	/* Such a command answers each record once it is done: it keeps nothing in a buffer. */
	bool answers_each;
	/* Each of its answers ends with the byte that ends the records, and has it nowhere else. */
	bool answers_lines;
	/* It returns values, which results carry where the output has them. */
	bool returns_values;
	/* Such a command gets elements of JSON as they are written. */
	bool takes_json;
	/* Tasks are calls in the worker itself: what ends it is the outcome of the task in work (seat.running). */
	bool is_called;
	/* Called once per worker, before its first task. *state is the executor's own. -1 if the worker cannot be used.
	 */
	int (*open)(struct workplace *place, void **state);
	/* Runs one task. result comes with its index, attempt and slot. */
	enum executor_end (*run)(struct workplace *place, void *state, const struct task *task, struct result *result);
	/* In place of run: claims chunks and runs their tasks until the worker is to leave. NULL where run is set. */
	enum executor_service (*serve)(struct workplace *place, void *state);
	void (*close)(struct workplace *place, void *state);
};

/* All executors; NULL at the end. */
extern const struct executor *const executors[];
/* Gives each task a process of its own. */
extern const struct executor executor_command;
/* Shows each task's command line as its output, and runs nothing. */
extern const struct executor executor_print;

/* Streams records through a command that answers each with one. */
extern const struct executor executor_filter;
/* Has records answered by a command that speaks mpmap-coproc(7): over its standard streams, or its descriptor 3. */
extern const struct executor executor_coproc;
extern const struct executor executor_coproc_fd;
/* Has functions called by an adapter, which gets many records in a message. */
extern const struct executor executor_block;

/* Calls a function of a shared library for each record (include/mpmap-plugin.h). */
extern const struct executor executor_plugin;

/* Returns the executor of that name, or NULL. */
const struct executor *executor_find(const char *name);

#endif
