/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the process of a worker comes from, and where it goes afterwards. Private to the pool. */
#ifndef POOL_RECRUITING_H
#define POOL_RECRUITING_H

#include "base/dialect.h"
#include "base/error.h"

struct worker;

/*
 * Takes a worker from the reserve, or starts one: sets its process, channel and number. -1 with the error; the caller
 * has to undo what has been set by then.
 */
int recruiting_find(struct worker *worker, struct error *error) MUST_CHECK;

/* Sends a worker its setup. A small message on an empty channel always fits. -1 with errno. */
int recruiting_instruct(struct worker *worker) MUST_CHECK;

/* Returns a worker that has released everything to the reserve. */
void recruiting_return(struct worker *worker);

/* Notes that a worker has ended, or was never started: the reserve may have another in its place. */
void recruiting_lose(struct worker *worker);

/*
 * Makes room for two descriptors per worker (idle ones have both), as far as the hard limit goes. Returns the soft
 * limit that the program found.
 */
uint64_t recruiting_raise_limit(size_t jobs);

#endif
