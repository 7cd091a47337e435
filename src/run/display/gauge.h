/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the progress of a run is measured by: its rate, and the time that is left. */
#ifndef RUN_DISPLAY_GAUGE_H
#define RUN_DISPLAY_GAUGE_H

#include "base/clock.h"
#include "base/dialect.h"

/* Moments that the rate is measured from. */
enum { GAUGE_MOMENTS = 16 };

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
};

/* What a gauge shows. */
struct gauge_reading {
	/* Tasks per second, over the last seconds; over the whole run if few have ended in these. */
	double rate;
	/* Seconds until all tasks have ended, below 0 if that is not known. */
	double left;
};

/*
 * Notes that this many tasks have ended by now, and sets the reading. total is how many there will be, 0 if that is
 * unknown; half_done is how much of tasks that run may be done, as a number of tasks.
 */
void gauge_read(struct gauge *gauge, struct gauge_reading *reading, uint64_t ended, uint64_t total, double half_done);

#endif
