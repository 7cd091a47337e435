/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing the messages of a run to its state server, and reading the answers. */
#include "state/server/control.h"

#include "base/bytes.h"
#include "board/board.h"

#include <errno.h>

/* Sends a message and releases its payload. */
static int control_send(int channel, enum control_type type, struct bytes *payload, const int *fds, size_t fd_count)
{
	int result = channel_send(channel, type, bytes_slice(payload), fds, fd_count);
	int number = errno;

	bytes_release(payload);
	errno = number;
	return result;
}

/* Sends a message of one or two numbers. */
static int control_send_numbers(int channel, enum control_type type, uint64_t run, const uint64_t *number)
{
	struct bytes payload = {.data = NULL};

	bytes_put_u64(&payload, run);
	if (number)
		bytes_put_u64(&payload, *number);
	return control_send(channel, type, &payload, NULL, 0);
}

int control_setup(int channel, const char *path, uint64_t memory_limit)
{
	struct bytes payload = {.data = NULL};

	bytes_put_u64(&payload, memory_limit);
	bytes_put_text(&payload, path);
	return control_send(channel, CONTROL_SETUP, &payload, NULL, 0);
}

int control_wait(int channel, struct error *error)
{
	struct message message;

	if (channel_wait(channel, &message, NSEC_FOREVER) <= 0 || message.type != CONTROL_READY)
		return error_set(error, "the state server has ended before it served");
	if (!message.payload.size)
		return 0;
	return error_set(error, "%.*s", (int)message.payload.size, message.payload.data);
}

int control_run_began(int channel, const struct control_run *run)
{
	struct bytes payload = {.data = NULL};

	bytes_put_u64(&payload, run->number);
	bytes_put_text(&payload, run->id);
	bytes_put_u64(&payload, run->board->seats);
	bytes_put_u64(&payload, run->queue_rows);
	bytes_put_u64(&payload, run->board->ring_size);
	bytes_put_u8(&payload, run->calls);
	bytes_put_u8(&payload, run->is_atomic);
	return control_send(channel, CONTROL_RUN_BEGAN, &payload, &run->board->shm.fd, 1);
}

int control_run_ended(int channel, uint64_t number)
{
	return control_send_numbers(channel, CONTROL_RUN_ENDED, number, NULL);
}

int control_attempts_ended(int channel, uint64_t run, const struct control_end *ends, size_t count)
{
	struct bytes payload = {.data = NULL};
	size_t i;

	bytes_put_u64(&payload, run);
	for (i = 0; i < count; i++) {
		bytes_put_u64(&payload, ends[i].index);
		bytes_put_u64(&payload, ends[i].count);
		bytes_put_u8(&payload, ends[i].well);
		bytes_put_u32(&payload, ends[i].attempt);
		bytes_put_u32(&payload, (uint32_t)ends[i].process);
	}
	return control_send(channel, CONTROL_ATTEMPTS_ENDED, &payload, NULL, 0);
}

int control_outlook(int channel, uint64_t run, uint64_t jobs, uint64_t remaining)
{
	struct bytes payload = {.data = NULL};

	bytes_put_u64(&payload, run);
	bytes_put_u64(&payload, jobs);
	bytes_put_u64(&payload, remaining);
	return control_send(channel, CONTROL_OUTLOOK, &payload, NULL, 0);
}

int control_take(int channel, uint64_t run, const char *queue, uint32_t count)
{
	struct bytes payload = {.data = NULL};

	bytes_put_u64(&payload, run);
	bytes_put_u32(&payload, count);
	bytes_put_text(&payload, queue);
	return control_send(channel, CONTROL_TAKE, &payload, NULL, 0);
}

int control_done(int channel, uint64_t run, uint64_t count)
{
	return control_send_numbers(channel, CONTROL_DONE, run, &count);
}

int control_sync(int channel, uint64_t run)
{
	return control_send_numbers(channel, CONTROL_SYNC, run, NULL);
}

int control_receive(int channel, struct message *storage, struct control_event *event)
{
	int got = channel_receive(channel, storage);
	struct cursor cursor;

	if (got <= 0)
		return got;
	cursor = cursor_of(storage->payload);
	*event = (struct control_event){.run = cursor_u64(&cursor)};
	switch (storage->type) {
	case CONTROL_ITEM:
		event->type = CONTROL_EVENT_ITEM;
		event->is_last_part = cursor_u8(&cursor);
		event->bytes = cursor_slice(&cursor);
		break;
	case CONTROL_SYNCED:
		event->type = CONTROL_EVENT_SYNCED;
		break;
	case CONTROL_REFUSED:
		event->type = CONTROL_EVENT_REFUSED;
		event->bytes = cursor_slice(&cursor);
		break;
	default:
		return -1;
	}
	return cursor_failed(&cursor) ? -1 : 1;
}
