/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What signals do to a run: the polite end, the quick one, being stopped and going on, being asked how things are. */
#ifndef RUN_INTERRUPTION_H
#define RUN_INTERRUPTION_H

#include "base/dialect.h"

struct session;

/* Begins to listen for signals. -1 with errno. */
int interruption_open(struct session *session) MUST_CHECK;

/* They have their usual effects again, but for those that the run's own end will have. */
void interruption_close(struct session *session);

#endif
