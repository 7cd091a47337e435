/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What result objects say of a task's attempts before the last ("tries"): the outcome of each, and how its standard
 * error begins. It is kept until the task has its result. The log of results and the report have the latter of the last
 * attempt, too.
 */
#ifndef RUN_TRIES_H
#define RUN_TRIES_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "board/message.h"
#include "task/task.h"

struct session_options;

struct tries {
	/* True if tasks may be run again, and something has result objects. */
	bool is_on;
	/* True if the beginning of standard error is kept, for these, the log of results or the report. */
	bool takes_errors;
	/* For each slot the beginning of what its last task has written to standard error. */
	struct tries_head {
		uint64_t index;
		uint32_t attempt;
		struct bytes errors;
	} * heads;
	size_t count;
	/* Lists of the tasks that have earlier attempts, each by its index; NULL before the first. */
	struct tries_task **buckets;
};

/* Returns what a run with these options needs. */
struct tries tries_for(const struct session_options *options);

/* Takes a piece of a task's standard error; only if takes_errors. */
void tries_put(struct tries *tries, const struct output_header *header, uint32_t slot, struct slice bytes);

/* Keeps what an attempt was like that another follows. */
void tries_keep(struct tries *tries, const struct result *result);

/* Drops the last of them: no other attempt follows, and it counts. */
void tries_withdraw(struct tries *tries, uint64_t index);

/* Returns how the standard error of an attempt begins, the last that a task has had; valid until the next call. */
struct slice tries_errors(const struct tries *tries, const struct result *result);

/* Drops what is kept of a task, which has its result. */
void tries_forget(struct tries *tries, uint64_t index);

/* Appends the key of a task's earlier attempts and a comma to a result object, if there are any. */
void tries_append(const struct tries *tries, uint64_t index, struct bytes *object);

void tries_release(struct tries *tries);

#endif
