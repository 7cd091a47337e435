/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Following a running task to its end: its output, its time limit, stops, the share of its chunk, a parent that is
 * gone.
 *
 * How a task is waited for, and what changes that:
 *
 *   strategy       | waits by                                          | becomes
 *   ---------------+---------------------------------------------------+------------------------------------------
 *   FOLLOW_SHORT   | wait4, interrupted by ticks; output is read at    | FOLLOW_CLOSE when the task takes longer
 *                  | the end                                           | than 1 ms, or its group has to be ended
 *   FOLLOW_CLOSE   | ppoll: parent, both streams, children's           | FOLLOW_TICKING if there is no descriptor
 *                  | descriptor (while SIGCHLD is blocked)             | for children
 *   FOLLOW_TICKING | wait4, interrupted by ticks; output is read after | FOLLOW_CLOSE once there is a descriptor
 *                  | each                                              |
 *   FOLLOW_ENDED   | ppoll: parent, both streams                       | (the process has ended: its output remains,
 *                  |                                                   | and perhaps others in its group)
 *
 * Waking up for every write of a short task would cost a context switch each, and a descriptor to wait for its end
 * three system calls: hence FOLLOW_SHORT.
 *
 * What is left of the group of a task whose process has ended, and a pipe that is still held:
 *
 *   --leftovers | the group                               | the pipes                    | the task is done
 *   ------------+-----------------------------------------+------------------------------+--------------------------
 *   leave       | runs on: entered in the table on the    | are read for 0.2 s, then     | once its pipes are closed
 *               | board, which the run's end goes through | closed                       |
 *   wait        | is waited for                           | are read to their end        | once both have ended
 *   kill        | SIGTERM after 0.2 s, then SIGKILL       | as with leave                | once the group is gone
 *
 * A group that is being ended already (its time is over, it wanted the terminal) is ended, whatever the option says.
 */
#ifndef WORKER_FOLLOW_H
#define WORKER_FOLLOW_H

#include "base/clock.h"
#include "base/dialect.h"
#include "process/command.h"
#include "worker/capture.h"
#include "worker/group.h"
#include "worker/launcher.h"
#include "worker/terminal.h"
#include "worker/workplace.h"

enum follow_strategy {
	FOLLOW_SHORT,
	FOLLOW_CLOSE,
	FOLLOW_TICKING,
	FOLLOW_ENDED,
};

/* A running task. */
struct follow {
	struct launcher *launcher;
	uint64_t index;
	struct capture capture;
	struct group group;
	pid_t pid;
	enum follow_strategy strategy;
	/* How it ended, once it has (FOLLOW_ENDED). */
	struct command_end end;
	/* When it began, monotonic. */
	nsec started;
	/* When the task began, on the clock that stops while the run is stopped (workplace_time). */
	nsec began;
	/* The time limit that the task exceeded, 0 if none. */
	nsec limit;
	/* The signal that has stopped the task, 0 if none or if that has been handled. */
	int stopped_by;
	/* Orphans in its group after its end, which were left or ended. */
	uint32_t leftovers;
	/* True if its pipes were closed while a process still held one. */
	bool output_cut;
	/* True if it was forked from the zygote. */
	bool is_forked;
	/* True if the task was stopped for wanting the terminal, and is being ended for that. */
	bool wanted_terminal;
	/* The suspension of a task that has the terminal. */
	struct suspension suspension;
};

/* True if the task's process has ended. */
static inline bool follow_has_ended(const struct follow *follow)
{
	return follow->strategy == FOLLOW_ENDED;
}

/*
 * Follows a task to the end of its process (with --leftovers=wait of its group, and of its output), or until it may not
 * be signalled or is being ended. False when the parent is gone.
 */
bool follow_to_end(struct follow *follow, struct workplace *place) MUST_CHECK;

/*
 * After the end of the process: takes the rest of the task's output, and leaves or ends its group. False when the
 * parent is gone.
 */
bool follow_settle(struct follow *follow, struct workplace *place) MUST_CHECK;

#endif
