/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The messages between a worker, its zygote and the zygote's children, over channels (ipc/channel.h: a 32-bit type,
 * then the payload). All are of the same build, and the worker made the zygote: a layout is all there is to agree on.
 *
 * On the zygote's own channel: SETUP, FORK, and an ANSWER to each. On the others: TASK. Each child waits at the channel
 * of its turn, since it may be forked before an earlier child has received its task.
 */
#ifndef WORKER_ZYGOTE_REQUEST_H
#define WORKER_ZYGOTE_REQUEST_H

#include "base/dialect.h"

/* The variable that passes the preloaded object its channel's descriptor and its parent's pid: "FD:PID". */
#define ZYGOTE_VARIABLE "MPMAP_ZYGOTE="
/* The environment variables that differ from task to task. Their values are numbers. */
#define ZYGOTE_VARIABLE_NAMES \
	{ \
		"MPMAP_SEQ=", "MPMAP_ATTEMPT=" \
	}
enum { ZYGOTE_VARIABLES = 2, ZYGOTE_VARIABLE_SIZE = 40 };

/*
 * The number of children that wait besides the child that runs a task. With fewer, the worker would wait for a late
 * fork.
 */
enum { ZYGOTE_AHEAD = 2, ZYGOTE_TURNS = ZYGOTE_AHEAD + 1 };

enum zygote_message {
	/* Worker, once: struct zygote_setup, with the children's ends of their channels. */
	ZYGOTE_SETUP = 1,
	/* Worker: requests another child. No payload. */
	ZYGOTE_FORK,
	/* Zygote: struct zygote_answer. */
	ZYGOTE_ANSWER,
	/* Worker: struct zygote_task and the arguments, each with its NUL, with the descriptors that the task gets. */
	ZYGOTE_TASK,
};

struct zygote_setup {
	/* Which of the descriptors 0, 1 and 2 come with each task (1 << descriptor). */
	uint32_t streams;
	/* The worker's pid: it is the parent of the children. */
	int32_t worker;
	/* The processor on which the zygote remains, and its children until their main; -1 if any. */
	int32_t processor;
};

/* The reasons why a program cannot be a zygote. Never an errno. */
enum zygote_problem {
	ZYGOTE_HAS_NO_START = -1,
	ZYGOTE_HAS_THREADS = -2,
	ZYGOTE_IS_STRANGE = -3,
};

struct zygote_answer {
	/* 0 with a child; an errno if it cannot be forked now; or a zygote_problem. */
	int32_t number;
	/* The pid of the child that waits for a task. */
	int32_t pid;
	/* The turn, and so the channel, at which the child waits. */
	uint32_t turn;
};

struct zygote_task {
	/* The pid of the child that the task is for: the next child at that turn must not take the task of a child that
	 * was killed. */
	int32_t pid;
	/* The number of arguments. */
	uint32_t count;
	/* The task's variables, as "NAME=number". */
	char variables[ZYGOTE_VARIABLES][ZYGOTE_VARIABLE_SIZE];
};

#endif
