/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The effect of a task's result: it is settled, or the task is run again. Private to the pool. */
#ifndef POOL_OUTCOMES_H
#define POOL_OUTCOMES_H

#include "base/dialect.h"
#include "pool/pool_private.h"

/* Gives a result to the owner, for a task of the chunk in row with the same attempt. -1: the owner refuses it. */
int outcomes_take(struct pool *pool, size_t row, const struct result *result) MUST_CHECK;

/*
 * Gives the owner a result, with the rest of the output, for tasks of the chunk in row with the same attempt; they have
 * no results yet. -1: the owner refuses it.
 */
int outcomes_take_answers(struct pool *pool, size_t row, const struct result *result, struct slice bytes) MUST_CHECK;

/* Gives a task its outcome that has none because its worker died; pid and started are 0 if unknown. */
void outcomes_lose(struct worker *worker, size_t row, uint64_t index, pid_t pid, nsec started);

/*
 * With options.calls: gives the first task of a row without a result the end of its worker as its outcome, if the
 * worker ran that and it was the cause.
 */
void outcomes_blame(struct worker *worker, size_t row);

/* Returns when the first task is due to be run again: NSEC_FOREVER if none, or if it waits for a row. */
nsec outcomes_deadline(const struct pool *pool);

/* Publishes the tasks that are due to be run again, as far as the ledger has rows. */
void outcomes_submit_retries(struct pool *pool);

/* Withdraws all tasks that no worker has, and gives each OUTCOME_SKIPPED. */
void outcomes_skip_waiting(struct pool *pool);

#endif
