/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The prototype of a run's adapters (worker/persistent/forking.h): a process that has run the setup, from which each
 * worker's adapter is forked, so that what the setup loads is in memory once. A worker whose prototype cannot fork
 * starts an adapter of its own.
 */
#ifndef RUN_COMPANION_PROTOTYPE_H
#define RUN_COMPANION_PROTOTYPE_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "board/message.h"
#include "ipc/loop.h"
#include "run/session.h"

/* All zero before prototype_open, or if the run has none. */
struct prototype {
	pid_t pid;
	/* The end of the pipe for its requests, which workers open by its path. It ends when that is closed. */
	int requests;
	/* What it prints. */
	struct watch prints;
	struct loop *loop;
	struct bytes words;
};

/*
 * Starts the prototype if the run's adapter can be forked and the start method shares what it has loaded (fork and
 * forkserver). Its pid is in the briefing then. If it cannot be started there is none.
 */
void prototype_open(struct prototype *prototype, const struct session_options *options, struct briefing *briefing,
		    struct loop *loop);

/*
 * Ends it, if there is one. Adapters that were forked from it continue. With the briefing it is kept instead, for the
 * next run from the same one.
 */
void prototype_close(struct prototype *prototype, const struct briefing *briefing);

/* Ends the prototype that is kept, if there is one. */
void prototype_end(void);

#endif
