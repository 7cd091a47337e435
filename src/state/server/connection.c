/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Handling a client's input, and keeping it from harm to others. */
#include "state/server/connection.h"

#include "base/mem.h"
#include "base/number.h"
#include "ipc/fd.h"
#include "state/server/acting.h"
#include "state/server/python.h"

#include <errno.h>

enum {
	READ_SIZE = 1 << 16,
	/* Bytes of answers that are not read, at which requests are not handled any more. */
	ANSWERS_MAX = 1 << 20,
};

/* True if no more requests are to be handled before answers have been read. */
static bool connection_is_full(const struct connection *connection)
{
	return connection->out.size >= ANSWERS_MAX;
}

/* Appends the answer of the call to what is sent. */
static void connection_put_answer(struct connection *connection)
{
	if (connection->auth)
		python_put_answer(&connection->out, &connection->call.answer);
	else
		answer_write(&connection->out, &connection->call.answer, connection->dialect);
}

/* A call that waited has its answer, or a change for one that watches. */
static void connection_answered(struct call *call)
{
	struct connection *connection = container_of(call, struct connection, call);

	connection_put_answer(connection);
	if (call->is_waiting)
		answer_begin(call, ANSWER_PAIRS);
	if (list_is_empty(&connection->ready))
		list_append(&connection->server->ready, &connection->ready);
}

static void connection_stat(struct connection *connection)
{
	const struct server *server = connection->server;
	struct call *call = &connection->call;
	const struct {
		const char *name;
		uint64_t value;
	} figures[] = {
		{"objects", server->store->objects.count},
		{"memory", server->store->memory},
		{"memory limit", server->store->memory_limit},
		{"waiting", server->store->waiting_count},
		{"connections", server->connection_count},
		{"connections accepted", server->accepted},
		{"requests", server->requests},
	};
	size_t i;

	answer_begin(call, ANSWER_PAIRS);
	for (i = 0; i < countof(figures); i++) {
		char text[NUMBER_TEXT_MAX];

		number_print(text, figures[i].value);
		answer_add(call, VALUE_STRING, slice_of(figures[i].name));
		answer_add(call, VALUE_JSON, slice_of(text));
	}
}

/* Carries out a request. False if it waits. */
static bool connection_carry_out(struct connection *connection)
{
	struct call *call = &connection->call;

	connection->server->requests++;
	call->owner = NULL;
	if (call->request.verb->run)
		return !acting_find(connection) || store_request(connection->server->store, call, clock_now());
	if (slice_equals(slice_of(call->request.verb->name), slice_of("as")))
		acting_as(connection);
	else
		connection_stat(connection);
	return true;
}

/* Handles a line. False if no further one can be handled for now. */
static bool connection_take_line(struct connection *connection, struct slice line)
{
	struct call *call = &connection->call;
	bool is_first = !connection->has_begun;

	connection->has_begun = true;
	if (is_first && !connection->auth && acting_take_task(connection, line))
		return connection->is_trusted = true;
	call_renew(call);
	if (request_read(call, line, &connection->scratch, &connection->dialect) < 0) {
		/* A client that has not made a request yet does not speak this language. */
		connection->is_ending |= !connection->is_trusted;
	} else {
		connection->is_trusted = true;
		if (!connection_carry_out(connection))
			return false;
	}
	connection_put_answer(connection);
	return !connection->is_ending;
}

/* Finds the frame at the beginning of the input. Returns its size with its header, 0 if there is no whole one. */
static size_t connection_find_frame(struct connection *connection, struct slice *line)
{
	struct slice rest = {.data = connection->in.data + connection->at,
			     .size = connection->in.size - connection->at};
	ssize_t size = python_find_message(rest, line);

	connection->is_ending |= size < 0;
	return size < 0 ? 0 : (size_t)size;
}

/* Finds the line at the beginning of the input. Returns its size with its newline, 0 if there is no whole one. */
static size_t connection_find_line(struct connection *connection, struct slice *line)
{
	size_t from = connection->at + connection->scanned, left = connection->in.size - from;
	const char *start = connection->in.data, *end = left ? memchr(start + from, '\n', left) : NULL;

	if (!end) {
		connection->scanned += left;
		return 0;
	}
	*line = (struct slice){.data = start + connection->at, .size = (size_t)(end - start) - connection->at};
	return line->size + 1;
}

/* Finds the request at the beginning of the input. Returns its size in all, 0 if there is no whole one. */
static size_t connection_find_request(struct connection *connection, struct slice *line)
{
	return connection->auth ? connection_find_frame(connection, line) : connection_find_line(connection, line);
}

/* Goes on with the handshake, if there is one. True once requests may come. */
static bool connection_shake_hands(struct connection *connection)
{
	if (!connection->auth || connection->is_trusted)
		return true;
	switch (pyauth_feed(connection->auth, &connection->in, &connection->out, clock_now())) {
	case PYAUTH_UNDECIDED:
		return false;
	case PYAUTH_FAILED:
		connection->is_ending = true;
		return false;
	case PYAUTH_PASSED:
		break;
	}
	connection->since = 0;
	return connection->is_trusted = true;
}

/* Handles the requests that have come. */
static void connection_take_requests(struct connection *connection)
{
	struct slice line;
	size_t size;

	if (connection->is_busy || !connection_shake_hands(connection))
		return;
	connection->is_busy = true;
	while (!connection->call.is_waiting && !connection->is_ending && !connection_is_full(connection) &&
	       (size = connection_find_request(connection, &line))) {
		connection->at += size;
		connection->scanned = 0;
		connection->since = 0;
		if (!connection_take_line(connection, line))
			break;
	}
	connection->is_busy = false;
	if (connection->in.size - connection->at > REQUEST_SIZE_MAX && !connection->call.is_waiting)
		connection->is_ending = true;
}

/* Sends answers. False if the peer is gone. */
static bool connection_send(struct connection *connection)
{
	while (connection->out.size) {
		ssize_t sent = local_send(connection->watch.fd, bytes_slice(&connection->out));

		if (sent < 0)
			return errno == EAGAIN;
		bytes_consume(&connection->out, (size_t)sent);
	}
	return true;
}

/* Watches for what is to come. False if that cannot be. */
static bool connection_watch(struct connection *connection)
{
	unsigned events = connection->out.size ? LOOP_OUTPUT : 0;
	bool has_part = connection->in.size > connection->at;

	/* What has been read stays where it is while a call refers to it. */
	if (!connection->call.is_waiting && !connection->is_ending && !connection_is_full(connection)) {
		events |= LOOP_INPUT;
		if (!connection->since && (has_part || !connection->is_trusted))
			connection->since = clock_now();
	}
	if (connection->since && connection->since + SERVER_PATIENCE < connection->server->check_at)
		connection->server->check_at = connection->since + SERVER_PATIENCE;
	return loop_watch(&connection->server->loop, &connection->watch, events) == 0;
}

void connection_continue(struct connection *connection)
{
	struct slice line;
	bool alive;

	list_remove(&connection->ready);
	do {
		connection_take_requests(connection);
		alive = connection_send(connection);
	} while (alive && !connection->out.size && !connection->call.is_waiting && !connection->is_ending &&
		 connection->is_trusted && connection_find_request(connection, &line));
	/* One that watches and does not read. */
	alive = alive && !(connection->call.is_watching && connection_is_full(connection));
	if (!alive || (connection->is_ending && !connection->out.size && !connection->call.is_waiting) ||
	    !connection_watch(connection))
		connection_close(connection);
}

/* Reads what has come. False if the peer is gone, or sends nothing more and has all answers. */
static bool connection_read(struct connection *connection)
{
	ssize_t got;

	bytes_consume(&connection->in, connection->at);
	connection->at = 0;
	got = local_receive(connection->watch.fd, bytes_reserve(&connection->in, READ_SIZE), READ_SIZE);
	if (got > 0)
		connection->in.size += (size_t)got;
	if (got == 0 && connection->out.size)
		return connection->is_ending = true;
	return got > 0 || (got < 0 && errno == EAGAIN);
}

void connection_drain(struct connection *connection)
{
	while (!connection->is_busy && !connection->call.is_waiting && !connection->is_ending &&
	       !connection_is_full(connection)) {
		ssize_t got;

		bytes_consume(&connection->in, connection->at);
		connection->at = 0;
		got = local_receive(connection->watch.fd, bytes_reserve(&connection->in, READ_SIZE), READ_SIZE);
		if (got <= 0)
			return;
		connection->in.size += (size_t)got;
		connection_take_requests(connection);
		if (list_is_empty(&connection->ready))
			list_append(&connection->server->ready, &connection->ready);
	}
}

static void connection_ready(struct watch *watch, unsigned events)
{
	struct connection *connection = container_of(watch, struct connection, watch);
	bool may_read = !connection->call.is_waiting && !connection->is_ending && !connection_is_full(connection);

	/* The peer is gone, and nobody waits for its answer. */
	if (events & LOOP_HANGUP && !may_read) {
		connection_close(connection);
		return;
	}
	if (events & LOOP_INPUT && may_read && !connection_read(connection)) {
		connection_close(connection);
		return;
	}
	connection_continue(connection);
}

/* Makes a connection; auth is owned. */
static struct connection *connection_open(struct server *server, int fd, struct pyauth *auth, struct bytes out)
{
	struct connection *connection = mem_new(1, sizeof *connection);

	connection->server = server;
	connection->auth = auth;
	connection->out = out;
	connection->watch = (struct watch){.fd = fd, .ready = connection_ready};
	connection->call.answered = connection_answered;
	call_renew(&connection->call);
	list_init(&connection->ready);
	list_init(&connection->link);
	list_append(&server->connections, &connection->link);
	server->connection_count++;
	if (local_peer(fd, &connection->peer) == 0 && connection_watch(connection)) {
		connection->acts_for = connection->peer.pid;
		return connection;
	}
	connection_close(connection);
	return NULL;
}

struct connection *connection_new(struct server *server, int fd)
{
	return connection_open(server, fd, NULL, (struct bytes){.data = NULL});
}

struct connection *connection_new_python(struct server *server, int fd)
{
	struct bytes out = {.data = NULL};
	struct pyauth *auth = python_greet(&server->python_key, &out);

	if (auth)
		return connection_open(server, fd, auth, out);
	fd_close(&fd);
	return NULL;
}

void connection_close(struct connection *connection)
{
	struct server *server = connection->server;

	if (connection->call.is_waiting)
		store_cancel(server->store, &connection->call);
	if (connection->own)
		store_owner_ended(server->store, connection->own);
	loop_forget(&server->loop, &connection->watch);
	fd_close(&connection->watch.fd);
	list_remove(&connection->ready);
	list_remove(&connection->link);
	server->connection_count--;
	call_discard(&connection->call);
	bytes_release(&connection->in);
	bytes_release(&connection->out);
	bytes_release(&connection->scratch);
	free(connection->auth);
	free(connection->ended);
	free(connection);
}
