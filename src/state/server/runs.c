/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Handling the messages of runs. */
#include "state/server/runs.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "ipc/fd.h"
#include "state/server/clients.h"

#include <errno.h>

enum {
	CONTROL_BEGAN = 100,
	CONTROL_ENDED,
	CONTROL_CONNECTION,
};

struct attempt {
	struct list link;
	uint64_t id;
	struct owner *owner;
};

/* Sends a message and releases its payload. */
static int send_attempt(int channel, uint32_t type, struct bytes *payload, const int *fds, size_t fd_count)
{
	int result = channel_send(channel, type, bytes_slice(payload), fds, fd_count);

	bytes_release(payload);
	return result;
}

int control_attempt_began(int channel, uint64_t id, pid_t pid, const char *label)
{
	struct bytes payload = {.data = NULL};

	bytes_put_u64(&payload, id);
	bytes_put_u32(&payload, (uint32_t)pid);
	bytes_put_text(&payload, label);
	return send_attempt(channel, CONTROL_BEGAN, &payload, NULL, 0);
}

int control_attempt_ended(int channel, uint64_t id)
{
	struct bytes payload = {.data = NULL};

	bytes_put_u64(&payload, id);
	return send_attempt(channel, CONTROL_ENDED, &payload, NULL, 0);
}

int control_connection(int channel, uint64_t id, int fd)
{
	struct bytes payload = {.data = NULL};

	bytes_put_u64(&payload, id);
	return send_attempt(channel, CONTROL_CONNECTION, &payload, &fd, 1);
}

int control_answer(int channel, const char *problem)
{
	return channel_send(channel, CONTROL_READY, slice_of(problem), NULL, 0);
}

int control_begin(struct server *server, const struct message *setup, struct error *error)
{
	struct cursor cursor = cursor_of(setup->payload);
	uint64_t memory_limit = cursor_u64(&cursor);
	char *path = setup->type == CONTROL_SETUP ? cursor_text(&cursor) : NULL;
	int result;

	if (!path)
		return error_set(error, "the first message is not one of control_setup");
	result = server_open(server, path, memory_limit, error);
	free(path);
	return result;
}

static struct attempt *control_attempt(const struct control *control, uint64_t id)
{
	struct list *link;

	for (link = control->attempts.next; link != &control->attempts; link = link->next) {
		struct attempt *attempt = container_of(link, struct attempt, link);

		if (attempt->id == id)
			return attempt;
	}
	return NULL;
}

/* Begins an attempt. False if the message is wrong. */
static bool control_take_began(struct control *control, struct cursor *cursor)
{
	uint64_t id = cursor_u64(cursor);
	pid_t pid = (pid_t)cursor_u32(cursor);
	char *label = cursor_text(cursor);
	struct attempt *attempt;

	if (!label || control_attempt(control, id)) {
		free(label);
		return false;
	}
	attempt = mem_new(1, sizeof *attempt);
	attempt->id = id;
	attempt->owner = store_attempt_began(control->server->store, label);
	list_init(&attempt->link);
	list_append(&control->attempts, &attempt->link);
	if (pid > 0)
		clients_add_attempt(control->server, pid, attempt->owner);
	free(label);
	return true;
}

static void control_end(struct control *control, struct attempt *attempt)
{
	server_owner_ended(control->server, attempt->owner);
	list_remove(&attempt->link);
	free(attempt);
}

static bool control_take_ended(struct control *control, struct cursor *cursor)
{
	struct attempt *attempt = control_attempt(control, cursor_u64(cursor));

	if (attempt)
		control_end(control, attempt);
	return attempt;
}

/* Takes over a connection, and its descriptor. */
static bool control_take_connection(struct control *control, struct cursor *cursor, struct message *message)
{
	struct attempt *attempt = control_attempt(control, cursor_u64(cursor));

	if (!attempt || message->fd_count != 1)
		return false;
	fd_unblock(message->fds[0]);
	server_adopt(control->server, message->fds[0], attempt->owner);
	message->fds[0] = -1;
	return true;
}

static bool control_handle(struct control *control, struct message *message)
{
	struct cursor cursor = cursor_of(message->payload);
	struct store_outlook outlook;

	switch (message->type) {
	case CONTROL_BEGAN:
		return control_take_began(control, &cursor);
	case CONTROL_ENDED:
		return control_take_ended(control, &cursor);
	case CONTROL_CONNECTION:
		return control_take_connection(control, &cursor, message);
	case CONTROL_OUTLOOK:
		(void)cursor_u64(&cursor);
		outlook.jobs = cursor_u64(&cursor);
		outlook.input_ended = cursor_u64(&cursor) != UINT64_MAX;
		if (cursor_failed(&cursor))
			return false;
		store_foresee(control->server->store, outlook);
		return true;
	default:
		return false;
	}
}

static void control_ready(struct watch *watch, unsigned events UNUSED)
{
	struct control *control = container_of(watch, struct control, watch);
	struct message message;
	int got;

	while ((got = channel_receive(watch->fd, &message)) > 0) {
		bool taken = control_handle(control, &message);
		size_t i;

		for (i = 0; i < message.fd_count; i++)
			fd_close(&message.fds[i]);
		if (!taken)
			got = -1;
		if (!taken)
			break;
	}
	if (got >= 0)
		return;
	control->has_ended = true;
	loop_forget(&control->server->loop, watch);
}

int control_init(struct control *control, struct server *server, int channel)
{
	*control = (struct control){.server = server, .watch = {.fd = channel, .ready = control_ready}};
	list_init(&control->attempts);
	return loop_watch(&server->loop, &control->watch, LOOP_INPUT);
}

void control_release(struct control *control)
{
	while (!list_is_empty(&control->attempts))
		control_end(control, container_of(control->attempts.next, struct attempt, link));
	loop_forget(&control->server->loop, &control->watch);
}
