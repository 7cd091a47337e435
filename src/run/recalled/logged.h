/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * --resume with a job log, and no journal: what the log has an outcome of is not run again.
 *
 * A task is known by its number; its command has to be that of the log, or the run ends. Records are looked up as they
 * are read. What earlier sessions have written is not known, so it is not written again.
 */
#ifndef RUN_RECALLED_LOGGED_H
#define RUN_RECALLED_LOGGED_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/error.h"
#include "journal/joblog_past.h"
#include "task/task.h"

struct session;

struct logged {
	/* Without a name if the run does not go by a log. */
	struct joblog_past past;
	/* A task's command as the log has it; used again for each. */
	struct bytes command;
	/* The outcome of the task that logged_knows has found. */
	struct result found;
	bool is_known;
	/* The run was ended: the log is of another, or cannot be read. */
	bool has_failed;
	/* Number of tasks that were done before. */
	uint64_t count;
};

/* Reads the job log that the session's options name, if there is one to go by. -1 with the error. */
int logged_open(struct logged *logged, struct session *session, struct error *error) MUST_CHECK;

static inline bool logged_is_on(const struct logged *logged)
{
	return logged->past.name;
}

/* True if a task is not to be run: then logged_take follows. Ends the run if its command is not that of the log. */
bool logged_knows(struct session *session, const struct task *task);

/* Gives the next index to that task. task is as then. */
void logged_take(struct session *session, const struct task *task);

/* Reports how many tasks were done before, and whether the log has more than the input. */
void logged_report(const struct session *session);

void logged_close(struct logged *logged);

#endif
