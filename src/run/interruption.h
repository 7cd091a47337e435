/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The effects of signals on a run: ending it, stopping and continuing it, reporting its state. */
#ifndef RUN_INTERRUPTION_H
#define RUN_INTERRUPTION_H

#include "base/dialect.h"

struct session;

/* Handles signals from now on. -1 with errno. */
int interruption_open(struct session *session) MUST_CHECK;

/* Stops handling signals. */
void interruption_close(struct session *session);

#endif
