/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The drawings of a report, as SVG within its page. */
#ifndef RUN_PAGE_CHARTS_H
#define RUN_PAGE_CHARTS_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "run/page/page.h"

/* A span of time that is drawn, UTC. */
struct chart_span {
	nsec from;
	nsec to;
};

/* Append the time line: a row for each slot, and a bar for each task, or how busy the slots were. */
void chart_bars(struct bytes *out, const struct run_page *page, struct chart_span span);
void chart_density(struct bytes *out, const struct run_page *page, struct chart_span span);

/* Appends the tasks at work over time, and a line for the number of jobs, if it is not 0. */
void chart_level(struct bytes *out, const struct run_page *page, struct chart_span span, uint64_t jobs);

/* Appends a histogram of how long tasks took. */
void chart_times(struct bytes *out, const struct times *times);

#endif
