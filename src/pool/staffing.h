/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many workers there are: started when work waits for them, given up when they cannot be had. Private to the pool. */
#ifndef POOL_STAFFING_H
#define POOL_STAFFING_H

#include "base/dialect.h"
#include "base/slice.h"
#include "pool/pool.h"
#include "protocol/message.h"

/* A chunk was published: wakes a sleeping worker, or starts one more. */
void staffing_serve_one(struct pool *pool);

/* Sees to it that every chunk that can be claimed has a worker coming for it, as far as there are workers. */
void staffing_serve(struct pool *pool);

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

/* When staffing_tick wants to be called; NSEC_FOREVER. */
nsec staffing_deadline(const struct pool *pool);
void staffing_tick(struct pool *pool);

#endif
