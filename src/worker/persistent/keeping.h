/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command that a worker keeps from one run to the next, where runs share workers: it is idle, with its input open.
 * The next run of the worker takes it if that has the same command, or ends it.
 */
#ifndef WORKER_PERSISTENT_KEEPING_H
#define WORKER_PERSISTENT_KEEPING_H

#include "base/dialect.h"
#include "worker/persistent/standing.h"
#include "worker/workplace.h"

/* Keeps a command that is idle, and takes it over; and the time to such a command's first answer, 0 if unknown. */
void keeping_put(struct workplace *place, struct standing *standing, nsec quickest);

/*
 * Moves the kept command to *standing if it is that of this run, and still runs; ends it otherwise. True if it did.
 * Sets *quickest if that is known of this run's command.
 */
bool keeping_take(struct workplace *place, struct standing *standing, nsec *quickest);

/* Ends the kept command, if there is one: closes its input, and waits for its end; kills it if it takes too long. */
void keeping_end(void);

#endif
