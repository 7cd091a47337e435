/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reorder window: what producers put in, and the questions that they and the owner ask. */
#include "order/order.h"

#include "order/order_mode.h"
#include "order/order_state.h"

/* The least that may be held of the current task beyond the limits, bytes. */
enum { ALLOWANCE_MIN = 65536 };

void order_init(struct order *order, const struct order_options *options, struct order_sink *sink)
{
	*order = (struct order){
		.options = *options, .sink = sink, .current = options->kind == ORDER_INPUT ? 0 : ORDER_NONE};
	if (!order->options.attempts)
		order->options.attempts = 1;
	order->options.holds |= options->whole;
	held_init(&order->held, options->memory, options->directory, options->disk);
}

void order_expect(struct order *order, uint64_t index, uint32_t attempts)
{
	struct entry *entry = window_reach(&order->window, index);

	if (!entry)
		BUG("settings for a task that has left the window");
	entry->attempts = attempts;
	order_update_full(order);
}

uint32_t order_attempts(const struct order *order, uint64_t index)
{
	return order_attempts_of(order, order_find(order, index));
}

bool order_accepts(const struct order *order, uint64_t index)
{
	const struct entry *entry;

	if (index != order->current)
		return order_mode_of(order)->accepts(order);
	/* Better not taken than held: mostly it can be passed on once there is room. */
	if (order->options.holds && !order->options.whole)
		return order->sink->has_room(order->sink);
	entry = order_find(order, index);
	/* A new attempt drops the output that is held of the one before. */
	if (order_holds_back(order, entry))
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

/* Commits the current task, after size bytes of it were held, if its allowance in a full window is used up. */
static void limit_current(struct order *order, struct entry *entry, size_t size)
{
	uint64_t allowance = order->options.memory / 4 > ALLOWANCE_MIN ? order->options.memory / 4 : ALLOWANCE_MIN;

	if (order->options.holds)
		return;
	/* Bytes that the disk can still take are not counted. */
	if (order->full && order_disk_is_full(order))
		order->exempt += size;
	if (order->exempt <= allowance)
		return;
	entry_move(entry, ENTRY_COMMIT);
	order_pump(order);
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
	held_back = order_holds_back(order, entry);
	if (index == order->current && !held_back && !entry_has_output(entry)) {
		order->sink->data(order->sink, index, entry->label, stream, bytes);
		return 0;
	}
	task = (struct held_task){.index = index, .label = entry->label};
	bytes = order_mode_of(order)->take(order, entry, &task, stream, bytes);
	order->held.spill.exempt = order->options.holds && index == order->current;
	held_put(&order->held, order_held_of(order, entry, stream), stream, bytes);
	order->held.spill.exempt = false;
	order_update_full(order);
	/* The window has become full and another task the current one: its held output can be passed on. */
	if (order->current != before)
		order_pump(order);
	if (held_back && index == order->current)
		limit_current(order, entry, bytes.size);
	return 0;
}

/* Accounts for a task that has become finished. */
static void order_complete(struct order *order, uint64_t index)
{
	order->complete++;
	if (order->current == ORDER_NONE)
		order_set_current(order, index);
	order_pump(order);
}

int order_finish(struct order *order, const struct result *result)
{
	struct entry *entry = window_reach(&order->window, result->index);

	if (!entry_is_open(entry) || (result->attempt && !entry_begin_attempt(entry, &order->held, result->attempt)))
		return -1;
	if (result->further) {
		if (!window_is_new(&order->window, result->index + 1, result->further))
			return -1;
		window_close(&order->window, result->index + 1, result->further);
	}
	entry_move(entry, ENTRY_FINISH);
	entry_keep_result(entry, &order->held, result);
	order_complete(order, result->index);
	return 0;
}

int order_finish_with(struct order *order, const struct result *result, struct slice bytes)
{
	if (order_pass(order, result, bytes))
		return 0;
	if (order_put(order, result->index, result->attempt, STREAM_OUTPUT, bytes) < 0)
		return -1;
	return order_finish(order, result);
}

void order_forget(struct order *order, uint64_t index, uint64_t count)
{
	uint64_t end = index + count < order->window.end ? index + count : order->window.end;

	if (index < order->window.head)
		index = order->window.head;
	for (; (index = window_next(&order->window, index, end)) < end; index++) {
		struct entry *entry = order_find(order, index);

		if (!entry || entry->phase != ENTRY_RUNNING)
			continue;
		entry_drop_output(entry, &order->held);
		entry_drop_label(entry, &order->held);
	}
	order_update_full(order);
}

bool order_may_repeat(const struct order *order, uint64_t index)
{
	const struct entry *entry;

	if (index < order->window.head || index >= order->window.end)
		return index >= order->window.head;
	entry = window_at(&order->window, index);
	return entry_is_open(entry) && entry->phase != ENTRY_COMMITTED;
}

int order_keep_provisional(struct order *order, const struct result *result)
{
	struct entry *entry = window_reach(&order->window, result->index);

	if (!entry_begin_attempt(entry, &order->held, result->attempt) || !entry_move(entry, ENTRY_RETRY))
		return -1;
	entry_keep_result(entry, &order->held, result);
	order_update_full(order);
	return 0;
}

const struct result *order_provisional(const struct order *order, uint64_t index)
{
	const struct entry *entry = order_find(order, index);

	return entry && entry->phase == ENTRY_PROVISIONAL ? entry->result : NULL;
}

void order_confirm(struct order *order, uint64_t index)
{
	struct entry *entry = window_at(&order->window, index);

	if (!entry || !entry_move(entry, ENTRY_CONFIRM))
		BUG("no provisional result to confirm");
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
