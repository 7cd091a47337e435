/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state of the reorder window, for the files that implement it: the current task, held output, fullness. */
#ifndef ORDER_ORDER_STATE_H
#define ORDER_ORDER_STATE_H

#include "base/dialect.h"
#include "order/order.h"

/* Makes a task the current one, with a new allowance if it was not. */
static inline void order_set_current(struct order *order, uint64_t index)
{
	if (order->current != index)
		order->exempt = 0;
	order->current = index;
}

/* Returns the entry of a task that is in the window and not gone with its page, or NULL. */
static inline struct entry *order_find(const struct order *order, uint64_t index)
{
	if (index < order->window.head || index >= order->window.end)
		return NULL;
	return window_at(&order->window, index);
}

/* Returns the list for a stream of a task: a list of its own where streams are kept apart. */
static inline struct held_output *order_held_of(const struct order *order, struct entry *entry, enum stream stream)
{
	bool apart = order->options.whole || order->options.kind == ORDER_LINES;

	return &entry->held[apart ? stream - STREAM_OUTPUT : 0];
}

/* Returns how many times a task may be run; entry may be NULL. */
static inline uint32_t order_attempts_of(const struct order *order, const struct entry *entry)
{
	return entry && entry->attempts ? entry->attempts : order->options.attempts;
}

/* True if a task's output is to be held even if it is the current one. entry may be NULL. */
bool order_holds_back(const struct order *order, const struct entry *entry);

/*
 * Passes on output together with its result, past the entries: if nothing was heard of their tasks, it is their turn
 * and the sink has room. Returns false, with nothing done, if not.
 */
bool order_pass(struct order *order, const struct result *result, struct slice bytes);

/* True if nothing more can be stored on disk: its limit is reached, or it has refused. */
bool order_disk_is_full(const struct order *order);

/* Updates full and peak after the amount of held output has changed. In a full window the head becomes current. */
void order_update_full(struct order *order);

#endif
