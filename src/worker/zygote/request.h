/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a worker, its zygote and the children of that tell each other, over channels (ipc/channel.h: a 32-bit type, then
 * the payload). All are of the same build, and the worker made the zygote: a layout is all there is to agree on.
 *
 * On the zygote's own channel: SETUP, FORK, and an ANSWER to each. On the others TASK: children wait at them by turns,
 * since some are forked while one before them may not have taken its task yet.
 */
#ifndef WORKER_ZYGOTE_REQUEST_H
#define WORKER_ZYGOTE_REQUEST_H

#include "base/dialect.h"

/* Tells the preloaded object in the environment which descriptor its end of the channel is, and whose child: "FD:PID".
 */
#define ZYGOTE_VARIABLE "MPMAP_ZYGOTE="
/* The environment variables that differ from task to task. Their values are numbers. */
#define ZYGOTE_VARIABLE_NAMES \
	{ \
		"MPMAP_SEQ=", "MPMAP_ATTEMPT=" \
	}
enum { ZYGOTE_VARIABLES = 2, ZYGOTE_VARIABLE_SIZE = 40 };

/* So many children wait, beside the one that has a task: one that is forked late must not be missed. */
enum { ZYGOTE_AHEAD = 2, ZYGOTE_TURNS = ZYGOTE_AHEAD + 1 };

enum zygote_message {
	/* Worker, once: struct zygote_setup, with the children's ends of their channels. */
	ZYGOTE_SETUP = 1,
	/* Worker: another child is wanted. No payload. */
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
};

/* Why a zygote is none. Never an errno. */
enum zygote_problem {
	ZYGOTE_HAS_NO_START = -1,
	ZYGOTE_HAS_THREADS = -2,
	ZYGOTE_IS_STRANGE = -3,
};

struct zygote_answer {
	/* 0: here is a child; an errno: not now; or a problem. */
	int32_t number;
	/* The child that waits for a task, and at which channel. */
	int32_t pid;
	uint32_t turn;
};

struct zygote_task {
	/* Which child it is for: one that was killed leaves its task to the next, who must not take it. */
	int32_t pid;
	uint32_t count;
	/* The task's variables, as "NAME=number". */
	char variables[ZYGOTE_VARIABLES][ZYGOTE_VARIABLE_SIZE];
};

#endif
