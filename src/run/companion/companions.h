/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The companions of runs: processes that begin before the first worker and end after the last. */
#ifndef RUN_COMPANIONS_H
#define RUN_COMPANIONS_H

#include "base/dialect.h"
#include "base/error.h"

struct session_options;

/*
 * Starts the companions that these options need, before anything that they should not inherit is open. -1 with the
 * error; companions_end is the caller's then, too.
 */
int companions_begin(const struct session_options *options, struct error *error) MUST_CHECK;

/* Ends all companions, the last first. Harmless if none was started. */
void companions_end(void);

#endif
