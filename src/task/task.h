/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The nouns: a task, what came of it, and the streams it writes. */
#ifndef TASK_TASK_H
#define TASK_TASK_H

#include "base/clock.h"
#include "base/dialect.h"
#include "base/slice.h"

/* Where a task's output goes. The values are those of the descriptors. */
enum stream {
	STREAM_OUTPUT = 1,
	STREAM_ERRORS = 2,
};

/* The longest record that can be an argument: Linux's MAX_ARG_STRLEN (128 KiB) without the NUL. */
enum { RECORD_MAX = 131071 };

/* One task: a view into its chunk. */
struct task {
	/* Its place in the input, from 0. People see index + 1. */
	uint64_t index;
	/*
	 * The first of its values: without its delimiter, but with a NUL behind it; the others follow, each with its
	 * NUL. With no values: bytes as they are.
	 */
	struct slice record;
	/* In place of values: a frame (work/frame.h). Empty when there is none. */
	struct slice frame;
	/* All that its chunk holds of it. */
	struct slice bytes;
	uint32_t value_count;
	/* Which time it is run, from 1. */
	uint32_t attempt;
};

enum outcome {
	OUTCOME_OK,
	/* Exit status not 0. */
	OUTCOME_FAILED,
	OUTCOME_SIGNALED,
	OUTCOME_TIMEOUT,
	/* Its worker died. */
	OUTCOME_LOST,
	OUTCOME_NOT_STARTED,
	/* The run stopped before it. */
	OUTCOME_SKIPPED,
	OUTCOMES,
};

/* The words of the contract: "ok", "not-started" ... */
const char *outcome_name(enum outcome outcome);

/* What came of a task. */
struct result {
	uint64_t index;
	/* Which time it was run, from 1; 0 when it never came to that. */
	uint32_t attempt;
	enum outcome outcome;
	/* Exit status 0 to 255, or -1 when it did not exit. */
	int status;
	/* The signal that ended it, or 0. */
	int signal;
	/* Why it was not started (errno), or 0. */
	int number;
	/* True if it ran: it had a process, its own or a shared one. */
	bool ran;
	/* Its process; 0 if it had none of its own on this machine. */
	pid_t pid;
	uint32_t slot;
	/* The time that it was given, when that was over. */
	nsec limit;
	/* It was ended because it wanted the terminal. */
	bool wanted_terminal;
	/* The folder that it brings could not be entered (number says why). */
	bool astray;
	/* Bytes that were captured of its standard output. */
	uint64_t output_size;
	/* Seen from the parent: the kernel has killed something for want of memory. */
	bool out_of_memory;
	/* UTC; 0 when it never ran. */
	nsec start;
	nsec duration;
	/* Below 0 when they cannot be told: its worker was lost. */
	nsec user_time;
	nsec system_time;
	/* Bytes; 0 when it cannot be told. */
	uint64_t max_rss;
	/* Why, in words, for outcomes that need them; may be NULL. A view: whoever keeps a result copies it, and the
	 * line. */
	const char *reason;
	/* What is said of it in the summary; NULL: nothing. */
	const char *line;
	/* The number of its worker; 0 when it had none. */
	uint32_t worker;
};

/* Whether a task did not do what it was to do: all but ok and skipped. */
static inline bool result_is_failure(const struct result *result)
{
	return result->outcome != OUTCOME_OK && result->outcome != OUTCOME_SKIPPED;
}

#endif
