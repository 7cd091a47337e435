/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the progress of a run is measured by: its rate, the median of its tasks' times, and what remains of it. */
#ifndef RUN_DISPLAY_GAUGE_H
#define RUN_DISPLAY_GAUGE_H

#include "base/clock.h"
#include "base/dialect.h"

enum {
	/* Moments that the rate is measured from. */
	GAUGE_MOMENTS = 16,
	/* Latest tasks that the median is of. */
	GAUGE_TIMES = 64,
};

/* Zero at first, but for started. */
struct gauge {
	/* Monotonic time of the run's start. */
	nsec started;
	/* How many tasks there will be, as far as the input says before its end; 0 if it does not. */
	uint64_t foreseen;
	/* True if that was counted, not guessed. */
	bool is_counted;
	/* How many tasks had ended at some moments, the latest at (moment_count - 1) % GAUGE_MOMENTS. */
	struct gauge_moment {
		nsec time;
		uint64_t ended;
	} moments[GAUGE_MOMENTS];
	uint64_t moment_count;
	/* The times that the latest tasks took, the latest at (time_count - 1) % GAUGE_TIMES. */
	nsec times[GAUGE_TIMES];
	uint64_t time_count;
};

/* What a gauge shows. */
struct gauge_reading {
	/* Tasks per second, over the last seconds; over the whole run if few have ended in these. */
	double rate;
	/* Seconds until all tasks have ended, below 0 if that is not known. */
	double left;
};

/* Notes the time that a task took. */
static inline void gauge_learn(struct gauge *gauge, nsec time)
{
	gauge->times[gauge->time_count++ % GAUGE_TIMES] = time;
}

/* Returns the median of the latest tasks' times, 0 if too few have ended. */
nsec gauge_median(const struct gauge *gauge);

/*
 * Notes that this many tasks have ended by now, and sets the reading. total is how many there will be, 0 if that is
 * unknown; half_done is how much of tasks that run may be done, as a number of tasks.
 */
void gauge_read(struct gauge *gauge, struct gauge_reading *reading, uint64_t ended, uint64_t total, double half_done);

#endif
