/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of modes. */
#include "order/order_mode.h"

#include "order/order_state.h"

static uint64_t next_head(const struct order *order, uint64_t index UNUSED)
{
	return order->window.head;
}

/*
 * Returns the next finished task after the one at index, continuing at the head after the end. If no task is finished,
 * returns the head if the window is full, else ORDER_NONE.
 */
static uint64_t next_finished(const struct order *order, uint64_t index)
{
	uint64_t head = order->window.head, span = order->window.end - head, i;
	uint64_t from = index < head ? 0 : index + 1 - head;

	for (i = 0; order->complete && i < span; i++) {
		uint64_t at = head + (from + i) % span;
		struct entry *entry = window_at(&order->window, at);

		if (entry && entry_is_finished(entry))
			return at;
		/* A page that is gone holds nothing: continue at its last index. */
		if (!entry)
			i += WINDOW_PAGE - 1 - at % WINDOW_PAGE;
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

/* Checks whether the stream is still text. */
static struct slice take_whole(struct order *order UNUSED, struct entry *entry, const struct held_task *task UNUSED,
			       enum stream stream, struct slice bytes)
{
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
