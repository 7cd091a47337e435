/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The report of a run (--report=FILE.html): what it was like, on one page that needs no network and no script.
 *
 * It takes the tasks one by one, in any order and in bounded memory; the first PICKS_FIRST_MAX are drawn one by one if
 * there are no more, else all of them as density.
 */
#ifndef RUN_PAGE_PAGE_H
#define RUN_PAGE_PAGE_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "run/page/lanes.h"
#include "run/page/page_task.h"
#include "run/page/picks.h"
#include "run/times/times.h"

/* What the page says of the run besides its tasks. */
struct page_facts {
	/* The command line; empty if it is not known. */
	struct slice command;
	/* What ended the run before its input; empty if nothing did. */
	struct slice stopped_by;
	/* UTC; 0 if the first task's start, and the last one's end, stand for them. */
	nsec began;
	nsec ended;
	/* 0 if they are not known. */
	uint64_t jobs;
	uint64_t processors;
	/* Bytes; 0 if it is not known. */
	uint64_t memory;
};

/* Empty if all zero. */
struct run_page {
	struct lanes lanes;
	struct picks picks;
	struct times times;
	uint64_t counts[OUTCOMES];
	uint64_t count;
	/* Tasks that needed more than one attempt. */
	uint64_t retried;
	/* UTC of the first start and the last end; 0 without a task that ran. */
	nsec first;
	nsec last;
	/* CPU time of all, and the largest peak of memory, bytes. */
	nsec cpu;
	uint64_t max_rss;
};

void page_add(struct run_page *page, const struct page_task *task);

/* Appends the page. */
void page_write(const struct run_page *page, const struct page_facts *facts, struct bytes *out);

void page_release(struct run_page *page);

#endif
