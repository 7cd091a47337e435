/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table behind the reorder window: an entry for each task from the first that has not gone out to the last that has
 * been heard of.
 *
 * Entries live in small pages, found by arithmetic from the head on; a page goes when all its tasks have gone out, so
 * one slow task does not keep the trace of a million quick ones (unordered).
 */
#ifndef ORDER_WINDOW_H
#define ORDER_WINDOW_H

#include "base/dialect.h"
#include "order/entry.h"

enum { WINDOW_PAGE = 64 };

struct window_page;

struct window {
	/* Pages of entries for the indexes from head to end, at their number modulo capacity (a power of two). */
	struct window_page **pages;
	size_t capacity;
	uint64_t head;
	uint64_t end;
	/* Bytes that the pages take. */
	uint64_t size;
};

/* The entry of an index from head to end; NULL when its whole page has gone out. */
struct entry *window_at(const struct window *window, uint64_t index);

/* The entry of an index, made when it is the first to be heard of that far on; NULL when it has gone out. */
struct entry *window_reach(struct window *window, uint64_t index);

/* The entry of this index has gone out (entry->gone is set): forgets what that makes superfluous and moves the head on.
 */
void window_close(struct window *window, uint64_t index);

/* Calls drop for every entry there still is, and frees the table. */
void window_release(struct window *window, void (*drop)(void *owner, struct entry *entry), void *owner);

#endif
