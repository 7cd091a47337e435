/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What tasks of a run left: the process groups that still had members when their task was done (--leftovers=leave).
 *
 * The table lies on the board, so that every process of the run knows of each group, whichever worker has ended. A row
 * outlives its group until another needs it; so the table is as large as the most groups that lived at a time, not as
 * the number of tasks.
 *
 *   row              its fields            written by
 *   FREE             -                     no process, or a reader that found the group gone
 *   RESERVED         are being written     a worker; if that is killed meanwhile, the row remains so
 *   the group's id   valid                 the worker that ran the task
 *
 * A group's id is not used again while the group has a member. Once it is empty, another group may get it; that is not
 * the task's group, and neither named nor signalled. A group is the task's if
 *
 *   - it has members, and no process has its id: a new group has a leader with that pid, the task's was waited for;
 *   - and one of its processes is as old as the last time that the group was seen: a new group is younger.
 *
 * Without /proc only the first is checked.
 */
#ifndef BOARD_LEFTOVERS_H
#define BOARD_LEFTOVERS_H

#include "base/clock.h"
#include "base/dialect.h"
#include "process/survey.h"

#include <stdatomic.h>

enum {
	/* Groups that are remembered: as many as there are pids on most machines. */
	LEFTOVER_ROWS = 32768,
	/* Tasks whose processes are named, and processes that are named of each. */
	LEFTOVER_NAMED = 3,
};

struct leftover_row {
	/* The group's id, or FREE or RESERVED. */
	_Atomic int32_t group;
	/* The task's index. */
	_Atomic uint64_t index;
	/* When the group was last seen (survey_now). */
	_Atomic int64_t seen;
};

struct leftovers_shared {
	/* Rows that were ever used: the first of the table. */
	_Alignas(CACHE_LINE) _Atomic uint32_t used;
	/* The row that is tried next, modulo used. */
	_Atomic uint32_t turn;
	/* Groups for which there was no row. */
	_Atomic uint32_t dropped;
};

/* A process's view of the table. */
struct leftovers {
	struct leftovers_shared *shared;
	struct leftover_row *rows;
};

/* Returns the bytes of shared memory for a table. */
size_t leftovers_size(void);

/* Returns a view of the table in memory, which is aligned as a cache line. Zeroed memory is an empty table. */
struct leftovers leftovers_at(void *memory);

/* Worker: enters a group whose leader has been waited for. False if the table is full. */
bool leftovers_add(const struct leftovers *leftovers, pid_t group, uint64_t index);

/* True if no group was ever entered. */
static inline bool leftovers_is_unused(const struct leftovers *leftovers)
{
	return !atomic_load(&leftovers->shared->used) && !atomic_load(&leftovers->shared->dropped);
}

/* A task that left processes which still run. */
struct leftover {
	uint64_t index;
	pid_t group;
	/* Processes that lost their parent; each may have children. */
	unsigned count;
	/* The first of these or, where such a process waits for a child, that child; pid 0 if not known. */
	struct leftover_named {
		pid_t pid;
		char name[SURVEY_NAME_SIZE];
	} named[LEFTOVER_NAMED];
};

/*
 * Finds what still runs. Returns how many tasks left it, with a new array of them in *found, ordered by index (free;
 * NULL if there are none); the first LEFTOVER_NAMED of them have names.
 */
size_t leftovers_find(const struct leftovers *leftovers, struct leftover **found);

/*
 * Signals all groups that still run. Returns how many there are, without those that may not be signalled. Signal 0
 * only counts them.
 */
size_t leftovers_signal(const struct leftovers *leftovers, int signal);

#endif
