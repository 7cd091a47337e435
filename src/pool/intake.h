/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a worker's ring to the pool's owner. Private to the pool. */
#ifndef POOL_INTAKE_H
#define POOL_INTAKE_H

#include "base/dialect.h"
#include "pool/roster.h"

/*
 * Takes what is in a worker's ring, as far as the owner accepts it; all of it when the worker has ended. A worker that
 * wrote nonsense is killed. Whether anything was taken.
 */
bool intake_look(struct worker *worker, bool ended);

#endif
