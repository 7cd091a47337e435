/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The executor of --dry-run: a task's output is its command line, quoted for a shell. */
#include "worker/executor.h"

#include <errno.h>

static int open_print(struct workplace *place UNUSED, void **state UNUSED)
{
	return 0;
}

static enum executor_end run_print(struct workplace *place, void *state UNUSED, const struct task *task,
				   struct result *result)
{
	struct output_header header = {.index = task->index, .stream = STREAM_OUTPUT, .attempt = task->attempt};
	struct bytes *line = &place->scratch;
	size_t sent = 0, limit = ring_packet_max(&place->ring);

	/* Where tasks are waited for, a parent that is gone is noticed there. */
	if (!workplace_listen(place))
		return EXECUTOR_ABANDONED;
	if (!workplace_expand(place, task)) {
		result->outcome = OUTCOME_NOT_STARTED;
		result->number = errno;
		return EXECUTOR_DONE;
	}
	bytes_clear(line);
	bytes_append(line, &header, sizeof header);
	workplace_quote(place, task, line);
	/* The line may be in the ring from now on: if this worker dies, the task is lost, not shown again. */
	place->seat->task = SEAT_BEGUN;
	do {
		size_t size = line->size - sent < limit ? line->size - sent : limit;

		if (!workplace_send(place, PACKET_OUTPUT, (struct slice){.data = line->data + sent, .size = size}))
			return EXECUTOR_ABANDONED;
		/* The next piece's header overwrites bytes that have been sent. */
		sent += size;
		if (sent < line->size) {
			sent -= sizeof header;
			memcpy(line->data + sent, &header, sizeof header);
		}
	} while (sent < line->size);
	result->outcome = OUTCOME_OK;
	result->status = 0;
	return EXECUTOR_DONE;
}

static void close_print(struct workplace *place UNUSED, void *state UNUSED)
{
}

const struct executor executor_print = {
	.name = "print",
	.option = "dry-run",
	.open = open_print,
	.run = run_print,
	.close = close_print,
};
