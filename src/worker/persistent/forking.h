/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Adapters that are forked from the run's prototype: an adapter of ours that was started with MPMAP_BLOCK_FORK, has run
 * its setup, and reads requests on its descriptor 3. It opens the worker's pipes by their paths in /proc, forks a
 * watcher, and that the adapter, whose end it writes to a pipe.
 *
 *   worker                              | prototype              | watcher
 *   ------------------------------------+------------------------+---------------------------------------------
 *   makes the pipes, writes a request   |                        |
 *                                       | opens status: "begun"  |
 *   closes its other end of status      | forks the watcher      | opens the pipes, forks the adapter: "started"
 *   closes its other ends of the others |                        | waits for the adapter: "ended"
 *
 * A request is a line: "fork", the worker's pid, its descriptors for the requests, the answers, the mark, standard
 * output and error, status and life, the slot, and the worker's name. The watcher writes lines: "begun 0", "started"
 * with the adapter's pid, "ended" with its wait status. The kernel sends SIGKILL to the adapter's group when the worker
 * closes life, which nobody writes to (F_SETOWN, F_SETSIG and O_ASYNC on the watcher's end).
 */
#ifndef WORKER_PERSISTENT_FORKING_H
#define WORKER_PERSISTENT_FORKING_H

#include "base/dialect.h"

struct serving;

enum forking_outcome {
	/* The adapter stands. */
	FORKING_DONE,
	/* There is no prototype that could fork one: the worker has to start its own. */
	FORKING_NEVER,
	/* The run has ended, or the parent is gone (serving->parent_gone). */
	FORKING_ABANDONED,
};

/* Has an adapter forked for the worker. Waits for the prototype's setup. */
enum forking_outcome forking_start(struct serving *serving);

#endif
