/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What this process may use of the machine. */
#ifndef PROCESS_CAPACITY_H
#define PROCESS_CAPACITY_H

#include "base/dialect.h"

/* More jobs than this at a time have never been of use, and every one costs memory. */
enum { CAPACITY_JOBS_MAX = 16384 };

/* CPUs usable by this process: the smaller of its affinity and its cgroup's quota (rounded up), at least 1. */
size_t capacity_cpus(void);

/* The most jobs that half of what the limits on processes and descriptors leave can carry, at least 1. */
size_t capacity_jobs(void);

#endif
