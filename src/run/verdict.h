/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What follows for a run from what its pool tells it. */
#ifndef RUN_VERDICT_H
#define RUN_VERDICT_H

#include "base/dialect.h"
#include "pool/pool.h"

struct session;

/* For the pool_owner of a session. */
extern const struct pool_owner verdict_owner;

/* Takes in a result that counts (task may be NULL), and what follows from it. -1 when that task has one already. */
int verdict_finish(struct session *session, const struct result *result, const struct task *task) MUST_CHECK;

/* The next record cannot be a task, for the given reason. */
void verdict_refuse(struct session *session, const char *reason);

#endif
