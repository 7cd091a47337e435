/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recalling what earlier sessions of a journalled run did, task by task, while its input is read. */
#ifndef RUN_DURABLE_RECALL_H
#define RUN_DURABLE_RECALL_H

#include "base/dialect.h"
#include "task/task.h"

struct session;

/* True if the session has a journal: each task is asked for before it is submitted. */
bool recall_is_on(const struct session *session);

/* True if it saves time to prefetch tasks before they are asked for. */
bool recall_may_prefetch(const struct session *session);

/* Notes that a task is to be asked for, less than SUPPLY_AHEAD others before it. */
void recall_prefetch(struct session *session, const struct task *task);

/*
 * Enters the next task in the journal's account, if there is one, and returns true if an earlier session has done it:
 * then recall_take follows, and the task is not submitted. Each index is asked for once, in their order.
 */
bool recall_knows(struct session *session, const struct task *task);

/* Gives the next index to that task. task is as then. */
void recall_take(struct session *session, const struct task *task);

/*
 * Makes room for the next record, which can be no task: the output has nothing of it that can be recalled, and gets its
 * result in its turn.
 */
void recall_refuse(struct session *session);

/* Stores that the tasks that are submitted next may begin, where that is wanted. */
void recall_secure(struct session *session);

#endif
