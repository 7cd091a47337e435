/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What this process may use of the machine. */
#ifndef MACHINE_CAPACITY_H
#define MACHINE_CAPACITY_H

#include "base/dialect.h"

/* More jobs than this at a time have never been of use, and every one costs memory. */
enum { CAPACITY_JOBS_MAX = 16384 };

/* CPUs usable by this process: the smaller of its affinity and its cgroup's quota (rounded up), at least 1. */
size_t capacity_cpus(void);

/* The most jobs that half of what the limits on processes and descriptors leave can carry, at least 1. */
size_t capacity_jobs(void);

/*
 * A number of jobs as people write it: N, N%, +N, -N (of the usable CPUs; at least 1), or 0 (as many as can be). -1
 * when it is none, or too large; *jobs is then untouched.
 */
int capacity_parse_jobs(const char *text, size_t *jobs) MUST_CHECK;

#endif
