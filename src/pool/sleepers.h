/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The workers of a pool that sleep until there is work. Private to the pool. */
#ifndef POOL_SLEEPERS_H
#define POOL_SLEEPERS_H

#include "pool/pool.h"

/* Whether any does, of those that have said HELLO. */
bool sleepers_exist(const struct pool *pool);

/* Wakes one of them: false when none sleeps. */
bool sleepers_wake_one(struct pool *pool);

/* Wakes each of them, once; also one whose HELLO has not been taken. */
void sleepers_wake_all(struct pool *pool);

#endif
