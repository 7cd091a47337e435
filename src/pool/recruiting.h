/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the process of a worker comes from, and where it goes when it is not needed. Private to the pool. */
#ifndef POOL_RECRUITING_H
#define POOL_RECRUITING_H

#include "base/dialect.h"
#include "base/error.h"

struct worker;

/*
 * Takes a worker that waits in the reserve, or starts one: its process, channel and number. -1 with the error; what
 * there is of them is the caller's to undo all the same.
 */
int recruiting_find(struct worker *worker, struct error *error) MUST_CHECK;

/* Sends a worker what it needs. A small message on a line where nothing waits always fits. -1 with errno. */
int recruiting_instruct(struct worker *worker) MUST_CHECK;

/* Gives a worker that has let go of everything to the reserve. */
void recruiting_return(struct worker *worker);

/* A worker has ended, or was never started: the reserve may have another in its place. */
void recruiting_lose(struct worker *worker);

#endif
