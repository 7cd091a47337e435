/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of modes. */
#include "order/order_mode.h"

#include "order/order_state.h"

static uint64_t next_head(const struct order *order, uint64_t index UNUSED)
{
	return order->window.head;
}

/* Returns the first finished task from index on, below end, or end. */
static uint64_t find_finished(const struct order *order, uint64_t index, uint64_t end)
{
	for (; (index = window_next(&order->window, index, end)) < end; index++) {
		if (entry_is_finished(window_at(&order->window, index)))
			break;
	}
	return index;
}

/*
 * Returns the next finished task after the one at index, continuing at the head after the end. If no task is finished,
 * returns the head if the window is full, else ORDER_NONE.
 */
static uint64_t next_finished(const struct order *order, uint64_t index)
{
	uint64_t head = order->window.head, end = order->window.end, from = index < head ? head : index + 1, found;

	if (order->complete) {
		found = find_finished(order, from, end);
		if (found < end)
			return found;
		found = find_finished(order, head, from);
		if (found < from)
			return found;
	}
	return order->full ? head : ORDER_NONE;
}

static bool accepts_unless_full(const struct order *order)
{
	return !order->full;
}

static bool accepts_lines(const struct order *order)
{
	return !order->full && order->current == ORDER_NONE && order->sink->has_room(order->sink);
}

static struct slice take_nothing(struct order *order UNUSED, struct entry *entry UNUSED,
				 const struct held_task *task UNUSED, enum stream stream UNUSED, struct slice bytes)
{
	return bytes;
}

/* Checks whether the stream is still text. A value is. */
static struct slice take_whole(struct order *order UNUSED, struct entry *entry, const struct held_task *task UNUSED,
			       enum stream stream, struct slice bytes)
{
	if (stream != STREAM_VALUE)
		utf8_follow(&entry->text[stream == STREAM_ERRORS], bytes);
	return bytes;
}

/* Passes on the lines that the bytes complete. */
static struct slice take_lines(struct order *order, struct entry *entry, const struct held_task *task,
			       enum stream stream, struct slice bytes)
{
	const char *newline = memrchr(bytes.data, '\n', bytes.size);
	size_t size = newline ? (size_t)(newline - bytes.data) + 1 : 0;

	if (!size || order->current != ORDER_NONE || order_holds_back(order, entry))
		return bytes;
	if (!held_hand_over(&order->held, order_held_of(order, entry, stream), order->sink, task)) {
		/* A part of the long line is on disk: this task is written until its end, as the sink has room. */
		order_set_current(order, task->index);
		return bytes;
	}
	order->sink->data(order->sink, task->index, task->label, stream,
			  (struct slice){.data = bytes.data, .size = size});
	return (struct slice){.data = bytes.data + size, .size = bytes.size - size};
}

static const struct order_mode order_modes[ORDER_KINDS] = {
	[ORDER_INPUT] = {.next = next_head, .accepts = accepts_unless_full, .take = take_nothing},
	[ORDER_COMPLETION] = {.next = next_finished, .accepts = accepts_unless_full, .take = take_nothing},
	[ORDER_LINES] = {.next = next_finished, .accepts = accepts_lines, .take = take_lines},
};

static const struct order_mode order_modes_whole[ORDER_KINDS] = {
	[ORDER_INPUT] = {.next = next_head, .accepts = accepts_unless_full, .take = take_whole},
	[ORDER_COMPLETION] = {.next = next_finished, .accepts = accepts_unless_full, .take = take_whole},
	[ORDER_LINES] = {.next = next_finished, .accepts = accepts_lines, .take = take_whole},
};

const struct order_mode *order_mode_of(const struct order *order)
{
	return &(order->options.whole ? order_modes_whole : order_modes)[order->options.kind];
}
