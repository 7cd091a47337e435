/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gathering what tasks write until it is known whether that is kept. */
#ifndef RUN_MEMO_GATHERING_H
#define RUN_MEMO_GATHERING_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/list.h"
#include "journal/memo/page.h"

/* The output of an attempt. */
struct gathered {
	uint64_t index;
	uint32_t attempt;
	/* It was more than is kept, and was dropped. */
	bool is_dropped;
	struct bytes parts[PAGE_PARTS];
};

/* Of tasks that have written something and have no result yet: as many as run, mostly. */
struct gathering {
	struct gathered *list;
	size_t count;
	size_t capacity;
	/* Bytes of all of them. */
	uint64_t size;
};

/* Adds a piece of an attempt's output; what earlier attempts of the task have written is dropped. */
void gathering_put(struct gathering *gathering, uint64_t index, uint32_t attempt, enum stream stream,
		   struct slice bytes);

/* Drops what a task has written. */
void gathering_forget(struct gathering *gathering, uint64_t index);

/*
 * Sets the parts of a page to what an attempt has written; they are valid until gathering_put. False if it was more
 * than is kept.
 */
bool gathering_read(const struct gathering *gathering, uint64_t index, uint32_t attempt, struct page *page);

void gathering_release(struct gathering *gathering);

#endif
