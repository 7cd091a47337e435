/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Named points where tests make this program fail; nothing at all unless configured with --enable-faults.
 *
 * MPMAP_FAULT is a comma-separated list of NAME:N[+][:WHAT]. The Nth time (from 1, counted in each process) that point
 * NAME is reached (with +: from then on), it fails with the errno that WHAT names (default EIO), or, when WHAT is KILL
 * or STOP, the process sends itself that signal.
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include "base/dialect.h"

#ifdef MPMAP_FAULTS
/* Whether to fail here: true with errno set. */
bool fault_at(const char *name);
#else
static inline bool fault_at(const char *name UNUSED)
{
	return false;
}
#endif

#endif
