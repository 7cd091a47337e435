/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a worker and its zygote tell each other, over a channel of theirs (ipc/channel.h: a 32-bit type, then the payload).
 * Both are of the same build, and the worker made the zygote: a layout is all there is to agree on.
 */
#ifndef ZYGOTE_REQUEST_H
#define ZYGOTE_REQUEST_H

#include "base/dialect.h"

/* Tells the preloaded object in the environment which descriptor its end of the channel is. */
#define ZYGOTE_VARIABLE "MPMAP_ZYGOTE="
/* The variables that differ from task to task. */
#define ZYGOTE_SEQUENCE "MPMAP_SEQ="
#define ZYGOTE_ATTEMPT "MPMAP_ATTEMPT="

enum zygote_message {
	/* Worker, once: struct zygote_setup, with the descriptor of the memory that holds the task's pid. */
	ZYGOTE_SETUP = 1,
	/* Worker, for each task: struct zygote_task, with the descriptors that the task gets; it is answered. */
	ZYGOTE_TASK,
	/* Zygote: a 32-bit enum zygote_answer, or an errno when a task could not be started. */
	ZYGOTE_ANSWER,
};

enum zygote_answer {
	/* Ready for tasks; or a task was started, and its pid is in the memory. */
	ZYGOTE_READY = 0,
	/* It cannot be stopped before main, or not be forked from. Never an errno. */
	ZYGOTE_HAS_NO_START = -1,
	ZYGOTE_HAS_THREADS = -2,
	ZYGOTE_IS_STRANGE = -3,
};

struct zygote_setup {
	/* Where in the memory the kernel is to write the pid, before the task runs. */
	uint64_t pid_offset;
	/* Which of the descriptors 0, 1 and 2 come with each task (1 << descriptor). */
	uint32_t streams;
	/* The worker's pid: it becomes the task's parent. */
	int32_t worker;
};

/* Followed by the arguments, each with its NUL. The whole is a message: what is larger is for execve. */
struct zygote_task {
	uint32_t count;
	/* Whole variables. */
	char sequence[32];
	char attempt[32];
};

#endif
