/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets from a worker's ring to the pool's owner. Private to the pool. */
#ifndef POOL_INTAKE_H
#define POOL_INTAKE_H

#include "base/dialect.h"
#include "pool/pool_private.h"

/*
 * Takes packets from a worker's ring as far as the owner accepts them, and at most one ring full; all of them when the
 * worker has ended. A worker that breaks the protocol is killed. Returns true if anything was taken. What the packets
 * say about the worker itself is noted in worker->intake.
 */
bool intake_take(struct worker *worker, bool ended);

/*
 * Takes the results of a row before index that are in the rings of workers which had the row earlier, accepted or not.
 * Only where results come in the order of a row's tasks. Afterwards ledger_next is below index only if they are lost.
 */
void intake_catch_up(struct worker *worker, size_t row, uint64_t index);

/* True if the worker runs this task, or has a packet about it in its ring. */
bool intake_has_task(const struct worker *worker, uint64_t index);

#endif
