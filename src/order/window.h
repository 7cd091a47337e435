/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of the reorder window: an entry for each task from the lowest that is not gone to the highest known.
 *
 * Entries are stored in small pages. A page is made for the first of its tasks that is heard of, and freed when all of
 * them are gone: neither a million tasks that one result covers, nor a million quick ones while a slow one runs, take
 * entries.
 *
 *   place of a page   | its tasks
 *   ------------------+-----------------------------------
 *   NULL              | none of them was heard of
 *   a page            | have entries
 *   the gone page     | are all gone
 */
#ifndef ORDER_WINDOW_H
#define ORDER_WINDOW_H

#include "base/dialect.h"
#include "order/entry.h"

/* Entries in a page. */
enum { WINDOW_PAGE = 64 };

struct window_page;

struct window {
	/* The places of the pages from head to end, each at its number modulo capacity. */
	struct window_page **pages;
	/* A power of two, or 0. */
	size_t capacity;
	/* The lowest index that is not gone. */
	uint64_t head;
	/* The highest known index, plus one. */
	uint64_t end;
	/* The number of pages, and their bytes. */
	size_t pages_used;
	uint64_t size;
};

/* Returns the bytes of memory that the pages and their places take. */
static inline uint64_t window_size(const struct window *window)
{
	uint64_t places = (window->end + WINDOW_PAGE - 1) / WINDOW_PAGE - window->head / WINDOW_PAGE;

	return window->size + places * sizeof(struct window_page *);
}

/*
 * Returns the entry of an index from head to end, or NULL if its page has been freed. Of a task that was not heard of
 * it is one in ENTRY_NEW, which is shared by all of them: it is only read.
 */
struct entry *window_at(const struct window *window, uint64_t index);

/* Returns the first index from this one on, below end, whose page has entries of its own, or end. Both are from head to
 * end. */
uint64_t window_next(const struct window *window, uint64_t index, uint64_t end);

/* Returns the entry of an index, after raising end past it if needed, or NULL if it is gone. */
struct entry *window_reach(struct window *window, uint64_t index);

/* True if the entries of count indexes from this one on, not below head, are all in ENTRY_NEW, or beyond end. */
bool window_is_new(const struct window *window, uint64_t index, uint64_t count);

/*
 * Makes the entries of count indexes from this one on ENTRY_GONE, which hold nothing and are not gone yet: raises end
 * past them if needed, frees the pages in which no other is left, and moves the head.
 */
void window_close(struct window *window, uint64_t index, uint64_t count);

/* Calls drop for every entry that is left, and frees the table. */
void window_release(struct window *window, void (*drop)(void *owner, struct entry *entry), void *owner);

#endif
