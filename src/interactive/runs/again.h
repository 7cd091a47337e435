/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Feeds a run with failed tasks of another run. */
#ifndef INTERACTIVE_RUNS_AGAIN_H
#define INTERACTIVE_RUNS_AGAIN_H

#include "base/dialect.h"
#include "feed/feeder.h"
#include "interactive/runs/selection.h"

/*
 * Returns a feeder of the failed tasks of selection->run, which must be done, for a run with the same options. A task
 * that the archive has dropped before it is fed is refused.
 */
struct feeder *again_new(const struct selection *selection);

#endif
