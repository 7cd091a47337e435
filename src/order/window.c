/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages of entries. */
#include "order/window.h"

#include "base/mem.h"

struct window_page {
	/* How many tasks of the page are gone. */
	unsigned gone;
	struct entry entries[WINDOW_PAGE];
};

/* Takes the place of every page that has been freed before the head reaches it. */
static struct window_page gone_page;

/* Returns the place of the page of an index. */
static struct window_page **page_place(const struct window *window, uint64_t index)
{
	return &window->pages[index / WINDOW_PAGE & (window->capacity - 1)];
}

struct entry *window_at(const struct window *window, uint64_t index)
{
	struct window_page *page = *page_place(window, index);

	return page == &gone_page ? NULL : &page->entries[index % WINDOW_PAGE];
}

/* Makes room for the page of an index. */
static void window_grow(struct window *window, uint64_t index)
{
	uint64_t first = window->head / WINDOW_PAGE, last = index / WINDOW_PAGE, page;
	size_t capacity = window->capacity ? window->capacity : 16;
	struct window_page **pages;

	if (last - first < window->capacity)
		return;
	while (last - first >= capacity)
		capacity = size_multiply(capacity, 2);
	pages = mem_new(capacity, sizeof(struct window_page *));
	for (page = first; window->capacity && page < first + window->capacity; page++)
		pages[page & (capacity - 1)] = window->pages[page & (window->capacity - 1)];
	free(window->pages);
	window->pages = pages;
	window->capacity = capacity;
}

struct entry *window_reach(struct window *window, uint64_t index)
{
	if (index < window->head)
		return NULL;
	window_grow(window, index);
	for (; window->end <= index; window->end++) {
		struct window_page **page = page_place(window, window->end);

		if (*page)
			continue;
		*page = mem_new(1, sizeof **page);
		window->size += sizeof **page + sizeof *page;
	}
	return window_at(window, index);
}

/* Moves the head past tasks that are gone. */
static void window_advance(struct window *window)
{
	while (window->head < window->end) {
		struct entry *entry = window_at(window, window->head);

		if (entry && entry->phase != ENTRY_GONE)
			return;
		window->head++;
		if (window->head % WINDOW_PAGE == 0) {
			*page_place(window, window->head - 1) = NULL;
			window->size -= sizeof(struct window_page *);
		}
	}
}

void window_close(struct window *window, uint64_t index)
{
	struct window_page **page = page_place(window, index);

	if (++(*page)->gone == WINDOW_PAGE) {
		free(*page);
		window->size -= sizeof **page;
		*page = &gone_page;
	}
	window_advance(window);
}

void window_release(struct window *window, void (*drop)(void *owner, struct entry *entry), void *owner)
{
	uint64_t index;
	size_t i;

	for (index = window->head - window->head % WINDOW_PAGE; index < window->end; index += WINDOW_PAGE) {
		struct window_page *page = *page_place(window, index);

		if (page == &gone_page)
			continue;
		for (i = 0; i < WINDOW_PAGE; i++)
			drop(owner, &page->entries[i]);
		free(page);
	}
	free(window->pages);
	*window = (struct window){.pages = NULL};
}
