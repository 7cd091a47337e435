/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the workers of a run are told to do, and the command lines it is about. */
#ifndef RUN_INSTRUCTIONS_H
#define RUN_INSTRUCTIONS_H

#include "base/dialect.h"
#include "base/error.h"

struct session;

/* Compiles the session's command lines and opens its pool. -1 with the error, and nothing of them open. */
int instructions_open(struct session *session, struct error *error) MUST_CHECK;

#endif
