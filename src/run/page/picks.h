/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tasks of which a report keeps more than numbers: the first ones, the slowest, and the first failures. */
#ifndef RUN_PAGE_PICKS_H
#define RUN_PAGE_PICKS_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "run/page/page_task.h"

enum {
	/* As many tasks as a time line shows one by one. */
	PICKS_FIRST_MAX = 10000,
	PICKS_SLOWEST_MAX = 20,
	PICKS_FAILURES_MAX = 1000,
	/* Bytes that are kept of a text: of the first tasks, and of the others; and of standard error. */
	PICKS_SHORT_TEXT = 80,
	PICKS_TEXT = 200,
	PICKS_ERRORS = 1024,
	/* Bytes of the failures' texts after which no more of standard error is kept. */
	PICKS_FAILURES_TEXT = 512 << 10,
};

/* A task in a buffer of texts. */
struct pick {
	struct page_task task;
	/* Where its texts begin: what ran, its outcome, its errors. Their sizes are the task's. */
	size_t at;
};

/* Tasks and their texts. */
struct pick_list {
	struct pick *picks;
	size_t count;
	size_t capacity;
	struct bytes texts;
};

/* Empty if all zero. */
struct picks {
	struct pick_list first;
	struct pick_list failures;
	/* From the slowest on. */
	struct pick_list slowest;
};

/* Adds a task where it belongs. */
void picks_add(struct picks *picks, const struct page_task *task);

/* Returns the number-th task of a list. Its texts live until the list changes. */
struct page_task picks_at(const struct pick_list *list, size_t number);

void picks_release(struct picks *picks);

#endif
