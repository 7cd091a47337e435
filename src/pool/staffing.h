/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many workers there are: woken, started, asked to leave, or given up. Private to the pool. */
#ifndef POOL_STAFFING_H
#define POOL_STAFFING_H

#include "base/dialect.h"
#include "pool/pool_private.h"

/* Changes how many workers are wanted. */
void staffing_set_jobs(struct pool *pool, size_t jobs);

/* True if a worker sleeps. */
bool staffing_has_sleeper(const struct pool *pool);

/* Wakes all workers that sleep, also those whose HELLO has not been read. */
void staffing_wake_sleepers(struct pool *pool);

/* Starts the spare worker when only the head may start and every worker waits for it. */
void staffing_relieve(struct pool *pool);

/* Makes all workers beyond this number leave after their current task. */
void staffing_retire(struct pool *pool, size_t jobs);

/* Workers have been scanned: they may be idle, or have left a part of their chunks to others. */
void staffing_scanned(struct pool *pool);

/* A worker has ended, and its seat is free. */
void staffing_worker_ended(struct pool *pool);

/* Returns when staffing_tick is due: NSEC_FOREVER if never. */
nsec staffing_deadline(const struct pool *pool);

/* Wakes and starts workers for unclaimed chunks. */
void staffing_tick(struct pool *pool);

#endif
