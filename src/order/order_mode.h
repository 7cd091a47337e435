/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The modes of the reorder window: what differs between the kinds of order, and where tasks are written as a whole. */
#ifndef ORDER_ORDER_MODE_H
#define ORDER_ORDER_MODE_H

#include "base/dialect.h"
#include "order/order.h"

struct order_mode {
	/* Returns the next current task after the one at index has been written, or ORDER_NONE. */
	uint64_t (*next)(const struct order *order, uint64_t index);
	/* True if a task that is not the current one is accepted. */
	bool (*accepts)(const struct order *order);
	/* Takes output that is about to be held. Returns the part that remains to be held. */
	struct slice (*take)(struct order *order, struct entry *entry, const struct held_task *task, enum stream stream,
			     struct slice bytes);
};

/* Returns the mode of an order. */
const struct order_mode *order_mode_of(const struct order *order);

#endif
