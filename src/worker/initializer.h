/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command that each new worker runs once, before it takes tasks (--initializer). */
#ifndef WORKER_INITIALIZER_H
#define WORKER_INITIALIZER_H

#include "base/dialect.h"
#include "worker/workplace.h"

/*
 * Runs the initializer to its end and reports its outcome and the end of its output. True if it succeeded, or the run
 * has none.
 */
bool initializer_run(struct workplace *place) MUST_CHECK;

#endif
