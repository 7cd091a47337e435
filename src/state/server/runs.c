/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Handling the messages of runs. */
#include "state/server/runs.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "ipc/fd.h"
#include "state/server/acting.h"
#include "state/server/attempts.h"
#include "state/server/connection.h"

#include <errno.h>

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

/* Computes how many tasks can be at work. */
static void runs_foresee(struct server *server)
{
	struct store_outlook outlook = {.input_ended = true};
	struct list *link;

	for (link = server->runs.next; link != &server->runs; link = link->next) {
		const struct run *run = container_of(link, struct run, link);
		uint64_t most = run->jobs < run->remaining ? run->jobs : run->remaining;

		if (run->has_ended)
			continue;
		outlook.jobs = most > SIZE_MAX - outlook.jobs ? SIZE_MAX : outlook.jobs + (size_t)most;
		outlook.input_ended &= run->remaining < run->jobs;
	}
	store_foresee(server->store, outlook);
}

/* Begins a run. False if the message is wrong. */
static bool runs_take_began(struct server *server, struct cursor *cursor, struct message *message)
{
	struct control_run run = {.number = cursor_u64(cursor)};
	char *id = cursor_text(cursor);
	uint64_t seats = cursor_u64(cursor), rows = cursor_u64(cursor), ring = cursor_u64(cursor);
	struct board board;
	bool taken = false;

	run.id = id;
	run.calls = cursor_u8(cursor);
	run.is_atomic = cursor_u8(cursor);
	if (!cursor_failed(cursor) && id && message->fd_count == 1 && !attempts_run(server, run.number)) {
		taken = board_attach(&board, message->fds[0], seats, rows, ring) == 0;
		message->fds[0] = -1;
		if (taken)
			attempts_run_began(server, &run, &board);
		else
			board_release(&board);
	}
	free(id);
	return taken;
}

static struct connection *runs_connection(struct list *link)
{
	return container_of(link, struct connection, link);
}

/* True if a connection may have sent something for an attempt that ends. */
static bool runs_concerns(const struct connection *connection, const struct run *run, const struct control_end *ends,
			  size_t count)
{
	size_t i;

	if (!connection->is_attributed || connection->whose != WHOSE_ATTEMPT)
		return !connection->is_attributed;
	for (i = 0; i < count; i++) {
		if (attempts_ends(&connection->key, run, &ends[i]))
			return true;
	}
	return false;
}

/* Carries out what was sent for attempts, before they end. */
static void runs_drain(struct server *server, const struct run *run, const struct control_end *ends, size_t count)
{
	struct list *link, *next;

	server_accept_waiting(server);
	for (link = server->connections.next; link != &server->connections; link = next) {
		next = link->next;
		if (runs_concerns(runs_connection(link), run, ends, count))
			connection_drain(runs_connection(link));
	}
}

/* Ends attempts. */
static void runs_end(struct server *server, struct run *run, const struct control_end *ends, size_t count)
{
	struct list *link;
	size_t i;

	runs_drain(server, run, ends, count);
	/* First all that wait: none of them gets what another had. */
	for (i = 0; i < count; i++) {
		for (link = server->connections.next; link != &server->connections; link = link->next)
			acting_end(runs_connection(link), run, &ends[i]);
	}
	for (i = 0; i < count; i++)
		attempts_end(server, run, &ends[i]);
}

/* Ends the attempts of a message. False if it is wrong. */
static bool runs_take_ends(struct server *server, struct cursor *cursor)
{
	struct run *run = attempts_run(server, cursor_u64(cursor));
	struct control_end ends[CONTROL_ENDS_MAX];
	size_t count = 0;

	while (count < CONTROL_ENDS_MAX && cursor->at != cursor->end && !cursor_failed(cursor)) {
		struct control_end *end = &ends[count++];

		end->index = cursor_u64(cursor);
		end->count = cursor_u64(cursor);
		end->well = cursor_u8(cursor);
		end->attempt = cursor_u32(cursor);
	}
	if (cursor_failed(cursor))
		return false;
	if (run)
		runs_end(server, run, ends, count);
	return true;
}

/* Ends a run. False if the message is wrong. */
static bool runs_take_run_end(struct server *server, struct cursor *cursor)
{
	struct run *run = attempts_run(server, cursor_u64(cursor));
	const struct control_end all = {.count = UINT64_MAX};

	if (!run)
		return false;
	runs_end(server, run, &all, 1);
	attempts_run_ended(server, run);
	runs_foresee(server);
	return true;
}

static bool runs_take_outlook(struct server *server, struct cursor *cursor)
{
	struct run *run = attempts_run(server, cursor_u64(cursor));
	uint64_t jobs = cursor_u64(cursor), remaining = cursor_u64(cursor);

	if (cursor_failed(cursor) || !run)
		return !cursor_failed(cursor);
	run->jobs = jobs;
	run->remaining = remaining;
	runs_foresee(server);
	return true;
}

/* Handles a message. False if it is wrong. */
static bool runs_take(struct server *server, struct message *message)
{
	struct cursor cursor = cursor_of(message->payload);

	switch (message->type) {
	case CONTROL_RUN_BEGAN:
		return runs_take_began(server, &cursor, message);
	case CONTROL_RUN_ENDED:
		return runs_take_run_end(server, &cursor);
	case CONTROL_ATTEMPTS_ENDED:
		return runs_take_ends(server, &cursor);
	case CONTROL_OUTLOOK:
		return runs_take_outlook(server, &cursor);
	default:
		return false;
	}
}

/* Handles all messages that have come. */
static void control_hear(struct control *control)
{
	struct message message;
	int got = 0;

	if (control->is_hearing || control->has_ended)
		return;
	control->is_hearing = true;
	while (got >= 0 && (got = channel_receive(control->watch.fd, &message)) > 0) {
		size_t i;

		if (!runs_take(control->server, &message))
			got = -1;
		for (i = 0; i < message.fd_count; i++)
			fd_close(&message.fds[i]);
	}
	control->is_hearing = false;
	if (got >= 0)
		return;
	control->has_ended = true;
	loop_forget(&control->server->loop, &control->watch);
}

static void control_ready(struct watch *watch, unsigned events UNUSED)
{
	control_hear(container_of(watch, struct control, watch));
}

static void server_hear(struct server *server)
{
	control_hear(server->control);
}

int control_init(struct control *control, struct server *server, int channel)
{
	*control = (struct control){.server = server, .watch = {.fd = channel, .ready = control_ready}};
	server->control = control;
	server->hear = server_hear;
	return loop_watch(&server->loop, &control->watch, LOOP_INPUT);
}

void control_release(struct control *control)
{
	control->server->hear = NULL;
	loop_forget(&control->server->loop, &control->watch);
}
