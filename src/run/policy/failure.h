/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What follows from a failed task: whether every other task would fail, too, and when it is run again. */
#ifndef RUN_POLICY_FAILURE_H
#define RUN_POLICY_FAILURE_H

#include "base/clock.h"
#include "base/dialect.h"
#include "task/task.h"

/* True if a task could not be started because of its command, not because of one record's arguments or settings. */
bool failure_is_about_command(const struct result *result);

/* True if a task, or a process of it, got SIGPIPE. */
bool failure_is_by_pipe(const struct result *result);

/* Returns the time until a task is run again, in nanoseconds; first is the time after the first attempt. */
nsec failure_delay(const struct result *result, nsec first);

#endif
