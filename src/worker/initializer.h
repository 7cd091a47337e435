/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command that each new worker runs once, before it takes tasks (--initializer). */
#ifndef WORKER_INITIALIZER_H
#define WORKER_INITIALIZER_H

#include "base/dialect.h"
#include "worker/workplace.h"

/* Runs it to its end and reports its outcome and the end of what it wrote. True if it succeeded, or there is none. */
bool initializer_run(struct workplace *place) MUST_CHECK;

#endif
