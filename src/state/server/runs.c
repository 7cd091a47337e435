/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Handling the messages of runs. */
#include "state/server/runs.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "ipc/fd.h"
#include "state/server/acting.h"
#include "state/server/attempts.h"
#include "state/server/connection.h"
#include "state/server/taker.h"

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
		end->process = (int32_t)cursor_u32(cursor);
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
	taker_end(run);
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

static bool runs_take_wish(struct server *server, struct cursor *cursor)
{
	struct run *run = attempts_run(server, cursor_u64(cursor));
	uint32_t count = cursor_u32(cursor);
	char *queue = cursor_text(cursor);
	bool is_whole = queue;

	if (queue && run)
		taker_want(server, run, queue, count);
	free(queue);
	return is_whole;
}

static bool runs_take_done(struct server *server, struct cursor *cursor)
{
	struct run *run = attempts_run(server, cursor_u64(cursor));
	uint64_t count = cursor_u64(cursor);

	if (!cursor_failed(cursor) && run)
		taker_done(run, count);
	return !cursor_failed(cursor);
}

/* Carries out all that was sent. What is popped after that is sent before the answer (server_go_on). */
static bool runs_take_sync(struct server *server, struct cursor *cursor)
{
	struct run *run = attempts_run(server, cursor_u64(cursor));
	struct list *link, *next;

	server_accept_waiting(server);
	for (link = server->connections.next; link != &server->connections; link = next) {
		next = link->next;
		connection_drain(runs_connection(link));
	}
	if (run)
		run->syncs++;
	return !cursor_failed(cursor);
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
	case CONTROL_TAKE:
		return runs_take_wish(server, &cursor);
	case CONTROL_DONE:
		return runs_take_done(server, &cursor);
	case CONTROL_SYNC:
		return runs_take_sync(server, &cursor);
	default:
		return false;
	}
}

/* Handles a message, or keeps it if another is being handled. A new run is known at once. */
static void control_take_message(struct control *control, struct message *message, bool is_inner)
{
	size_t i;

	if (is_inner && message->type != CONTROL_RUN_BEGAN) {
		bytes_put_u32(&control->later, message->type);
		bytes_put_slice(&control->later, message->payload);
	} else if (!runs_take(control->server, message)) {
		control->is_broken = true;
	}
	for (i = 0; i < message->fd_count; i++)
		fd_close(&message->fds[i]);
}

/* Handles the messages that were kept. */
static void control_take_kept(struct control *control)
{
	while (control->later.size && !control->is_broken) {
		struct cursor cursor = cursor_of(bytes_slice(&control->later));
		struct message message = {.type = cursor_u32(&cursor)};
		struct slice payload = cursor_slice(&cursor);

		memcpy(message.storage, payload.data, payload.size);
		message.payload = (struct slice){.data = message.storage, .size = payload.size};
		bytes_consume(&control->later, (size_t)(cursor.at - control->later.data));
		control_take_message(control, &message, false);
	}
}

/*
 * Handles all messages that have come. While one is handled, whose clients are may be asked: then those that come
 * meanwhile are read, and handled in their order after it.
 */
static void control_hear(struct control *control)
{
	bool is_inner = control->is_hearing;
	struct message message;
	int got = 0;

	if (control->has_ended)
		return;
	control->is_hearing = true;
	while (!control->is_broken && (got = channel_receive(control->watch.fd, &message)) > 0) {
		control_take_message(control, &message, is_inner);
		if (!is_inner)
			control_take_kept(control);
	}
	control->is_broken |= got < 0;
	if (is_inner)
		return;
	control->is_hearing = false;
	if (!control->is_broken)
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

/* Sends what is to be sent, as far as the run keeps up. */
static void control_flush(struct control *control)
{
	struct server *server = control->server;
	struct cursor cursor = cursor_of(bytes_slice(&server->out));
	const char *sent = cursor.at;
	int result = 0;

	while (!control->has_ended && cursor.at != cursor.end) {
		uint32_t type = cursor_u32(&cursor);
		struct slice payload = cursor_slice(&cursor);

		result = channel_send(control->watch.fd, type, payload, NULL, 0);
		if (result < 0)
			break;
		sent = cursor.at;
	}
	if (result < 0 && errno == EPIPE)
		control->has_ended = true;
	bytes_consume(&server->out, server->out.size - (size_t)(cursor.end - sent));
	if (!control->has_ended &&
	    loop_watch(&server->loop, &control->watch, LOOP_INPUT | (server->out.size ? LOOP_OUTPUT : 0)) < 0)
		control->has_ended = true;
}

/* Pops for runs, and sends what there is for them. */
static void server_go_on(struct server *server)
{
	struct list *link;
	bool has_more;

	do {
		size_t before = server->out.size;

		for (link = server->runs.next; link != &server->runs; link = link->next)
			taker_go_on(server, container_of(link, struct run, link));
		has_more = server->out.size > before;
		if (server->out.size)
			control_flush(server->control);
	} while (has_more && server->out.size < TAKER_OUT_MAX);
}

int control_init(struct control *control, struct server *server, int channel)
{
	*control = (struct control){.server = server, .watch = {.fd = channel, .ready = control_ready}};
	server->control = control;
	server->hear = server_hear;
	server->go_on = server_go_on;
	return loop_watch(&server->loop, &control->watch, LOOP_INPUT);
}

void control_release(struct control *control)
{
	struct list *link;

	control->server->hear = NULL;
	control->server->go_on = NULL;
	for (link = control->server->runs.next; link != &control->server->runs; link = link->next)
		taker_end(container_of(link, struct run, link));
	bytes_release(&control->server->out);
	bytes_release(&control->later);
	loop_forget(&control->server->loop, &control->watch);
}
