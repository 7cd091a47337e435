/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rate of a run. */
#include "run/display/gauge.h"

/* The time span of the rate, and the least time between two moments. */
#define SPAN (6 * NSEC_PER_SEC)
#define APART (SPAN / (GAUGE_MOMENTS - 4))

/* Tasks that must have ended in the span for its rate. */
enum { ENDED_LEAST = 5 };

/* Returns the earliest moment within the span before now, the latest one if none is. There is one. */
static const struct gauge_moment *first_moment(const struct gauge *gauge, nsec now)
{
	const struct gauge_moment *first = &gauge->moments[(gauge->moment_count - 1) % GAUGE_MOMENTS];
	uint64_t i;

	for (i = 2; i <= gauge->moment_count && i <= GAUGE_MOMENTS; i++) {
		const struct gauge_moment *moment = &gauge->moments[(gauge->moment_count - i) % GAUGE_MOMENTS];

		if (now - moment->time > SPAN)
			break;
		first = moment;
	}
	return first;
}

static double rate_since(const struct gauge_moment *moment, nsec now, double ended)
{
	double span = (double)(now - moment->time) / (double)NSEC_PER_SEC;

	return span > 0 ? (ended - (double)moment->ended) / span : 0;
}

void gauge_read(struct gauge *gauge, struct gauge_reading *reading, uint64_t ended, uint64_t total, double half_done)
{
	const struct gauge_moment start = {.time = gauge->started}, *since = &start;
	nsec now = clock_now();
	double speed;

	if (gauge->moment_count)
		since = first_moment(gauge, now);
	if (ended < since->ended + ENDED_LEAST)
		since = &start;
	reading->rate = ended ? rate_since(since, now, (double)ended) : 0;
	/* Of long tasks none may have ended for a while: what is done of them counts. */
	speed = since == &start ? rate_since(since, now, (double)ended + half_done) : reading->rate;
	reading->left = -1;
	if (total && ended && speed > 0)
		reading->left = ((double)total - (double)ended - half_done) / speed;
	if (reading->left < 0 && total && ended)
		reading->left = 0;
	if (!gauge->moment_count || now - gauge->moments[(gauge->moment_count - 1) % GAUGE_MOMENTS].time >= APART)
		gauge->moments[gauge->moment_count++ % GAUGE_MOMENTS] =
			(struct gauge_moment){.time = now, .ended = ended};
}
