/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the interactive mode shows of runs, tasks and workers. Everything from outside is escaped; nothing is coloured.
 */
#ifndef INTERACTIVE_VIEWS_VIEWS_H
#define INTERACTIVE_VIEWS_VIEWS_H

#include "base/dialect.h"
#include "interactive/runs/runs.h"
#include "interactive/views/canvas.h"

/* A run's state in a word: "running", "paused", "ending", "done", "failed", "cancelled". */
const char *view_state(const struct run *run);

/* All runs, a line each, the newest last. */
void view_runs(const struct canvas *canvas, const struct runs *runs);

/* All about a run: what was asked for, what came of it, what it does now. */
void view_run(const struct canvas *canvas, struct run *run);

/* All about a task of a run. */
void view_task(const struct canvas *canvas, struct run *run, uint64_t index);

/* The workers, and how long tasks took: those of a run, or of all (NULL). */
void view_stats(const struct canvas *canvas, struct runs *runs, struct run *run);

#endif
