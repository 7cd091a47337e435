/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The census: pages of tasks that become bare, then counted. */
#include "journal/census.h"

#include "base/mem.h"

/* The state of a task in its page: 0 unknown, OPEN open, OPEN + 1 + outcome ended. */
enum { OPEN = 1 };

struct census_details {
	/* The chain of an open task, the position of an ended one. */
	union {
		struct chain *writer;
		uint64_t position;
	} at[CENSUS_PAGE];
	uint32_t attempts[CENSUS_PAGE];
};

struct census_page {
	/* In idle or bare; in no list while a task is open. */
	struct list link;
	struct census_run *run;
	/* The page's place in the run's table. */
	uint64_t number;
	/* The highest position of an ended task. */
	uint64_t newest;
	/* NULL if the page is bare. */
	struct census_details *details;
	/* How many tasks are open. */
	uint32_t open;
	/* Bits of the outcomes in the page; may have more than there are now. */
	uint32_t outcomes;
	uint8_t states[CENSUS_PAGE];
};

/* Takes the place of every counted page whose tasks had all ended. */
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

/* Extends the table of pages up to an index. */
static void census_reach(struct census_run *run, uint64_t index)
{
	size_t before = run->capacity;

	while (run->page_count <= index / CENSUS_PAGE) {
		run->pages = mem_grow(run->pages, run->page_count, &run->capacity, sizeof(struct census_page *));
		run->pages[run->page_count++] = NULL;
	}
	run->census->size += (run->capacity - before) * sizeof(struct census_page *);
}

/* Returns the page of an index with its details, which are made if need be. */
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

/* Moves the page to the end of the idle list, or out of it while a task is open. */
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

/* Counts the tasks of a bare page by outcome and frees it. */
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

/* Calls drop for the ended tasks of a page, and frees the chains of the open ones. */
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
