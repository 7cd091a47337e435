/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The nouns: a task, its result, and the streams that it writes. */
#ifndef TASK_TASK_H
#define TASK_TASK_H

#include "base/clock.h"
#include "base/dialect.h"
#include "base/slice.h"

/* The streams of a task's output; the value of the first two is their descriptor. */
enum stream {
	STREAM_OUTPUT = 1,
	STREAM_ERRORS = 2,
	/* What a function returned, as JSON text on one line; not a descriptor, and only where the output has it. */
	STREAM_VALUE = 3,
};

/* The longest record that can be an argument: Linux's MAX_ARG_STRLEN (128 KiB) without the NUL. */
enum { RECORD_MAX = 131071 };

/* A task: a view of its chunk. */
struct task {
	/* Position in the input, from 0; shown to users as index + 1. */
	uint64_t index;
	/*
	 * The first value, without its NUL; the other values follow, each with its NUL. For a task without values its
	 * bytes as they are.
	 */
	struct slice record;
	/* The frame in place of values (task/frame.h), empty if none. */
	struct slice frame;
	/* All bytes of the task in the chunk. */
	struct slice bytes;
	uint32_t value_count;
	/* True if the record is followed by its delimiter (CHUNK_LINES), and may hold NULs. */
	bool is_line;
	/* The attempt at the task, from 1. */
	uint32_t attempt;
};

enum outcome {
	OUTCOME_OK,
	/* Its exit status was not 0. */
	OUTCOME_FAILED,
	OUTCOME_SIGNALED,
	OUTCOME_TIMEOUT,
	/* Its worker died. */
	OUTCOME_LOST,
	OUTCOME_NOT_STARTED,
	/* The run ended before it. */
	OUTCOME_SKIPPED,
	OUTCOMES,
};

/* Returns the name of an outcome in the output: "ok", "not-started" ... */
const char *outcome_name(enum outcome outcome);

/* The result of a task. */
struct result {
	uint64_t index;
	/* Number of records after index that the result holds for, too; 0 for a task. */
	uint32_t further;
	/* The attempt, from 1; 0 if the task was never handed to a worker. */
	uint32_t attempt;
	enum outcome outcome;
	/* Exit status 0 to 255, or -1 if it did not exit. */
	int status;
	/* The signal that ended it, or 0. */
	int signal;
	/* Why it was not started (errno), or 0. */
	int number;
	/* True if it ran: it had a process, its own or a shared one. */
	bool ran;
	/* Its process, 0 if it had no process of its own on this machine. */
	pid_t pid;
	uint32_t slot;
	/* The time limit that it exceeded, 0 if none. */
	nsec limit;
	/* True if the task was ended because it wanted the terminal. */
	bool wanted_terminal;
	/* True if the task's own folder could not be entered (number says why). */
	bool astray;
	/* True if the file of its standard output could not be made, or not be given its name (number says why). */
	bool misfiled;
	/* Processes of its group that ran on after its end, and had lost their parents; each may have had children. */
	uint32_t leftovers;
	/* True if its pipes were closed while a process still held one. */
	bool output_cut;
	/* True if it did not run, since --memo has what it would write. */
	bool from_memo;
	/* True if it ended in an earlier session of its run, and this is what the journal has of it. */
	bool is_recalled;
	/* Bytes of its standard output that were captured. */
	uint64_t output_size;
	/* True if the kernel has killed a process of our control group for lack of memory meanwhile. */
	bool out_of_memory;
	/* UTC; 0 if it never ran. */
	nsec start;
	nsec duration;
	/* CPU time in user mode, below 0 if unknown. */
	nsec user_time;
	/* CPU time in the kernel, below 0 if unknown. */
	nsec system_time;
	/* Peak resident memory, bytes; 0 if unknown. */
	uint64_t max_rss;
	/* The reason in words for outcomes that need it, else NULL. A view, which is copied to keep a result. */
	const char *reason;
	/* The task's line in the summary, NULL if none. A view likewise. */
	const char *line;
	/* The number of its worker, 0 if none. */
	uint32_t worker;
};

/* Returns how many records a result holds for. */
static inline uint64_t result_count(const struct result *result)
{
	return (uint64_t)result->further + 1;
}

/* True for every outcome but ok and skipped. */
static inline bool result_is_failure(const struct result *result)
{
	return result->outcome != OUTCOME_OK && result->outcome != OUTCOME_SKIPPED;
}

#endif
