/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is said about a run and its tasks: labels in the output, the lines on failed tasks, the summary, the statistics.
 */
#ifndef RUN_REPORT_H
#define RUN_REPORT_H

#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"
#include "task/task.h"
#include "pool/pool.h"

struct session;

/* Whether this result may get a line of its own in the summary. */
bool report_wants(const struct session *session, const struct result *result);

/* Why no command can be made of a task, when that is so: a new string (free), or NULL. */
char *report_problem(struct session *session, const struct result *result, const struct task *task);

/* What happened to a task and its command, for that line: a new string (free). task may be NULL. */
char *report_line(struct session *session, const struct result *result, const struct task *task);

/* The tag of a task's lines, with its tab: a new string (free). */
char *report_tag(struct session *session, const struct task *task, uint32_t slot);

/* How a task's result object begins: its id and argv, as output_json_label has them: a new string (free). */
char *report_object(struct session *session, const struct task *task, uint32_t slot);

/* A result in its turn: its line, if it has one, is kept when it is among the first. */
void report_failure(struct session *session, const struct result *result);

/* Appends the command line of a task, in that slot, quoted for a shell, cut when it is long. */
void report_command_line(struct session *session, const struct task *task, uint32_t slot, struct bytes *line);

/* Why the run stops early: what made the condition of --halt come true; line is its report_line. */
void report_halt(const struct result *result, const char *line);

/* Why tasks are executed although they should be forked from their command; said once. */
void report_unfit(struct session *session, struct slice why);

/* The state of the run and of each worker, now (SIGUSR1). */
void report_state(struct session *session);

/* Why COMMAND itself cannot be run, in words. */
void report_command(const struct session *session, const struct result *result, struct error *error);

/* The last words: summary and statistics. */
void report_end(struct session *session);

/* The exit status that the run's own failure or its tasks' outcomes make. */
int report_status(const struct session *session);

#endif
