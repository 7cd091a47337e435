/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Throttling during a run: no new tasks while memory is short or the load high, and the number of jobs from a file. */
#ifndef MACHINE_THROTTLE_H
#define MACHINE_THROTTLE_H

#include "base/bytes.h"
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
	/* The figures of the last check: bytes of available memory, and the load in hundredths. */
	uint64_t memory;
	uint64_t load;
	/* When a check first found that all tasks are held back; 0 if the last did not. */
	nsec held_since;
	/* True if the user has been notified that all tasks are held back. */
	bool reported;
	/* True if the user has been warned that the file cannot be used. */
	bool warned;
};

void throttle_init(struct throttle *throttle, const struct throttle_options *options);

/* Returns the most tasks at a time for the load limit, or SIZE_MAX without one. */
size_t throttle_most(const struct throttle_options *options);

/* Returns when to call throttle_check next, or NSEC_FOREVER. */
nsec throttle_deadline(const struct throttle *throttle);

/* Checks memory and load, if that is due. Returns true if it was. */
bool throttle_check(struct throttle *throttle);

/*
 * Notifies the user, once, when all tasks have been held back for 5 s; is_idle is true if tasks wait and none runs. To
 * be called after each check.
 */
void throttle_report(struct throttle *throttle, bool is_idle);

/* Appends what tasks wait for: "waiting for memory (1.2G is available, --memfree=8G)". Nothing if not shut. */
void throttle_describe(const struct throttle *throttle, struct bytes *out);

/* Returns the number of jobs in the file, or 0 if it has none, about which the user is warned once. */
size_t throttle_jobs(struct throttle *throttle);

/* Parses the first line of a file. Returns 0, or -1 with errno: EINVAL for no number of jobs, EAGAIN for an empty file.
 */
int throttle_read_jobs(const char *path, size_t *jobs) MUST_CHECK;

#endif
