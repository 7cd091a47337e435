/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time: nanoseconds in a signed 64-bit integer, everywhere. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/dialect.h"

#include <time.h>

typedef int64_t nsec;

#define NSEC_PER_SEC INT64_C(1000000000)
#define NSEC_PER_MSEC INT64_C(1000000)
#define NSEC_PER_USEC INT64_C(1000)

/* No deadline, or an unlimited duration. */
#define NSEC_FOREVER INT64_MAX

/* Returns the time of a clock of clock_gettime(2). */
static inline nsec clock_read(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (nsec)now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

/* Returns monotonic time, for deadlines and durations. */
static inline nsec clock_now(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

/* Returns the same in steps of a few milliseconds, at a fraction of the cost. */
static inline nsec clock_now_coarse(void)
{
	return clock_read(CLOCK_MONOTONIC_COARSE);
}

/* Returns UTC since 1970, for people and logs only. */
static inline nsec clock_wall(void)
{
	return clock_read(CLOCK_REALTIME);
}

/* Returns the CPU time of this process, user and system. */
static inline nsec clock_cpu(void)
{
	return clock_read(CLOCK_PROCESS_CPUTIME_ID);
}

#endif
