/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Failure points, at which tests make this program fail; compiled in by --enable-faults only.
 *
 * MPMAP_FAULT is a comma-separated list of NAME:N[+][:WHAT]. The Nth time (from 1, counted in each process) that point
 * NAME is reached (with +: from then on), it fails with the errno that WHAT names (default EIO); if WHAT is KILL or
 * STOP, the process sends itself that signal.
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include "base/dialect.h"

#ifdef MPMAP_FAULTS
/* True, with errno set, if the caller is to fail. */
bool fault_at(const char *name);
#else
static inline bool fault_at(const char *name UNUSED)
{
	return false;
}
#endif

#endif
