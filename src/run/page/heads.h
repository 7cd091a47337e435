/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The beginnings of what tasks under way have written to standard error. */
#ifndef RUN_PAGE_HEADS_H
#define RUN_PAGE_HEADS_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "journal/recorder.h"

/* Bytes that are kept of each task. */
enum { HEAD_SIZE = 1024 };

struct head {
	uint64_t index;
	uint32_t attempt;
	struct bytes text;
};

/* Empty if all zero. */
struct heads {
	/* As many as there are tasks under way that have written something. */
	struct head *list;
	size_t count;
	size_t capacity;
};

/* Keeps a piece of standard error, if it is the beginning; of other output, nothing. An attempt replaces an earlier. */
void heads_put(struct heads *heads, const struct recorder_piece *piece);

/* Drops what a task has written. */
void heads_forget(struct heads *heads, uint64_t index);

/* Returns what a task has written; empty if nothing. Valid until the heads change. */
struct slice heads_find(const struct heads *heads, uint64_t index);

void heads_release(struct heads *heads);

#endif
