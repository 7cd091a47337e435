/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts that several views show. */
#ifndef INTERACTIVE_VIEWS_VIEWS_PARTS_H
#define INTERACTIVE_VIEWS_VIEWS_PARTS_H

#include "base/dialect.h"
#include "interactive/runs/runs.h"
#include "interactive/views/canvas.h"

/* Appends a row of words, up to NULL, to a table. */
void views_heading(struct canvas_table *table, const char *const *words);

/* Draws a table of the tasks that run now: of one run, or of all runs where run is NULL. Draws nothing if none runs. */
void views_running(const struct canvas *canvas, struct runs *runs, struct run *run);

/* Returns the time that all tasks of a bucket stayed below. */
nsec views_bound(size_t bucket);

/* Returns how many tasks there are in all RUN_BUCKETS buckets. */
uint64_t views_sum(const uint64_t *buckets);

/*
 * Appends percentiles of the times of the tasks in buckets, which must count at least one task, and the longest time.
 */
void views_times(struct bytes *out, const uint64_t *buckets, nsec longest);

#endif
