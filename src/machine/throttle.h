/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Throttling during a run: no new tasks while memory is short or the load high, and the number of jobs from a file. */
#ifndef MACHINE_THROTTLE_H
#define MACHINE_THROTTLE_H

#include "base/clock.h"
#include "base/dialect.h"

struct throttle_options {
	/* Available memory below which no task is started, bytes, 0 if none. */
	uint64_t memory;
	/* The load from which on no task is started, in hundredths, 0 if none. */
	uint64_t load;
	/* The file with the number of jobs, read whenever a task has ended, NULL if none. */
	const char *jobs_file;
};

struct throttle {
	struct throttle_options options;
	/* True if no task may be started now. */
	bool shut;
	/* When memory and load are checked next. */
	nsec next_check;
	/* True if the user has been warned that the file cannot be used. */
	bool warned;
};

void throttle_init(struct throttle *throttle, const struct throttle_options *options);

/* Returns the most tasks at a time for the load limit, or SIZE_MAX without one. */
size_t throttle_most(const struct throttle_options *options);

/* Returns when to call throttle_check next, or NSEC_FOREVER. */
nsec throttle_deadline(const struct throttle *throttle);

/* Checks memory and load, if that is due. */
void throttle_check(struct throttle *throttle);

/* Returns the number of jobs in the file, or 0 if it has none, about which the user is warned once. */
size_t throttle_jobs(struct throttle *throttle);

/* Parses the first line of a file. Returns 0, or -1 with errno: EINVAL for no number of jobs, EAGAIN for an empty file.
 */
int throttle_read_jobs(const char *path, size_t *jobs) MUST_CHECK;

#endif
