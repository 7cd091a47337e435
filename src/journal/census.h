/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The census: how far each task of several runs is, what came of it, and where on the tape the rest stands.
 *
 * Tasks lie in pages by their index. A page whose tasks have all left the tape keeps a byte for each, what came of it;
 * when there are too many of those, the oldest go, and of their tasks only the numbers are known.
 */
#ifndef JOURNAL_CENSUS_H
#define JOURNAL_CENSUS_H

#include "base/dialect.h"
#include "base/list.h"
#include "task/task.h"
#include "journal/chain.h"

enum { CENSUS_PAGE = 256 };

enum census_state {
	/* Never heard of, or too long ago. */
	CENSUS_UNKNOWN,
	/* Ended, and no more than that is known. */
	CENSUS_COUNTED,
	CENSUS_OPEN,
	CENSUS_ENDED,
};

/* What is known of a task. */
struct census_task {
	enum census_state state;
	/* The attempt that counts; 0: not known. */
	uint32_t attempt;
	/* When it is open: what it has written. */
	struct chain *writer;
	/* When it has ended: as what, and the position of what is kept of that (0 when it is long gone). */
	enum outcome outcome;
	uint64_t position;
};

struct census {
	/* Pages without open tasks, from the one in which it is longest since a task ended; and those without details.
	 */
	struct list idle;
	struct list bare;
	/* Bytes that all takes, and of that the bare pages. */
	uint64_t size;
	uint64_t bare_size;
};

struct census_page;

/* The tasks of a run. */
struct census_run {
	struct census *census;
	struct census_page **pages;
	size_t page_count;
	size_t capacity;
	/* Tasks of which only the numbers are known. */
	uint64_t counted[OUTCOMES];
};

void census_init(struct census *census);

/* A run with no tasks; and its end: drop is called for each task that has ended and has details. */
void census_begin(struct census *census, struct census_run *run);
void census_forget(struct census_run *run, void (*drop)(void *owner, uint64_t position), void *owner);

struct census_task census_look(const struct census_run *run, uint64_t index);

/* The task is open, in this attempt, and has written nothing. */
struct chain *census_open(struct census_run *run, uint64_t index, uint32_t attempt);

/* The task has ended; outcome, attempt and position are those of *task. */
void census_end(struct census_run *run, uint64_t index, const struct census_task *task);

/* The first task from an index on that has ended with one of the outcomes (bits 1 << outcome); UINT64_MAX: none. */
uint64_t census_next(const struct census_run *run, uint64_t from, unsigned outcomes);

/* The tape has no more what is below tail: lets go of details that are of no use, and of bare pages beyond so many
 * bytes. */
void census_strip(struct census *census, uint64_t tail, uint64_t bare_limit);

#endif
