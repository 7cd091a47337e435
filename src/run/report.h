/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reports on a run and its tasks: labels in the output, lines on failed tasks, the summary, the statistics. */
#ifndef RUN_REPORT_H
#define RUN_REPORT_H

#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"
#include "task/task.h"
#include "pool/pool.h"

struct session;

/* True if this result may get a line of its own in the summary. */
bool report_wants(const struct session *session, const struct result *result);

/* Returns why no command can be made of a task: a new string (free); NULL if one can. */
char *report_problem(struct session *session, const struct result *result, const struct task *task);

/* Returns the outcome of a task and its command, for that line: a new string (free). task may be NULL. */
char *report_line(struct session *session, const struct result *result, const struct task *task);

/* Returns the beginning of a task's result object, by output_json_label: a new string (free). */
char *report_object(struct session *session, const struct task *task, uint32_t slot);

/* Returns what represents a task in a format that is whole: its object, or its cells; a new string (free). */
char *report_label(struct session *session, const struct task *task, uint32_t slot);

/* Keeps the line of a result in its turn, if it has one and is among the first. */
void report_failure(struct session *session, const struct result *result);

/* Appends the command line of a task in this slot, quoted for a shell and cut if it is long. */
void report_command_line(struct session *session, const struct task *task, uint32_t slot, struct bytes *line);

/* Reports that the run stops early because this result fulfilled --halt; line is its report_line. */
void report_halt(const struct result *result, const char *line);

/* Reports what a worker says of itself, as the pool's on_report; of several workers that say the same once. */
void report_worker(struct session *session, enum packet_type type, struct slice words);

/* Reports, once, why tasks are executed although they should be forked from their command. */
void report_unfit(struct session *session, struct slice why);

/* Reports, once, that no more output is stored on disk because of this error. */
void report_refusal(struct session *session, const struct error *error);

/*
 * Reports, once, that --memfree or --load has held back all tasks for seconds; not those of a run that the user has
 * paused. To be called after each check of the throttle.
 */
void report_throttle(struct session *session);

/*
 * Appends what keeps tasks from beginning or ending: "; waiting for memory (...)", "; 1 worker is stopped". Nothing if
 * they do both.
 */
void report_obstacles(const struct session *session, struct bytes *out);

/* Reports the state of the run and of each worker (SIGUSR1). */
void report_state(struct session *session);

/* Sets the error to why COMMAND itself cannot be run. */
void report_command(const struct session *session, const struct result *result, struct error *error);

/* True if how long tasks took is reported, at the end or meanwhile. */
bool report_needs_times(const struct session *session);

/* Reports the summary and the statistics. */
void report_end(struct session *session);

/* Returns the exit status, from the run's own failure or its tasks' outcomes. */
int report_status(const struct session *session);

#endif
