/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages of entries. */
#include "order/window.h"

#include "base/mem.h"

struct window_page {
	/* How many tasks of the page are gone; those below the head of the window were when the page was made. */
	unsigned gone;
	struct entry entries[WINDOW_PAGE];
};

/* Takes the place of every page that has been freed before the head reaches it. */
static struct window_page gone_page;

/* The entry of every task that has no page yet. */
static struct entry new_entry;

/* Returns the place of the page of an index. */
static struct window_page **page_place(const struct window *window, uint64_t index)
{
	return &window->pages[index / WINDOW_PAGE & (window->capacity - 1)];
}

struct entry *window_at(const struct window *window, uint64_t index)
{
	struct window_page *page = *page_place(window, index);

	if (!page)
		return &new_entry;
	return page == &gone_page ? NULL : &page->entries[index % WINDOW_PAGE];
}

/* Raises end past an index, and makes room for its place. */
static void window_extend(struct window *window, uint64_t index)
{
	uint64_t first = window->head / WINDOW_PAGE, last = index / WINDOW_PAGE, page;
	size_t capacity = window->capacity ? window->capacity : 16;
	struct window_page **pages;

	window->end = index + 1;
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

/* Makes the page of an index that is not below the head. */
static struct window_page *window_add_page(struct window *window, uint64_t index)
{
	uint64_t first = index - index % WINDOW_PAGE;
	struct window_page *page = mem_new(1, sizeof *page);

	page->gone = first < window->head ? (unsigned)(window->head - first) : 0;
	*page_place(window, index) = page;
	window->pages_used++;
	window->size += sizeof *page;
	return page;
}

struct entry *window_reach(struct window *window, uint64_t index)
{
	struct window_page **place;

	if (index < window->head)
		return NULL;
	if (index >= window->end)
		window_extend(window, index);
	place = page_place(window, index);
	if (!*place)
		window_add_page(window, index);
	return *place == &gone_page ? NULL : &(*place)->entries[index % WINDOW_PAGE];
}

/* Returns the index after the last of those from first on, below end, that are in the page of first. */
static uint64_t end_in_page(uint64_t first, uint64_t end)
{
	uint64_t after = first - first % WINDOW_PAGE + WINDOW_PAGE;

	return after < end ? after : end;
}

uint64_t window_next(const struct window *window, uint64_t index, uint64_t end)
{
	while (index < end) {
		const struct window_page *page = *page_place(window, index);

		if (page && page != &gone_page)
			break;
		index = end_in_page(index, end);
	}
	return index;
}

bool window_is_new(const struct window *window, uint64_t index, uint64_t count)
{
	uint64_t end = index + count < window->end ? index + count : window->end, next;

	for (; index < end; index = next) {
		const struct entry *entry = window_at(window, index);

		if (!entry || entry->phase != ENTRY_NEW)
			return false;
		/* The tasks of a page without entries are all alike. */
		next = entry == &new_entry ? end_in_page(index, end) : index + 1;
	}
	return true;
}

/* Moves the head past tasks that are gone. */
static void window_advance(struct window *window)
{
	while (window->head < window->end) {
		struct window_page **place = page_place(window, window->head);

		if (*place == &gone_page)
			window->head = end_in_page(window->head, window->end);
		else if (*place && (*place)->entries[window->head % WINDOW_PAGE].phase == ENTRY_GONE)
			window->head++;
		else
			return;
		if (window->head % WINDOW_PAGE == 0)
			*place = NULL;
	}
}

/* Makes entries of one page gone: those from first to end. */
static void close_in_page(struct window *window, uint64_t first, uint64_t end)
{
	struct window_page **place = page_place(window, first), *page = *place;

	if (!page && first == window->head) {
		window->head = end;
		return;
	}
	if (!page && end - first < WINDOW_PAGE)
		page = window_add_page(window, first);
	if (page) {
		page->gone += (unsigned)(end - first);
		for (; first < end; first++)
			page->entries[first % WINDOW_PAGE].phase = ENTRY_GONE;
		if (page->gone < WINDOW_PAGE)
			return;
		free(page);
		window->pages_used--;
		window->size -= sizeof *page;
	}
	*place = &gone_page;
}

void window_close(struct window *window, uint64_t index, uint64_t count)
{
	uint64_t end = index + count;

	if (end > window->end)
		window_extend(window, end - 1);
	while (index < end) {
		uint64_t next = end_in_page(index, end);

		close_in_page(window, index, next);
		index = next;
	}
	window_advance(window);
}

void window_release(struct window *window, void (*drop)(void *owner, struct entry *entry), void *owner)
{
	uint64_t index;
	size_t i;

	for (index = window->head - window->head % WINDOW_PAGE; index < window->end; index += WINDOW_PAGE) {
		struct window_page *page = *page_place(window, index);

		if (!page || page == &gone_page)
			continue;
		for (i = 0; i < WINDOW_PAGE; i++)
			drop(owner, &page->entries[i]);
		free(page);
	}
	free(window->pages);
	*window = (struct window){.pages = NULL};
}
