/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals to running tasks, and workers that let a task exceed its time or are stopped. Private to the pool. */
#ifndef POOL_SUPERVISION_H
#define POOL_SUPERVISION_H

#include "base/dialect.h"
#include "pool/pool_private.h"

/* Sends a signal to every running task; to a task that is being started, as soon as it can be reached. */
void supervision_signal(struct pool *pool, int signal);

/* Stops and continues all tasks. Async-signal-safe. */
void supervision_freeze(struct pool *pool);
void supervision_thaw(struct pool *pool);

/* Changes the time limit of all tasks without one of their own, in nanoseconds (0: none). */
void supervision_set_timeout(struct pool *pool, nsec timeout);

/* Notes that a worker may have stopped or continued: supervision_tick is to check it soon. */
void supervision_suspect(struct pool *pool);

/* Returns when supervision_tick is due: NSEC_FOREVER if never. */
nsec supervision_deadline(const struct pool *pool);

/*
 * Sends the signals again that could not be sent, kills workers that let a task exceed its time, and reports workers
 * that are stopped.
 */
void supervision_tick(struct pool *pool);

#endif
