/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The census: the state and outcome of each task of several runs, and where its entry is on the tape.
 *
 * Tasks are in pages of CENSUS_PAGE by their index. A page loses its contents in steps:
 *
 *   page        kept of a task                       bytes a task   until
 *   with open   state, attempt, chain or position    13 + chain     its tasks have all ended
 *   idle        state, attempt, position             13             its newest entry is below the tape's tail
 *   bare        outcome                              1              bare pages exceed their limit, the oldest first
 *   counted     nothing: the run counts by outcome   0
 */
#ifndef JOURNAL_CENSUS_H
#define JOURNAL_CENSUS_H

#include "base/dialect.h"
#include "base/list.h"
#include "task/task.h"
#include "journal/chain.h"

enum { CENSUS_PAGE = 256 };

enum census_state {
	/* No output and no result yet, or its page was counted with others that were not complete. */
	CENSUS_UNKNOWN,
	/* Ended; its page is counted. */
	CENSUS_COUNTED,
	/* Has output, but no result. */
	CENSUS_OPEN,
	/* Has a result. */
	CENSUS_ENDED,
};

/* The kept facts about a task. */
struct census_task {
	enum census_state state;
	/* The attempt that counts; 0 if not known. */
	uint32_t attempt;
	/* The output of an open task. */
	struct chain *writer;
	/* The outcome of an ended task. */
	enum outcome outcome;
	/* The position of an ended task's entry on the tape; 0 if it was dropped. */
	uint64_t position;
};

struct census {
	/* Idle pages, in the order in which a task of theirs last ended. */
	struct list idle;
	/* Bare pages, the oldest first. */
	struct list bare;
	/* Bytes of all pages and tables. */
	uint64_t size;
	/* Bytes of the bare pages. */
	uint64_t bare_size;
};

struct census_page;

/* The tasks of a run. */
struct census_run {
	struct census *census;
	struct census_page **pages;
	size_t page_count;
	size_t capacity;
	/* Tasks of counted pages, by outcome. */
	uint64_t counted[OUTCOMES];
};

void census_init(struct census *census);

/* Makes a run without tasks. */
void census_begin(struct census *census, struct census_run *run);

/* Frees a run. Calls drop for each ended task whose position is kept. */
void census_forget(struct census_run *run, void (*drop)(void *owner, uint64_t position), void *owner);

/* Returns the kept facts about a task. */
struct census_task census_look(const struct census_run *run, uint64_t index);

/* Makes the task open in this attempt. Returns its chain, which is empty; the census's. */
struct chain *census_open(struct census_run *run, uint64_t index, uint32_t attempt);

/* Makes the task ended, with outcome, attempt and position of *task. */
void census_end(struct census_run *run, uint64_t index, const struct census_task *task);

/* Returns the first ended task from an index on with one of the outcomes (bits 1 << outcome); UINT64_MAX if none. */
uint64_t census_next(const struct census_run *run, uint64_t from, unsigned outcomes);

/* Makes idle pages bare whose entries are all below tail, and counts bare pages beyond bare_limit bytes. */
void census_strip(struct census *census, uint64_t tail, uint64_t bare_limit);

#endif
