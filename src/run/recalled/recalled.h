/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Results of tasks that earlier sessions have done, on their way into the order. */
#ifndef RUN_RECALLED_RECALLED_H
#define RUN_RECALLED_RECALLED_H

#include "base/dialect.h"
#include "task/task.h"

struct session;

/* Tasks in a row that succeeded, and whose one result the order has still to be given. */
struct recalled {
	uint64_t first;
	uint64_t count;
};

/* How many are gathered before the loop is served: signals, output, the results of others. */
#define RECALLED_STEP (1 << 14)

/* Counts the result of a task, and has it given to the order. is_recalled is set. */
void recalled_put(struct session *session, const struct result *result, const struct task *task);

/* Gives the order what is gathered. */
void recalled_flush(struct session *session);

#endif
