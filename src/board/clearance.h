/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The end of a run, for the processes that its tasks left (--leftovers=leave).
 *
 *   the run                              | they
 *   -------------------------------------+-----------------------------------------------------------------------
 *   ends by itself, or its reader left   | run on; the first are named
 *   is ended: a signal, --halt now,      | get the run's signal when the tasks get it; once all workers have ended
 *   cancel                               | SIGTERM, and SIGKILL after --grace; the end waits for them
 *   is aborted: a second signal, SIGQUIT,| get SIGKILL
 *   a failure of its own                 |
 *   the parent is killed                 | get SIGKILL from each worker (worker/worker.c)
 */
#ifndef BOARD_CLEARANCE_H
#define BOARD_CLEARANCE_H

#include "base/clock.h"
#include "base/dialect.h"
#include "board/leftovers.h"
#include "task/task.h"

/* How far the leftovers of a run that is ended have been ended. */
enum clearance_step {
	CLEARANCE_NONE,
	/* They were sent SIGTERM. */
	CLEARANCE_TERMINATED,
	/* They were sent SIGKILL. */
	CLEARANCE_KILLED,
	/* They are gone, or are not waited for any longer. */
	CLEARANCE_DONE,
};

/* Tasks of whose results the summary has lines. */
struct clearance_notes {
	uint64_t count;
	/* Those with the lowest indexes, in ascending order. */
	struct clearance_note {
		uint64_t index;
		uint32_t leftovers;
	} first[LEFTOVER_NAMED];
};

struct clearance {
	/* The pool's. */
	const struct leftovers *leftovers;
	/* The time between SIGTERM and SIGKILL. */
	nsec grace;
	/* Tasks' leftovers are ended (--leftovers=kill). */
	bool kills;
	enum clearance_step step;
	/* When the next step is due, 0 before the first signal. */
	nsec due;
	/* When they are checked again; 0 if they are not waited for. */
	nsec poll_at;
	/* The time between two checks. */
	nsec period;
	/* Tasks whose pipes were closed while a process held them. */
	struct clearance_notes cut;
	/* Tasks whose leftovers were ended. */
	struct clearance_notes ended;
};

void clearance_init(struct clearance *clearance, const struct leftovers *leftovers, nsec grace, bool kills);

/* Passes on a signal that the tasks of the run get: to what ended tasks have left. */
void clearance_signal(struct clearance *clearance, int number);

/*
 * Ends the leftovers of a run that is ended, step by step, or kills them at once. True if there is nothing (more) to
 * do.
 */
bool clearance_advance(struct clearance *clearance, bool at_once);

/* Returns when clearance_advance is to be called again, NSEC_FOREVER if that is not needed. */
nsec clearance_deadline(const struct clearance *clearance);

/* Counts a result that counts. */
void clearance_count(struct clearance *clearance, const struct result *result);

/*
 * Reports, at the end of the run, what runs on; and what was cut off or ended, unless the run was ended, which says
 * enough.
 */
void clearance_report(const struct clearance *clearance, bool is_ended);

#endif
