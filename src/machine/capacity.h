/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The capacity of the machine for this process: CPUs, processes, descriptors. */
#ifndef MACHINE_CAPACITY_H
#define MACHINE_CAPACITY_H

#include "base/dialect.h"

/* The most jobs at a time, also for the prompt's workers command: more are of no use, and each costs memory. */
enum { CAPACITY_JOBS_MAX = 16384 };

/* Returns the usable CPUs: the smaller of the affinity and the cgroup's quota (rounded up), at least 1. */
size_t capacity_cpus(void);

/* Returns the CPUs in the affinity of this process, at least 1. */
size_t capacity_affinity(void);

/* Returns the most jobs for half of what the limits on processes and descriptors leave, at least 1. */
size_t capacity_jobs(void);

/*
 * Parses a number of jobs: N, or N%, +N, -N of the usable CPUs (at least 1), or 0 for capacity_jobs. Returns 0 with
 * *jobs set, or -1 with errno and *jobs unchanged.
 */
int capacity_parse_jobs(const char *text, size_t *jobs) MUST_CHECK;

#endif
