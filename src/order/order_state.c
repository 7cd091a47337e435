/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When the reorder window is full, and what is held back.
 *
 * Keeping track of held output costs memory too: a quarter of the memory limit is reserved for that, so that a million
 * tiny results cannot grow without bound either.
 */
#include "order/order_state.h"

/* The least that keeping track may take, bytes, however small the limit. */
enum { OVERHEAD_MIN = 16384 };

bool order_holds_back(const struct order *order, const struct entry *entry)
{
	uint32_t attempt = entry && entry->attempt ? entry->attempt : 1;

	if (entry && (entry->phase == ENTRY_COMMITTED || entry->phase > ENTRY_PROVISIONAL))
		return false;
	return order->options.holds || attempt < order_attempts_of(order, entry) ||
	       (entry && entry->phase == ENTRY_PROVISIONAL);
}

bool order_disk_is_full(const struct order *order)
{
	return order->held.refusal.text || !spill_has_room(&order->held.spill);
}

/* True if used is below the limit. A full window opens only below three quarters of it, not at every byte. */
static bool is_below(uint64_t used, uint64_t limit, bool was_full)
{
	return used < (was_full ? limit - limit / 4 : limit);
}

void order_update_full(struct order *order)
{
	uint64_t overhead = order->held.overhead + window_size(&order->window);
	uint64_t overhead_limit = order->options.memory / 4 > OVERHEAD_MIN ? order->options.memory / 4 : OVERHEAD_MIN;
	bool was = order->full, over = order->held.data > order->options.memory, memory, disk;

	/* Above its limit, memory holds what the disk could not take: that must be written first. */
	memory = is_below(order->held.data, order->options.memory, was);
	disk = !order_disk_is_full(order) &&
	       (!was || is_below(spill_used(&order->held.spill), order->options.disk, true));
	order->full = over || !(memory || disk) || !is_below(overhead, overhead_limit, was);
	if (order->held.data + overhead > order->peak)
		order->peak = order->held.data + overhead;
	if (order->full && order->current == ORDER_NONE)
		order_set_current(order, order->window.head);
}
