/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Views of runs, tasks and workers. Everything from outside is escaped; nothing is coloured. */
#ifndef INTERACTIVE_VIEWS_VIEWS_H
#define INTERACTIVE_VIEWS_VIEWS_H

#include "base/dialect.h"
#include "interactive/runs/runs.h"
#include "interactive/views/canvas.h"

/* Returns a run's state: "running", "paused", "ending", "done", "failed" or "cancelled". */
const char *view_state(const struct run *run);

/* Draws a table of all runs, the newest last. */
void view_runs(const struct canvas *canvas, const struct runs *runs);

/* Draws a run in full: its line, state, tasks and options, and what it runs now. */
void view_run(const struct canvas *canvas, struct run *run);

/* Draws a task of a run in full. */
void view_task(const struct canvas *canvas, struct run *run, uint64_t index);

/* Draws the workers, and the times of tasks: of one run, or of all runs where run is NULL. */
void view_stats(const struct canvas *canvas, struct runs *runs, struct run *run);

#endif
