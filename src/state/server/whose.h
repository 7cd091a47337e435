/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whose a process is, of all that runs have in work.
 *
 *   the process, an ancestor, or a group of these  | whose it is
 *   is the task's group in a seat                  | that task's; with functions, that of the record in work
 *   is a worker in which functions are called      | that of the record in work there
 *   else, if its environment names a run, and      |
 *   a task and attempt that a seat is at           | that task's, which has left it as a daemon
 *   others                                         | that of a task that has ended
 *   else                                           | nobody's
 */
#ifndef STATE_SERVER_WHOSE_H
#define STATE_SERVER_WHOSE_H

#include "base/dialect.h"
#include "state/server/attempts.h"

enum whose {
	WHOSE_NOBODY,
	/* Of the attempt that key has. */
	WHOSE_ATTEMPT,
	/* Of a process that works on records, in the seat that key has, and is at none. */
	WHOSE_NONE_NOW,
	/* Of a task that has ended, whose index key has. */
	WHOSE_ENDED,
	/* Of a process that has ended before that was known, and may have been an atomic task's. */
	WHOSE_GONE,
};

/* Returns whose a process is. */
enum whose whose_is(const struct server *server, pid_t pid, struct attempt_key *key);

/* The same for one whose key has been found before, and is_record: reads the seat again, if that is still so. */
enum whose whose_now(const struct server *server, pid_t pid, struct attempt_key *key);

/* Finds the run and the seat of a worker that has started a command for the attempt in key. False if there is none. */
bool whose_worker(const struct server *server, pid_t pid, struct attempt_key *key);

#endif
