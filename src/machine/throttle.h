/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What holds tasks back or lets more of them run while a run goes on: --memfree, --load, --jobs @FILE. */
#ifndef MACHINE_THROTTLE_H
#define MACHINE_THROTTLE_H

#include "base/clock.h"
#include "base/dialect.h"

struct throttle_options {
	/* Bytes of memory below which no task is started; 0: none. */
	uint64_t memory;
	/* The load, in hundredths, at or above which no task is started; 0: none. */
	uint64_t load;
	/* Where the number of jobs is read from whenever a task has ended; NULL. */
	const char *jobs_file;
};

struct throttle {
	struct throttle_options options;
	/* No task may be started now. */
	bool shut;
	nsec next_look;
	/* The file has been told to be wrong. */
	bool told;
};

void throttle_init(struct throttle *throttle, const struct throttle_options *options);

/* The most tasks at a time that the load leaves; SIZE_MAX without a limit. */
size_t throttle_most(const struct throttle_options *options);

/* When throttle_look wants to be called; NSEC_FOREVER. */
nsec throttle_deadline(const struct throttle *throttle);

/* Looks at memory and load, if it is time. */
void throttle_look(struct throttle *throttle);

/* The number of jobs that the file says; 0 when it says none (told once). */
size_t throttle_jobs(struct throttle *throttle);

/* The first line of a file of jobs as a number. -1 with errno: EINVAL when it is none, EAGAIN when it is empty. */
int throttle_read_jobs(const char *path, size_t *jobs) MUST_CHECK;

#endif
