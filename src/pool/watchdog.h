/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Workers that do not end a task whose time is over: stopped (SIGSTOP), or gone mad. They are killed, and with them
 * what they run. Private to the pool.
 */
#ifndef POOL_WATCHDOG_H
#define POOL_WATCHDOG_H

#include "base/clock.h"
#include "base/dialect.h"
#include "pool/pool.h"

/* When watchdog_tick wants to be called; NSEC_FOREVER. */
nsec watchdog_deadline(const struct pool *pool);
void watchdog_tick(struct pool *pool);

#endif
