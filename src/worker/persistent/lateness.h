/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ending a persistent command that takes too long for a record (--timeout), or that cannot answer any more. */
#ifndef WORKER_PERSISTENT_LATENESS_H
#define WORKER_PERSISTENT_LATENESS_H

#include "base/clock.h"
#include "base/dialect.h"

struct serving;

/* Time after the command's end in which another process may still write to its pipe. */
#define LATENESS_DRAIN (200 * NSEC_PER_MSEC)

/* Does what is due now. Returns when it is to be called again, monotonic; NSEC_FOREVER if there is no such time. */
nsec lateness_check(struct serving *serving);

#endif
