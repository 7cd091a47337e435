/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The seats of a pool: starting a worker in one, waking it, killing it. Private to the pool. */
#ifndef POOL_ROSTER_H
#define POOL_ROSTER_H

#include "base/dialect.h"
#include "pool/pool_private.h"

/* Starts a worker in a free seat (there must be one). 0, or -1 with the error. */
int roster_start(struct pool *pool, struct error *error) MUST_CHECK;

/* True if there is a free seat where fewer than unfit_max consecutive workers have failed to set themselves up. */
bool roster_has_seat(const struct pool *pool, unsigned unfit_max);

/*
 * Wakes a worker that waits for work, for room in its ring, or for a decision of the parent. A WAKE for which the
 * kernel has no memory is sent again by roster_tick. Async-signal-safe.
 */
void roster_wake(struct worker *worker);

/* Acknowledges the results that were taken from a worker, and wakes it if it waits for that. */
void roster_acknowledge(struct worker *worker, bool waits);

/* The same for all workers that have such results. */
void roster_acknowledge_all(struct pool *pool);

/* Wakes all workers, whatever they wait for. Async-signal-safe. */
void roster_wake_all(struct pool *pool);

/* Returns when roster_tick is due: NSEC_FOREVER if never. */
nsec roster_deadline(const struct pool *pool);

/* Sends the WAKEs again that could not be sent. */
void roster_tick(struct pool *pool);

/* Kills a worker. Its end shows in the loop, by its channel. */
void roster_kill(struct worker *worker);

/* Kills all workers. */
void roster_kill_all(struct pool *pool);

#endif
