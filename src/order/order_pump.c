/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passing on held output, task by task, while the sink has room. */
#include "order/order_mode.h"
#include "order/order_state.h"

/* Passes on held output of a task. Returns true if none is left. */
static bool pump_output(struct order *order, struct entry *entry, uint64_t index)
{
	struct held_task task = {.index = index, .label = entry->label};
	size_t i;

	for (i = 0; i < ENTRY_LISTS; i++) {
		if (!held_hand_on(&order->held, &entry->held[i], order->sink, &task))
			return false;
	}
	return true;
}

/* Begins to write a task as a whole. Returns false if the sink has no room. */
static bool pump_begin(struct order *order, struct entry *entry)
{
	if (!order->sink->has_room(order->sink))
		return false;
	entry_move(entry, ENTRY_BEGIN);
	order->sink->begin(order->sink, entry->result, entry->label,
			   (utf8_is_whole(&entry->text[0]) ? 1u << STREAM_OUTPUT : 0) |
				   (utf8_is_whole(&entry->text[1]) ? 1u << STREAM_ERRORS : 0));
	return true;
}

/* Passes on a finished task. Returns true once its end has been passed on. */
static bool pump_finished(struct order *order, struct entry *entry, uint64_t index)
{
	if (order->options.whole && entry->phase == ENTRY_FINISHED && !pump_begin(order, entry))
		return false;
	if (!pump_output(order, entry, index))
		return false;
	order->sink->result(order->sink, entry->result);
	entry_drop_result(entry, &order->held);
	entry_drop_label(entry, &order->held);
	entry_move(entry, ENTRY_LEAVE);
	order->complete--;
	return true;
}

/* Passes on what is held of the current task. Returns true if all of it is written and another task is current. */
static bool pump_current(struct order *order)
{
	uint64_t index = order->current;
	struct entry *entry;

	/* Where output is lost, what is written ends. */
	if (index == ORDER_NONE || index >= order->window.end || order->held.loss.text)
		return false;
	entry = window_at(&order->window, index);
	if (!entry)
		BUG("an entry is released twice");
	if (!entry_is_finished(entry)) {
		if (!order_holds_back(order, entry))
			pump_output(order, entry, index);
		return false;
	}
	if (!pump_finished(order, entry, index))
		return false;
	window_close(&order->window, index, 1);
	order_update_full(order);
	order_set_current(order, order_mode_of(order)->next(order, index));
	return true;
}

void order_pump(struct order *order)
{
	uint64_t current;

	do {
		while (pump_current(order))
			;
		current = order->current;
		order_update_full(order);
	} while (order->current != current);
}

/* True if a result, with its output, need not wait: nothing was heard of its tasks, and nothing precedes them. */
static bool can_pass(const struct order *order, const struct result *result)
{
	if (order->options.whole || result->attempt != 1 || result->index < order->window.head)
		return false;
	if (order->current != result->index && order->current != ORDER_NONE)
		return false;
	return !order->held.loss.text && order->sink->has_room(order->sink) &&
	       window_is_new(&order->window, result->index, result_count(result));
}

bool order_pass(struct order *order, const struct result *result, struct slice bytes)
{
	if (!can_pass(order, result))
		return false;
	if (bytes.size)
		order->sink->data(order->sink, result->index, NULL, STREAM_OUTPUT, bytes);
	order->sink->result(order->sink, result);
	window_close(&order->window, result->index, result_count(result));
	if (order->current != ORDER_NONE)
		order_set_current(order, order_mode_of(order)->next(order, result->index));
	order_pump(order);
	return true;
}

bool order_is_midway(const struct order *order)
{
	const struct entry *entry = order_find(order, order->current);

	return entry && entry->phase == ENTRY_BEGUN;
}

void order_continue(struct order *order)
{
	struct entry *entry = order_find(order, order->current);

	if (!order_is_midway(order))
		return;
	if (!order->held.loss.text) {
		pump_current(order);
		return;
	}
	order->sink->lost(order->sink);
	order->sink->result(order->sink, entry->result);
	entry_move(entry, ENTRY_LEAVE);
}
