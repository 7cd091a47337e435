/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals from the parent to the tasks that workers run. Private to the pool. */
#ifndef POOL_SIGNALLING_H
#define POOL_SIGNALLING_H

#include "base/dialect.h"
#include "pool/pool.h"

/* When signals that could not be sent yet are tried again; NSEC_FOREVER. */
nsec signalling_deadline(const struct pool *pool);
void signalling_tick(struct pool *pool);

/* Wakes every worker, whatever it waits for. Async-signal-safe. */
void signalling_wake_all(struct pool *pool);

#endif
