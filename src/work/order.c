/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The reorder window.
 *
 * Entries live in small pages, found by arithmetic from the head on; a page goes when all its tasks have gone out, so
 * one slow task does not keep the trace of a million quick ones (unordered). What a task produced before its turn hangs
 * on its entry as a list of pieces, each in memory or on disk. Keeping track costs memory too: it has a quarter of the
 * memory limit for itself, so a million tiny results cannot grow without bound either.
 */
#include "work/order.h"

#include "base/mem.h"

struct order_entry {
	struct held_output held;
	/* Held until its turn, with a copy of its reason; NULL before the task is finished. */
	struct result *result;
	/* Went out already (unordered). */
	bool gone;
};

enum {
	PAGE_ENTRIES = 64,
	/* The least that keeping track may take, however small the limit. */
	OVERHEAD_MIN = 16384,
};

struct order_page {
	/* How many of its tasks have gone out. */
	unsigned gone;
	struct order_entry entries[PAGE_ENTRIES];
};

/* Stands for every page whose tasks have all gone out. */
static struct order_page gone_page;

void order_init(struct order *order, const struct order_options *options, struct order_sink *sink)
{
	*order = (struct order){.options = *options, .sink = sink, .current = options->unordered ? ORDER_NONE : 0};
	held_init(&order->held, options->memory, options->directory, options->disk);
}

static struct order_page **page_slot(const struct order *order, uint64_t index)
{
	return &order->pages[index / PAGE_ENTRIES & (order->capacity - 1)];
}

/* The entry of an index from head to end; NULL when its whole page has gone out. */
static struct order_entry *entry_at(const struct order *order, uint64_t index)
{
	struct order_page *page = *page_slot(order, index);

	return page == &gone_page ? NULL : &page->entries[index % PAGE_ENTRIES];
}

/* A limit with a quarter off, below which a full window opens again: not at every byte. */
static bool is_below(uint64_t used, uint64_t limit, bool was_full)
{
	return used < (was_full ? limit - limit / 4 : limit);
}

static void update_full(struct order *order)
{
	uint64_t overhead_limit = order->options.memory / 4 > OVERHEAD_MIN ? order->options.memory / 4 : OVERHEAD_MIN;
	bool was = order->full, over = order->held.data > order->options.memory, memory, disk;

	/* Over its limit, memory holds what did not fit on the disk any more: that must go before there is more. */
	memory = is_below(order->held.data, order->options.memory, was);
	disk = !order->held.error.text && spill_has_room(&order->held.spill) &&
	       (!was || is_below(spill_used(&order->held.spill), order->options.disk, true));
	order->full = over || !(memory || disk) || !is_below(order->held.overhead, overhead_limit, was);
	if (order->held.data + order->held.overhead > order->peak)
		order->peak = order->held.data + order->held.overhead;
	if (order->full && order->current == ORDER_NONE)
		order->current = order->head;
}

/* Makes the table of pages reach an index. */
static void grow(struct order *order, uint64_t index)
{
	uint64_t first = order->head / PAGE_ENTRIES, last = index / PAGE_ENTRIES, page;
	size_t capacity = order->capacity ? order->capacity : 16;
	struct order_page **pages;

	if (last - first < order->capacity)
		return;
	while (last - first >= capacity)
		capacity = size_multiply(capacity, 2);
	pages = mem_new(capacity, sizeof(struct order_page *));
	for (page = first; order->capacity && page < first + order->capacity; page++)
		pages[page & (capacity - 1)] = order->pages[page & (order->capacity - 1)];
	free(order->pages);
	order->pages = pages;
	order->capacity = capacity;
}

/* The entry of an index, made when it is the first to be heard of that far on; NULL when it has gone out. */
static struct order_entry *reach(struct order *order, uint64_t index)
{
	if (index < order->head)
		return NULL;
	grow(order, index);
	for (; order->end <= index; order->end++) {
		struct order_page **page = page_slot(order, order->end);

		if (*page)
			continue;
		*page = mem_new(1, sizeof **page);
		order->held.overhead += sizeof *page + sizeof **page;
	}
	return entry_at(order, index);
}

/* Whether a task may still produce. */
static bool is_open(const struct order_entry *entry)
{
	return entry && !entry->result && !entry->gone;
}

bool order_accepts(const struct order *order, uint64_t index)
{
	const struct order_entry *entry;

	if (index != order->current)
		return !order->full;
	entry = index < order->end ? entry_at(order, index) : NULL;
	return order->sink->has_room(order->sink) && !(entry && entry->held.first);
}

bool order_is_finished(const struct order *order, uint64_t index)
{
	if (index < order->head || index >= order->end)
		return index < order->head;
	return !is_open(entry_at(order, index));
}

int order_put(struct order *order, uint64_t index, enum stream stream, struct slice bytes)
{
	struct order_entry *entry = reach(order, index);
	uint64_t current = order->current;

	if (!is_open(entry))
		return -1;
	if (!bytes.size)
		return 0;
	if (index == order->current && !entry->held.first) {
		order->sink->data(order->sink, index, stream, bytes);
		return 0;
	}
	held_put(&order->held, &entry->held, stream, bytes);
	update_full(order);
	/* The window has become full, and a task the current one: what is there of it goes out. */
	if (order->current != current)
		order_pump(order);
	return 0;
}

static size_t result_size(const struct result *result)
{
	return sizeof *result + (result->reason ? strlen(result->reason) + 1 : 0);
}

/* Hands on a whole finished entry: true when it is through. */
static bool hand_on_entry(struct order *order, struct order_entry *entry, uint64_t index)
{
	if (!held_hand_on(&order->held, &entry->held, order->sink, index))
		return false;
	order->sink->result(order->sink, entry->result);
	order->held.overhead -= result_size(entry->result);
	free(entry->result);
	entry->result = NULL;
	entry->gone = true;
	order->complete--;
	return true;
}

/* Forgets a page whose tasks have all gone out. */
static void close_page(struct order *order, uint64_t index)
{
	struct order_page **page = page_slot(order, index);

	if (++(*page)->gone < PAGE_ENTRIES)
		return;
	free(*page);
	order->held.overhead -= sizeof **page;
	*page = &gone_page;
}

/* Moves the head past what has gone out. */
static void advance(struct order *order)
{
	while (order->head < order->end) {
		struct order_entry *entry = entry_at(order, order->head);

		if (entry && !entry->gone)
			return;
		order->head++;
		if (order->head % PAGE_ENTRIES == 0) {
			*page_slot(order, order->head - 1) = NULL;
			order->held.overhead -= sizeof(struct order_page *);
		}
	}
}

/* Unordered: the next complete task after the one that went out last, else the head when the window is full. */
static uint64_t choose(const struct order *order, uint64_t after)
{
	uint64_t span = order->end - order->head, i;

	for (i = 0; order->complete && i < span; i++) {
		uint64_t index = order->head + (after + 1 - order->head + i) % span;
		struct order_entry *entry = entry_at(order, index);

		if (entry && entry->result)
			return index;
		/* A page that is gone holds nothing: on to its last index. */
		if (!entry)
			i += PAGE_ENTRIES - 1 - index % PAGE_ENTRIES;
	}
	return order->full ? order->head : ORDER_NONE;
}

/* Hands on what there is of the current task: true when it is through and another has taken its place. */
static bool pump_current(struct order *order)
{
	uint64_t index = order->current;
	struct order_entry *entry;

	/* With a part of it lost the output ends where it is whole. */
	if (index == ORDER_NONE || index >= order->end || order->held.error.text)
		return false;
	entry = entry_at(order, index);
	if (!entry)
		BUG("a task that went out goes out again");
	if (!entry->result) {
		held_hand_on(&order->held, &entry->held, order->sink, index);
		return false;
	}
	if (!hand_on_entry(order, entry, index))
		return false;
	close_page(order, index);
	advance(order);
	update_full(order);
	order->current = order->options.unordered ? choose(order, index < order->head ? order->head - 1 : index) : order->head;
	return true;
}

void order_pump(struct order *order)
{
	uint64_t current;

	do {
		while (pump_current(order))
			;
		current = order->current;
		update_full(order);
	} while (order->current != current);
}

int order_finish(struct order *order, const struct result *result)
{
	struct order_entry *entry = reach(order, result->index);
	size_t size = result_size(result);

	if (!is_open(entry))
		return -1;
	entry->result = mem_resize(NULL, size, 1);
	*entry->result = *result;
	if (result->reason) {
		char *reason = (char *)(entry->result + 1);

		memcpy(reason, result->reason, size - sizeof *result);
		entry->result->reason = reason;
	}
	order->held.overhead += size;
	order->complete++;
	if (order->current == ORDER_NONE)
		order->current = result->index;
	order_pump(order);
	return 0;
}

uint64_t order_spilled(const struct order *order)
{
	return order->held.spill.total;
}

static void free_page(struct order *order, struct order_page *page)
{
	size_t i;

	for (i = 0; i < PAGE_ENTRIES; i++) {
		held_drop(&order->held, &page->entries[i].held);
		free(page->entries[i].result);
	}
	free(page);
}

void order_release(struct order *order)
{
	uint64_t index;

	for (index = order->head - order->head % PAGE_ENTRIES; index < order->end; index += PAGE_ENTRIES) {
		if (*page_slot(order, index) != &gone_page)
			free_page(order, *page_slot(order, index));
	}
	free(order->pages);
	order->pages = NULL;
	held_release(&order->held);
}
