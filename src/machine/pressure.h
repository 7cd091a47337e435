/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pressure on the machine: free memory, load, and processes killed for lack of memory. */
#ifndef MACHINE_PRESSURE_H
#define MACHINE_PRESSURE_H

#include "base/dialect.h"

/*
 * Returns the bytes of memory available without swapping (MemAvailable of proc(5), or less if a control group allows
 * less), or UINT64_MAX if unknown.
 */
uint64_t pressure_memory(void);

/* Returns the load average of the last minute (proc(5)) in hundredths, or 0 if unknown. */
uint64_t pressure_load(void);

/* Returns how many processes of our control group the kernel has killed for lack of memory, or 0 if unknown. */
uint64_t pressure_oom_kills(void);

/* Stores that number for the group in a folder. Returns false if it cannot be read. */
bool pressure_oom_kills_of(const char *folder, uint64_t *kills);

#endif
