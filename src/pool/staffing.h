/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many workers there are: started when work waits for them, given up when they cannot be had. Private to the pool.
 */
#ifndef POOL_STAFFING_H
#define POOL_STAFFING_H

#include "base/dialect.h"
#include "base/slice.h"
#include "board/message.h"
#include "pool/pool.h"

/* Starts the spare worker when only the head may start and every worker waits behind it. */
void staffing_relieve(struct pool *pool);

/* Makes all workers beyond so many leave after the task in hand. */
void staffing_retire(struct pool *pool, size_t jobs);

/* A worker gave up for want of resources (errno). */
void staffing_starved(struct pool *pool, int number);

struct worker;

/* A worker's initializer has ended: if it failed the worker cannot be used. */
void staffing_initialized(struct worker *worker, const struct initialized *initialized, struct slice words);

/* A worker has ended and everything of it is told. */
void staffing_worker_ended(struct pool *pool);

/* When staffing_tick wants to be called; NSEC_FOREVER. It wakes and starts workers where pool->unserved says so. */
nsec staffing_deadline(const struct pool *pool);
void staffing_tick(struct pool *pool);

#endif
