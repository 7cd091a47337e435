/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The reorder window.
 *
 * What a task produced before its turn hangs on its entry in the window as a list of pieces, each in memory or on disk.
 * Keeping track costs memory too: it has a quarter of the memory limit for itself, so a million tiny results cannot
 * grow without bound either.
 */
#include "order/order.h"

enum {
	/* The least that keeping track may take, however small the limit. */
	OVERHEAD_MIN = 16384,
	/* The least that may be held of the head beyond the limits. */
	ALLOWANCE_MIN = 65536,
};

void order_init(struct order *order, const struct order_options *options, struct order_sink *sink)
{
	*order = (struct order){
		.options = *options, .sink = sink, .current = options->kind == ORDER_INPUT ? 0 : ORDER_NONE};
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

/* Where a stream of a task is held: by itself, where that is how they go out. */
static struct held_output *held_of(const struct order *order, struct entry *entry, enum stream stream)
{
	bool apart = order->options.whole || order->options.kind == ORDER_LINES;

	return &entry->held[apart && stream == STREAM_ERRORS];
}

static uint32_t attempts_of(const struct order *order, const struct entry *entry)
{
	return entry && entry->attempts ? entry->attempts : order->options.attempts;
}

/* The entry of a task that has not gone out and was heard of; NULL. */
static struct entry *order_find(const struct order *order, uint64_t index)
{
	if (index < order->window.head || index >= order->window.end)
		return NULL;
	return window_at(&order->window, index);
}

void order_expect(struct order *order, uint64_t index, uint32_t attempts)
{
	struct entry *entry = window_reach(&order->window, index);

	if (!entry)
		BUG("a task that went out is still expected");
	entry->attempts = attempts;
	update_full(order);
}

uint32_t order_attempts(const struct order *order, uint64_t index)
{
	return attempts_of(order, order_find(order, index));
}

/* Whether a task's output is held back: there may be another attempt, or it goes out whole. */
static bool is_held_back(const struct order *order, const struct entry *entry)
{
	uint32_t attempt = entry && entry->attempt ? entry->attempt : 1;

	if (entry && (entry->committed || entry_is_finished(entry)))
		return false;
	return order->options.whole || attempt < attempts_of(order, entry) || (entry && entry->aside);
}

bool order_accepts(const struct order *order, uint64_t index)
{
	const struct entry *entry;

	if (index != order->current && order->options.kind == ORDER_LINES)
		return !order->full && order->current == ORDER_NONE && order->sink->has_room(order->sink);
	if (index != order->current)
		return !order->full;
	entry = order_find(order, index);
	/* What is set aside makes room for the attempt that this is of. */
	if (is_held_back(order, entry))
		return true;
	return order->sink->has_room(order->sink) && !(entry && entry_has_output(entry));
}

bool order_is_finished(const struct order *order, uint64_t index)
{
	if (index < order->window.head || index >= order->window.end)
		return index < order->window.head;
	return !entry_is_open(window_at(&order->window, index));
}

int order_set_label(struct order *order, uint64_t index, uint32_t attempt, const char *label)
{
	struct entry *entry = window_reach(&order->window, index);

	if (!entry_is_open(entry) || (attempt && !entry_begin_attempt(entry, &order->held, attempt)))
		return -1;
	entry_keep_label(entry, &order->held, label);
	return 0;
}

bool order_has_label(const struct order *order, uint64_t index, uint32_t attempt)
{
	const struct entry *entry = order_find(order, index);

	return entry && entry->label && entry->attempt == attempt;
}

/* The disk takes no more. */
static bool disk_is_full(const struct order *order)
{
	return order->held.error.text || !spill_has_room(&order->held.spill);
}

/* A piece of the current task was held: not beyond its allowance when the window is full. */
static void limit_current(struct order *order, struct entry *entry, size_t size)
{
	uint64_t allowance = order->options.memory / 4 > ALLOWANCE_MIN ? order->options.memory / 4 : ALLOWANCE_MIN;

	if (order->options.whole)
		return;
	/* What the disk still takes is no burden. */
	if (order->full && disk_is_full(order))
		order->exempt += size;
	if (order->exempt <= allowance)
		return;
	entry->committed = true;
	order_pump(order);
}

/* Hands on the lines that a piece makes whole; what is left of it is to be held. */
static struct slice put_lines(struct order *order, struct entry *entry, const struct held_task *task,
			      enum stream stream, struct slice bytes)
{
	const char *newline = memrchr(bytes.data, '\n', bytes.size);
	size_t size = newline ? (size_t)(newline - bytes.data) + 1 : 0;

	if (!size)
		return bytes;
	if (!held_hand_over(&order->held, held_of(order, entry, stream), order->sink, task)) {
		/* The line is so long that it is on disk: it goes out at the reader's pace, and the rest of the task
		 * with it. */
		set_current(order, task->index);
		return bytes;
	}
	order->sink->data(order->sink, task->index, task->label, stream,
			  (struct slice){.data = bytes.data, .size = size});
	return (struct slice){.data = bytes.data + size, .size = bytes.size - size};
}

int order_put(struct order *order, uint64_t index, uint32_t attempt, enum stream stream, struct slice bytes)
{
	struct entry *entry = window_reach(&order->window, index);
	uint64_t before = order->current;
	struct held_task task;
	bool held_back;

	if (!entry_begin_attempt(entry, &order->held, attempt))
		return -1;
	if (!bytes.size)
		return 0;
	task = (struct held_task){.index = index, .label = entry->label};
	held_back = is_held_back(order, entry);
	if (index == order->current && !held_back && !entry_has_output(entry)) {
		order->sink->data(order->sink, index, entry->label, stream, bytes);
		return 0;
	}
	if (order->options.kind == ORDER_LINES && order->current == ORDER_NONE && !held_back)
		bytes = put_lines(order, entry, &task, stream, bytes);
	if (order->options.whole)
		utf8_follow(&entry->text[stream == STREAM_ERRORS], bytes);
	order->held.spill.exempt = order->options.whole && index == order->current;
	held_put(&order->held, held_of(order, entry, stream), stream, bytes);
	order->held.spill.exempt = false;
	update_full(order);
	/* The window has become full, and a task the current one: what is there of it goes out. */
	if (order->current != before)
		order_pump(order);
	if (held_back && index == order->current)
		limit_current(order, entry, bytes.size);
	return 0;
}

/* Hands on what is held of a task, as far as the sink has room: true when nothing is left. */
static bool hand_on_held(struct order *order, struct entry *entry, uint64_t index)
{
	struct held_task task = {.index = index, .label = entry->label};

	return held_hand_on(&order->held, &entry->held[0], order->sink, &task) &&
	       held_hand_on(&order->held, &entry->held[1], order->sink, &task);
}

/* Hands on a whole finished entry: true when it is through. */
static bool hand_on_entry(struct order *order, struct entry *entry, uint64_t index)
{
	if (order->options.whole && !entry->begun) {
		if (!order->sink->has_room(order->sink))
			return false;
		entry->begun = true;
		order->sink->begin(order->sink, entry->result, entry->label,
				   (utf8_is_whole(&entry->text[0]) ? 1u << STREAM_OUTPUT : 0) |
					   (utf8_is_whole(&entry->text[1]) ? 1u << STREAM_ERRORS : 0));
	}
	if (!hand_on_held(order, entry, index))
		return false;
	order->sink->result(order->sink, entry->result);
	entry_drop_result(entry, &order->held);
	entry_drop_label(entry, &order->held);
	entry->gone = true;
	order->complete--;
	return true;
}

/* Not in the order of the input: the next complete task after the one that went out last, else the head when the window
 * is full. */
static uint64_t choose(const struct order *order, uint64_t after)
{
	uint64_t span = order->window.end - order->window.head, i;

	for (i = 0; order->complete && i < span; i++) {
		uint64_t index = order->window.head + (after + 1 - order->window.head + i) % span;
		struct entry *entry = window_at(&order->window, index);

		if (entry && entry_is_finished(entry))
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
	struct entry *entry;

	/* With a part of it lost the output ends where it is whole. */
	if (index == ORDER_NONE || index >= order->window.end || order->held.error.text)
		return false;
	entry = window_at(&order->window, index);
	if (!entry)
		BUG("a task that went out goes out again");
	if (!entry_is_finished(entry)) {
		if (is_held_back(order, entry))
			return false;
		hand_on_held(order, entry, index);
		return false;
	}
	if (!hand_on_entry(order, entry, index))
		return false;
	window_close(&order->window, index);
	update_full(order);
	set_current(order, order->options.kind != ORDER_INPUT
				   ? choose(order, index < order->window.head ? order->window.head - 1 : index)
				   : order->window.head);
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

bool order_is_midway(const struct order *order)
{
	const struct entry *entry = order_find(order, order->current);

	return entry && entry->begun && !entry->gone;
}

void order_go_on(struct order *order)
{
	struct entry *entry = order_find(order, order->current);

	if (!order_is_midway(order))
		return;
	if (!order->held.error.text) {
		pump_current(order);
		return;
	}
	/* The disk took no more, but what this task has is there; unless it cannot be read back: then the task ends
	 * here. */
	if (hand_on_entry(order, entry, order->current) || !order->held.is_lost)
		return;
	order->sink->result(order->sink, entry->result);
	entry->gone = true;
}

/* A task's result is there. */
static void order_complete(struct order *order, uint64_t index)
{
	order->complete++;
	if (order->current == ORDER_NONE)
		set_current(order, index);
	order_pump(order);
}

int order_finish(struct order *order, const struct result *result)
{
	struct entry *entry = window_reach(&order->window, result->index);

	if (!entry_is_open(entry) || (result->attempt && !entry_begin_attempt(entry, &order->held, result->attempt)))
		return -1;
	entry_keep_result(entry, &order->held, result);
	order_complete(order, result->index);
	return 0;
}

bool order_may_repeat(const struct order *order, uint64_t index)
{
	const struct entry *entry;

	if (index < order->window.head || index >= order->window.end)
		return index >= order->window.head;
	entry = window_at(&order->window, index);
	return entry_is_open(entry) && !entry->committed;
}

int order_set_aside(struct order *order, const struct result *result)
{
	struct entry *entry = window_reach(&order->window, result->index);

	if (!entry_begin_attempt(entry, &order->held, result->attempt))
		return -1;
	entry_keep_result(entry, &order->held, result);
	entry->aside = true;
	update_full(order);
	return 0;
}

const struct result *order_aside(const struct order *order, uint64_t index)
{
	const struct entry *entry = order_find(order, index);

	return entry && entry->aside ? entry->result : NULL;
}

void order_stand(struct order *order, uint64_t index)
{
	struct entry *entry = window_at(&order->window, index);

	if (!entry || !entry->aside)
		BUG("nothing was set aside for a task");
	entry->aside = false;
	order_complete(order, index);
}

uint64_t order_spilled(const struct order *order)
{
	return order->held.spill.total;
}

static void drop_entry(void *owner, struct entry *entry)
{
	struct order *order = owner;

	entry_release(entry, &order->held);
}

void order_release(struct order *order)
{
	window_release(&order->window, drop_entry, order);
	held_release(&order->held);
}
