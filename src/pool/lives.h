/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The events of a worker's life. Private to the pool. */
#ifndef POOL_LIVES_H
#define POOL_LIVES_H

#include "base/dialect.h"
#include "pool/pool_private.h"

/* Receives one message from a worker; for pool->crew.channel_ready. */
void lives_channel_ready(struct watch *watch, unsigned events);

/* Offers the packets of stalled workers again. */
void lives_resume(struct pool *pool);

#endif
