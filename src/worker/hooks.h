/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The commands that a worker runs for itself: one before it takes tasks (--initializer), one after its last task
 * (--finalizer). Each is run to its end, and the end of its output reported.
 */
#ifndef WORKER_HOOKS_H
#define WORKER_HOOKS_H

#include "base/dialect.h"
#include "worker/workplace.h"

/* Runs the initializer and reports its outcome. True if it succeeded, or the run has none. */
bool hooks_initialize(struct workplace *place) MUST_CHECK;

/* Runs the finalizer, if the run has one, and reports if it failed. False when the parent is gone. */
bool hooks_finalize(struct workplace *place) MUST_CHECK;

#endif
