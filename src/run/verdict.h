/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The events of the pool, as a run handles them. */
#ifndef RUN_VERDICT_H
#define RUN_VERDICT_H

#include "base/dialect.h"
#include "pool/pool.h"

struct session;

/* The callbacks of a session's pool_owner. */
extern const struct pool_owner verdict_owner;

/*
 * Makes a result count: order, records, tallies, --halt. task is NULL if nothing is known of it. -1 if the task has a
 * result already.
 */
int verdict_finish(struct session *session, const struct result *result, const struct task *task) MUST_CHECK;

#endif
