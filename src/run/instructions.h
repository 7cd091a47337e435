/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The briefing of a run's workers, its command lines, and its pool. */
#ifndef RUN_INSTRUCTIONS_H
#define RUN_INSTRUCTIONS_H

#include "base/dialect.h"
#include "base/error.h"

struct session;

/* Makes the briefing, compiles the command lines and opens the pool. -1 with the error; releasing is the caller's. */
int instructions_open(struct session *session, struct error *error) MUST_CHECK;

#endif
