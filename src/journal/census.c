/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The census: pages of tasks that lose their details, and then all but their numbers. */
#include "journal/census.h"

#include "base/mem.h"

/* In a page 0 stands for a task that is not known, this for one that is open, and this + 1 + outcome for one that has
 * ended. */
enum { OPEN = 1 };

struct census_details {
	/* An open task's, and an ended one's. */
	union {
		struct chain *writer;
		uint64_t position;
	} at[CENSUS_PAGE];
	uint32_t attempts[CENSUS_PAGE];
};

struct census_page {
	/* In idle, in bare, or in none while there are open tasks. */
	struct list link;
	struct census_run *run;
	/* Which it is of the run's. */
	uint64_t number;
	/* The highest position of any task in it that has ended. */
	uint64_t newest;
	/* NULL: they are of no use any more. */
	struct census_details *details;
	uint32_t open;
	/* Bits: of all outcomes there are, and perhaps some more. */
	uint32_t outcomes;
	uint8_t states[CENSUS_PAGE];
};

/* Stands for every page of whose tasks, which have all ended, only the numbers are known. */
static struct census_page counted_page;

void census_init(struct census *census)
{
	*census = (struct census){.size = 0};
	list_init(&census->idle);
	list_init(&census->bare);
}

void census_begin(struct census *census, struct census_run *run)
{
	*run = (struct census_run){.census = census};
}

static struct census_page *page_at(const struct census_run *run, uint64_t index)
{
	return index / CENSUS_PAGE < run->page_count ? run->pages[index / CENSUS_PAGE] : NULL;
}

/* Makes the table of pages reach an index. */
static void census_reach(struct census_run *run, uint64_t index)
{
	size_t before = run->capacity;

	while (run->page_count <= index / CENSUS_PAGE) {
		run->pages = mem_grow(run->pages, run->page_count, &run->capacity, sizeof(struct census_page *));
		run->pages[run->page_count++] = NULL;
	}
	run->census->size += (run->capacity - before) * sizeof(struct census_page *);
}

/* The page of an index, with its details. */
static struct census_page *page_for(struct census_run *run, uint64_t index)
{
	struct census *census = run->census;
	struct census_page **slot, *page;

	census_reach(run, index);
	slot = &run->pages[index / CENSUS_PAGE];
	page = *slot;
	if (!page || page == &counted_page) {
		page = *slot = mem_new(1, sizeof *page);
		page->run = run;
		page->number = index / CENSUS_PAGE;
		list_init(&page->link);
		census->size += sizeof *page;
	} else if (!page->details) {
		census->bare_size -= sizeof *page;
	}
	if (!page->details) {
		page->details = mem_new(1, sizeof *page->details);
		census->size += sizeof *page->details;
	}
	return page;
}

/* Puts the page into the list where it belongs: it is the one that was last written to. */
static void census_settle(struct census *census, struct census_page *page)
{
	list_remove(&page->link);
	if (!page->open)
		list_append(&census->idle, &page->link);
}

struct census_task census_look(const struct census_run *run, uint64_t index)
{
	const struct census_page *page = page_at(run, index);
	size_t i = index % CENSUS_PAGE;
	struct census_task task = {.state = CENSUS_UNKNOWN};

	if (page == &counted_page)
		return (struct census_task){.state = CENSUS_COUNTED};
	if (!page || !page->states[i])
		return task;
	if (page->details)
		task.attempt = page->details->attempts[i];
	if (page->states[i] == OPEN) {
		task.state = CENSUS_OPEN;
		task.writer = page->details->at[i].writer;
		return task;
	}
	task.state = CENSUS_ENDED;
	task.outcome = (enum outcome)(page->states[i] - OPEN - 1);
	task.position = page->details ? page->details->at[i].position : 0;
	return task;
}

struct chain *census_open(struct census_run *run, uint64_t index, uint32_t attempt)
{
	struct census_page *page = page_for(run, index);
	size_t i = index % CENSUS_PAGE;

	if (page->states[i] != OPEN) {
		page->states[i] = OPEN;
		page->open++;
		page->details->at[i].writer = mem_new(1, sizeof(struct chain));
		run->census->size += sizeof(struct chain);
	}
	page->details->attempts[i] = attempt;
	census_settle(run->census, page);
	*page->details->at[i].writer = (struct chain){.last = 0};
	return page->details->at[i].writer;
}

void census_end(struct census_run *run, uint64_t index, const struct census_task *task)
{
	struct census_page *page = page_for(run, index);
	size_t i = index % CENSUS_PAGE;

	if (page->states[i] == OPEN) {
		free(page->details->at[i].writer);
		run->census->size -= sizeof(struct chain);
		page->open--;
	}
	page->states[i] = (uint8_t)(OPEN + 1 + task->outcome);
	page->outcomes |= 1u << task->outcome;
	page->details->at[i].position = task->position;
	page->details->attempts[i] = task->attempt;
	page->newest = task->position;
	census_settle(run->census, page);
}

uint64_t census_next(const struct census_run *run, uint64_t from, unsigned outcomes)
{
	uint64_t number = from / CENSUS_PAGE;
	size_t i = from % CENSUS_PAGE;

	for (; number < run->page_count; number++, i = 0) {
		const struct census_page *page = run->pages[number];

		for (; page && page->outcomes & outcomes && i < CENSUS_PAGE; i++) {
			if (page->states[i] > OPEN && outcomes >> (page->states[i] - OPEN - 1) & 1)
				return number * CENSUS_PAGE + i;
		}
	}
	return UINT64_MAX;
}

static struct census_page *first_of(const struct list *list)
{
	return list_is_empty(list) ? NULL : container_of(list->next, struct census_page, link);
}

static void free_page(struct census *census, struct census_page *page)
{
	list_remove(&page->link);
	census->size -= sizeof *page + (page->details ? sizeof *page->details : 0);
	census->bare_size -= page->details ? 0 : sizeof *page;
	free(page->details);
	free(page);
}

/* Of the tasks of a bare page only the numbers are known from now on. */
static void count_page(struct census *census, struct census_page *page)
{
	struct census_run *run = page->run;
	size_t i, ended = 0;

	for (i = 0; i < CENSUS_PAGE; i++) {
		if (page->states[i] > OPEN) {
			run->counted[page->states[i] - OPEN - 1]++;
			ended++;
		}
	}
	run->pages[page->number] = ended == CENSUS_PAGE ? &counted_page : NULL;
	free_page(census, page);
}

void census_strip(struct census *census, uint64_t tail, uint64_t bare_limit)
{
	struct census_page *page;

	while ((page = first_of(&census->idle)) && page->newest < tail) {
		free(page->details);
		page->details = NULL;
		list_remove(&page->link);
		list_append(&census->bare, &page->link);
		census->size -= sizeof *page->details;
		census->bare_size += sizeof *page;
	}
	while (census->bare_size > bare_limit && (page = first_of(&census->bare)))
		count_page(census, page);
}

/* Calls drop for the tasks of a page that have ended, and forgets those that have not. */
static void drop_tasks(struct census_page *page, void (*drop)(void *owner, uint64_t position), void *owner)
{
	size_t i;

	for (i = 0; page->details && i < CENSUS_PAGE; i++) {
		if (page->states[i] == OPEN) {
			free(page->details->at[i].writer);
			page->run->census->size -= sizeof(struct chain);
		} else if (page->states[i]) {
			drop(owner, page->details->at[i].position);
		}
	}
}

void census_forget(struct census_run *run, void (*drop)(void *owner, uint64_t position), void *owner)
{
	size_t i;

	for (i = 0; i < run->page_count; i++) {
		struct census_page *page = run->pages[i];

		if (!page || page == &counted_page)
			continue;
		drop_tasks(page, drop, owner);
		free_page(run->census, page);
	}
	free(run->pages);
	run->census->size -= run->capacity * sizeof(struct census_page *);
	*run = (struct census_run){.census = run->census};
}
