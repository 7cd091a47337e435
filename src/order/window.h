/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of the reorder window: an entry for each task from the lowest that is not gone to the highest known.
 *
 * Entries are stored in small pages. A page is freed when all its tasks are gone, so that one slow task does not keep
 * the entries of a million quick ones where tasks are not in the order of the input.
 */
#ifndef ORDER_WINDOW_H
#define ORDER_WINDOW_H

#include "base/dialect.h"
#include "order/entry.h"

/* Entries in a page. */
enum { WINDOW_PAGE = 64 };

struct window_page;

struct window {
	/* The pages for the indexes from head to end, each at its number modulo capacity. */
	struct window_page **pages;
	/* A power of two, or 0. */
	size_t capacity;
	/* The lowest index that is not gone. */
	uint64_t head;
	/* The highest known index, plus one. */
	uint64_t end;
	/* Bytes of the pages. */
	uint64_t size;
};

/* Returns the entry of an index from head to end, or NULL if its page has been freed. */
struct entry *window_at(const struct window *window, uint64_t index);

/* Returns the entry of an index, after raising end past it if needed, or NULL if it is gone. */
struct entry *window_reach(struct window *window, uint64_t index);

/*
 * Accounts for an entry that has become ENTRY_GONE: frees its page if it was the last entry there, and moves the head.
 */
void window_close(struct window *window, uint64_t index);

/* Calls drop for every entry that is left, and frees the table. */
void window_release(struct window *window, void (*drop)(void *owner, struct entry *entry), void *owner);

#endif
