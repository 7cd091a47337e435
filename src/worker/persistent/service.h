/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Serving chunks with a persistent command: claims them, feeds the command, collects its answers, and starts another
 * when it has ended. What is fed and how answers are read is the protocol's. What an end means for the records that
 * have no answer: worker/persistent/reckoning.h.
 *
 * Feeding never waits for answers: both directions and standard error are in one wait. What is stuck in the command's
 * own buffer is flushed by the end of its input:
 *
 *   nothing more to feed, and ...                                  | its standard input is closed
 *   ---------------------------------------------------------------+---------------------------------------------
 *   no chunk will come, or the worker leaves                       | at once
 *   the command is to get only some records (halving)              | at once
 *   the oldest record has had no answer for 200 ms                 | then; a second or later command also has to
 *                                                                  | have run as long as the quickest took to answer
 *   the oldest record has had no answer for --timeout              | then, and it is killed --grace later
 *
 * A command that answers each record once it is done has no such buffer, and is not flushed after 200 ms.
 */
#ifndef WORKER_PERSISTENT_SERVICE_H
#define WORKER_PERSISTENT_SERVICE_H

#include "base/dialect.h"
#include "worker/executor.h"
#include "worker/persistent/serving.h"

/* The serve of executors whose state is a serving. */
enum executor_service service_serve(struct workplace *place, void *state);

#endif
