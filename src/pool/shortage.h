/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Handling of a shortage: fewer workers can be started than are wanted. Private to the pool. */
#ifndef POOL_SHORTAGE_H
#define POOL_SHORTAGE_H

#include "base/dialect.h"
#include "pool/pool_private.h"

/* Consecutive workers of a seat whose initializer fails, after which the seat remains free. */
enum { SHORTAGE_UNFIT_MAX = 2 };

/* A worker could not be started. is_stuck: nothing continues without it. The error remains the caller's. */
void shortage_start_failed(struct pool *pool, bool is_stuck, struct error *error);

/* A worker gave up for want of resources, for this errno. */
void shortage_starved(struct pool *pool, int number);

/* Results were taken: there is progress. */
void shortage_progressed(struct pool *pool);

/* A worker's initializer has ended, as worker->intake says: if it failed, the worker cannot be used. */
void shortage_initialized(struct worker *worker);

/* A worker ended before it had done anything; by a signal, or by itself. */
void shortage_ended_early(struct pool *pool, bool by_signal);

/* Fails if workers die as soon as they are started, or if none can be used. After the end of a worker. */
void shortage_check_ends(struct pool *pool);

/* Another number of workers is wanted (staffing.jobs): as many may be had. */
void shortage_set_limit(struct pool *pool);

/* The time for one more worker has come. */
void shortage_retry(struct pool *pool, nsec now);

#endif
