/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the interactive mode shows of runs, tasks and workers. Everything from outside is escaped; nothing is coloured.
 */
#ifndef INTERACTIVE_VIEWS_VIEWS_H
#define INTERACTIVE_VIEWS_VIEWS_H

#include "base/dialect.h"
#include "interactive/runs/runs.h"
#include "interactive/views/canvas.h"

/* A job's state in a word: "running", "paused", "ending", "done", "failed", "cancelled". */
const char *view_state(const struct job *job);

/* All jobs, a line each, the newest last. */
void view_jobs(const struct canvas *canvas, const struct jobs *jobs);

/* All about a job: what was asked for, what came of it, what it does now. */
void view_job(const struct canvas *canvas, struct job *job);

/* All about a task of a job. */
void view_task(const struct canvas *canvas, struct job *job, uint64_t index);

/* The workers, and how long tasks took: those of a job, or of all (NULL). */
void view_stats(const struct canvas *canvas, struct jobs *jobs, struct job *job);

/* For the views: a table of what runs now, of a job or of all (NULL); nothing when nothing does. */
void view_running(const struct canvas *canvas, struct jobs *jobs, struct job *job);

/* For the views: appends how long tasks took, in words; there are some. */
void view_times(struct bytes *out, const uint64_t *buckets, nsec longest);

#endif
