/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How busy the machine is now: free memory, load, and what the kernel has killed for want of memory. */
#ifndef MACHINE_PRESSURE_H
#define MACHINE_PRESSURE_H

#include "base/dialect.h"

/*
 * Bytes of memory that can be had without swapping (MemAvailable of proc(5), or less where a control group allows
 * less); UINT64_MAX when that cannot be told.
 */
uint64_t pressure_memory(void);

/* The load average of the last minute (proc(5)), in hundredths; 0 when it cannot be told. */
uint64_t pressure_load(void);

/* How many processes of our control group the kernel has ever killed for want of memory; 0 when it cannot be told. */
uint64_t pressure_oom_kills(void);

/* The same of the group in a folder: false when that does not tell. */
bool pressure_oom_kills_of(const char *folder, uint64_t *kills);

#endif
