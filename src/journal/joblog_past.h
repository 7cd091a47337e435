/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading a job log: which tasks it has, by number.
 *
 * All that is held is where the last line of each number begins (8 bytes); the line itself is read when it is asked
 * for. A last line without its end is no line: its writer was killed there.
 */
#ifndef JOURNAL_JOBLOG_PAST_H
#define JOURNAL_JOBLOG_PAST_H

#include "base/bytes.h"
#include "base/clock.h"
#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"

/* A line of a job log. */
struct joblog_line {
	/* From 1. */
	uint64_t number;
	/* JobRuntime, 0 if that is no time. */
	nsec duration;
	/* Exitval and Signal. */
	int status;
	int signal;
	/* A view. */
	struct slice command;
};

struct joblog_past {
	/* The caller's. */
	const char *name;
	int fd;
	/* Bytes of whole lines. */
	uint64_t size;
	/* Pages of offsets, each plus 1, 0 where the log has no line; NULL where a page would have none. */
	uint64_t **pages;
	size_t page_count;
	/* The largest number, and how many there are. */
	uint64_t last;
	uint64_t count;
	/* What was read last, and its offset in the file. */
	struct bytes window;
	uint64_t window_at;
};

/* Reads the job log of that name, which outlives past. -1 with the error; releasing is the caller's then, too. */
int joblog_past_load(struct joblog_past *past, const char *name, struct error *error) MUST_CHECK;

/* Sets the last line of a number, valid until the next call. Returns 1, 0 if there is none, or -1 with the error. */
int joblog_past_find(struct joblog_past *past, uint64_t number, struct joblog_line *line,
		     struct error *error) MUST_CHECK;

/* Returns which line of the file that is, from 1. */
uint64_t joblog_past_line(struct joblog_past *past, uint64_t number);

/*
 * True if two commands of job logs are the same to a shell: GNU parallel quotes other characters, and by other means.
 * What stands in $'...' is compared as it is.
 */
bool joblog_past_equals(struct slice a, struct slice b);

void joblog_past_release(struct joblog_past *past);

#endif
