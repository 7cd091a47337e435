/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The processors that a process may use (sched_setaffinity(2)). */
#ifndef MACHINE_AFFINITY_H
#define MACHINE_AFFINITY_H

#include "base/dialect.h"

#include <sched.h>

struct affinity {
	/* Empty if unknown. */
	cpu_set_t set;
};

/* Stores those of this process. They remain unknown on a machine with more than 1024 processors. */
void affinity_get(struct affinity *affinity);

/* Returns one of them by its place among them, from 0, counted on from the first after the last; -1 if unknown. */
int affinity_choose(const struct affinity *affinity, size_t place);

/* Keeps this process, and its children, on one processor. -1 with errno. */
int affinity_bind(int processor) MUST_CHECK;

/*
 * Lets this process use these processors, if known. A failure is ignored: the kernel removed them from the process's
 * control group. Async-signal-safe.
 */
void affinity_restore(const struct affinity *affinity);

#endif
