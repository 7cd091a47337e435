/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The reorder window.
 *
 * What a task produced before its turn hangs on its entry in the window as a list of pieces, each in memory or on disk.
 * Keeping track costs memory too: it has a quarter of the memory limit for itself, so a million tiny results cannot grow
 * without bound either.
 */
#include "work/order.h"

#include "base/mem.h"

enum {
	/* The least that keeping track may take, however small the limit. */
	OVERHEAD_MIN = 16384,
	/* The least that may be held of the head beyond the limits. */
	ALLOWANCE_MIN = 65536,
};

void order_init(struct order *order, const struct order_options *options, struct order_sink *sink)
{
	*order = (struct order){.options = *options, .sink = sink, .current = options->unordered ? ORDER_NONE : 0};
	if (!order->options.attempts)
		order->options.attempts = 1;
	held_init(&order->held, options->memory, options->directory, options->disk);
}

/* A limit with a quarter off, below which a full window opens again: not at every byte. */
static bool is_below(uint64_t used, uint64_t limit, bool was_full)
{
	return used < (was_full ? limit - limit / 4 : limit);
}

static void set_current(struct order *order, uint64_t index)
{
	if (order->current != index)
		order->exempt = 0;
	order->current = index;
}

static void update_full(struct order *order)
{
	uint64_t overhead = order->held.overhead + order->window.size;
	uint64_t overhead_limit = order->options.memory / 4 > OVERHEAD_MIN ? order->options.memory / 4 : OVERHEAD_MIN;
	bool was = order->full, over = order->held.data > order->options.memory, memory, disk;

	/* Over its limit, memory holds what did not fit on the disk any more: that must go before there is more. */
	memory = is_below(order->held.data, order->options.memory, was);
	disk = !order->held.error.text && spill_has_room(&order->held.spill) &&
	       (!was || is_below(spill_used(&order->held.spill), order->options.disk, true));
	order->full = over || !(memory || disk) || !is_below(overhead, overhead_limit, was);
	if (order->held.data + overhead > order->peak)
		order->peak = order->held.data + overhead;
	if (order->full && order->current == ORDER_NONE)
		set_current(order, order->window.head);
}

/* Whether the result is there that counts. */
static bool is_finished(const struct window_entry *entry)
{
	return entry->result && !entry->aside;
}

/* Whether a task may still produce. */
static bool is_open(const struct window_entry *entry)
{
	return entry && !is_finished(entry) && !entry->gone;
}

static uint32_t attempts_of(const struct order *order, const struct window_entry *entry)
{
	return entry && entry->attempts ? entry->attempts : order->options.attempts;
}

/* The entry of a task that has not gone out and was heard of; NULL. */
static struct window_entry *find(const struct order *order, uint64_t index)
{
	if (index < order->window.head || index >= order->window.end)
		return NULL;
	return window_at(&order->window, index);
}

void order_expect(struct order *order, uint64_t index, uint32_t attempts)
{
	struct window_entry *entry = window_reach(&order->window, index);

	if (!entry)
		BUG("a task that went out is still expected");
	entry->attempts = attempts;
	update_full(order);
}

uint32_t order_attempts(const struct order *order, uint64_t index)
{
	return attempts_of(order, find(order, index));
}

/* Whether a task's output is held back because there may be another attempt. */
static bool is_held_back(const struct order *order, const struct window_entry *entry)
{
	uint32_t attempt = entry && entry->attempt ? entry->attempt : 1;

	if (entry && (entry->committed || is_finished(entry)))
		return false;
	return attempt < attempts_of(order, entry) || (entry && entry->aside);
}

bool order_accepts(const struct order *order, uint64_t index)
{
	const struct window_entry *entry;

	if (index != order->current)
		return !order->full;
	entry = find(order, index);
	/* What is set aside makes room for the attempt that this is of. */
	if (is_held_back(order, entry))
		return true;
	return order->sink->has_room(order->sink) && !(entry && entry->held.first);
}

bool order_is_finished(const struct order *order, uint64_t index)
{
	if (index < order->window.head || index >= order->window.end)
		return index < order->window.head;
	return !is_open(window_at(&order->window, index));
}

static size_t result_size(const struct result *result)
{
	return sizeof *result + (result->reason ? strlen(result->reason) + 1 : 0);
}

static void drop_result(struct order *order, struct window_entry *entry)
{
	if (!entry->result)
		return;
	order->held.overhead -= result_size(entry->result);
	free(entry->result);
	entry->result = NULL;
	entry->aside = false;
}

/* Stores a copy. */
static void hold_result(struct order *order, struct window_entry *entry, const struct result *result)
{
	size_t size = result_size(result);

	drop_result(order, entry);
	entry->result = mem_resize(NULL, size, 1);
	*entry->result = *result;
	if (result->reason) {
		char *reason = (char *)(entry->result + 1);

		memcpy(reason, result->reason, size - sizeof *result);
		entry->result->reason = reason;
	}
	order->held.overhead += size;
}

/* Makes attempt the one that counts: false when it is not that, nor the next one after one that was set aside. */
static bool enter_attempt(struct order *order, struct window_entry *entry, uint32_t attempt)
{
	if (!is_open(entry) || !attempt)
		return false;
	if (attempt == entry->attempt)
		return !entry->aside;
	if (attempt != entry->attempt + 1 || (entry->attempt && !entry->aside))
		return false;
	held_drop(&order->held, &entry->held);
	drop_result(order, entry);
	entry->attempt = attempt;
	return true;
}

/* Holds a piece of the current task that may be run again: within its allowance when the window is full. */
static void put_exempt(struct order *order, struct window_entry *entry, size_t size)
{
	uint64_t allowance = order->options.memory / 4 > ALLOWANCE_MIN ? order->options.memory / 4 : ALLOWANCE_MIN;

	/* What the disk still takes is no burden. */
	if (order->full && (order->held.error.text || !spill_has_room(&order->held.spill)))
		order->exempt += size;
	if (order->exempt <= allowance)
		return;
	entry->committed = true;
	order_pump(order);
}

int order_put(struct order *order, uint64_t index, uint32_t attempt, enum stream stream, struct slice bytes)
{
	struct window_entry *entry = window_reach(&order->window, index);
	uint64_t current = order->current;
	bool held_back;

	if (!enter_attempt(order, entry, attempt))
		return -1;
	if (!bytes.size)
		return 0;
	held_back = is_held_back(order, entry);
	if (index == order->current && !held_back && !entry->held.first) {
		order->sink->data(order->sink, index, stream, bytes);
		return 0;
	}
	held_put(&order->held, &entry->held, stream, bytes);
	update_full(order);
	/* The window has become full, and a task the current one: what is there of it goes out. */
	if (order->current != current)
		order_pump(order);
	if (held_back && index == order->current)
		put_exempt(order, entry, bytes.size);
	return 0;
}

/* Hands on a whole finished entry: true when it is through. */
static bool hand_on_entry(struct order *order, struct window_entry *entry, uint64_t index)
{
	if (!held_hand_on(&order->held, &entry->held, order->sink, index))
		return false;
	order->sink->result(order->sink, entry->result);
	drop_result(order, entry);
	entry->gone = true;
	order->complete--;
	return true;
}

/* Unordered: the next complete task after the one that went out last, else the head when the window is full. */
static uint64_t choose(const struct order *order, uint64_t after)
{
	uint64_t span = order->window.end - order->window.head, i;

	for (i = 0; order->complete && i < span; i++) {
		uint64_t index = order->window.head + (after + 1 - order->window.head + i) % span;
		struct window_entry *entry = window_at(&order->window, index);

		if (entry && is_finished(entry))
			return index;
		/* A page that is gone holds nothing: on to its last index. */
		if (!entry)
			i += WINDOW_PAGE - 1 - index % WINDOW_PAGE;
	}
	return order->full ? order->window.head : ORDER_NONE;
}

/* Hands on what there is of the current task: true when it is through and another has taken its place. */
static bool pump_current(struct order *order)
{
	uint64_t index = order->current;
	struct window_entry *entry;

	/* With a part of it lost the output ends where it is whole. */
	if (index == ORDER_NONE || index >= order->window.end || order->held.error.text)
		return false;
	entry = window_at(&order->window, index);
	if (!entry)
		BUG("a task that went out goes out again");
	if (!is_finished(entry)) {
		if (is_held_back(order, entry))
			return false;
		held_hand_on(&order->held, &entry->held, order->sink, index);
		return false;
	}
	if (!hand_on_entry(order, entry, index))
		return false;
	window_close(&order->window, index);
	update_full(order);
	set_current(order, order->options.unordered ? choose(order, index < order->window.head ? order->window.head - 1 : index) :
						      order->window.head);
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

/* A task's result is there. */
static void complete(struct order *order, uint64_t index)
{
	order->complete++;
	if (order->current == ORDER_NONE)
		set_current(order, index);
	order_pump(order);
}

int order_finish(struct order *order, const struct result *result)
{
	struct window_entry *entry = window_reach(&order->window, result->index);

	if (!is_open(entry) || (result->attempt && !enter_attempt(order, entry, result->attempt)))
		return -1;
	hold_result(order, entry, result);
	complete(order, result->index);
	return 0;
}

bool order_may_repeat(const struct order *order, uint64_t index)
{
	const struct window_entry *entry;

	if (index < order->window.head || index >= order->window.end)
		return index >= order->window.head;
	entry = window_at(&order->window, index);
	return is_open(entry) && !entry->committed;
}

int order_set_aside(struct order *order, const struct result *result)
{
	struct window_entry *entry = window_reach(&order->window, result->index);

	if (!enter_attempt(order, entry, result->attempt))
		return -1;
	hold_result(order, entry, result);
	entry->aside = true;
	update_full(order);
	return 0;
}

const struct result *order_aside(const struct order *order, uint64_t index)
{
	const struct window_entry *entry = find(order, index);

	return entry && entry->aside ? entry->result : NULL;
}

void order_stand(struct order *order, uint64_t index)
{
	struct window_entry *entry = window_at(&order->window, index);

	if (!entry || !entry->aside)
		BUG("nothing was set aside for a task");
	entry->aside = false;
	complete(order, index);
}

uint64_t order_spilled(const struct order *order)
{
	return order->held.spill.total;
}

static void drop_entry(void *owner, struct window_entry *entry)
{
	struct order *order = owner;

	held_drop(&order->held, &entry->held);
	free(entry->result);
}

void order_release(struct order *order)
{
	window_release(&order->window, drop_entry, order);
	held_release(&order->held);
}
