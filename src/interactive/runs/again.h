/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Feeding a run with tasks of another that failed, as that one had them. */
#ifndef INTERACTIVE_RUNS_AGAIN_H
#define INTERACTIVE_RUNS_AGAIN_H

#include "base/dialect.h"
#include "feed/feeder.h"
#include "interactive/runs/selection.h"

/*
 * A feeder of the failed tasks of selection->run, which must be done, for a run with the same options. They are looked
 * up as they are fed: what is not kept any more by then is refused as a task.
 */
struct feeder *again_new(const struct selection *selection);

#endif
