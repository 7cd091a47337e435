/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long tasks took: a histogram with a relative error below 1 % (log-linear buckets: each octave of nanoseconds is
 * divided into 64 equal parts), and the shortest and the longest time.
 */
#ifndef RUN_TIMES_H
#define RUN_TIMES_H

#include "base/bytes.h"
#include "base/clock.h"
#include "base/dialect.h"

enum {
	/* The first octave is the times below 64 ns, each next one ends at twice the time. */
	TIMES_OCTAVES = 58,
	TIMES_PARTS = 64,
};

/* Empty if all zero. */
struct times {
	/* The parts of each octave; NULL if no time was in it. */
	uint64_t *octaves[TIMES_OCTAVES];
	uint64_t count;
	nsec shortest;
	nsec longest;
};

/* Adds the times of count tasks that took this long together. Less than 0 is counted as 0. */
void times_add(struct times *times, nsec together, uint64_t count);

/* Adds all that other has counted. */
void times_add_all(struct times *times, const struct times *other);

/* Returns how many tasks were in an octave, and in *bound the time that all of them stayed below. */
uint64_t times_octave(const struct times *times, unsigned octave, nsec *bound);

/* Returns the time that a share of the tasks, in percent, took at most; 0 if none was counted. */
nsec times_percentile(const struct times *times, unsigned percent);

/* Appends a time in the unit that suits it, with two or more digits; "-" if it is below 0. */
void times_put(struct bytes *out, nsec time);

/* Appends "p50 TIME, p90 TIME, p99 TIME, longest TIME"; at least one task must be counted. */
void times_describe(const struct times *times, struct bytes *out);

void times_release(struct times *times);

#endif
