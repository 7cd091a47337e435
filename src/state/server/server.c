/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accepting connections, and the time. */
#include "state/server/server.h"

#include "base/mem.h"
#include "ipc/fd.h"
#include "ipc/local.h"
#include "state/server/acting.h"
#include "state/server/clients.h"
#include "state/server/connection.h"

#include <errno.h>
#include <unistd.h>

/* How often records in work are read while a call waits. */
#define RECORDS_TIME (10 * NSEC_PER_MSEC)

static struct connection *server_connection(struct list *link)
{
	return container_of(link, struct connection, link);
}

/* Accepts the connections of this user. */
static void server_accept_all(struct server *server, struct watch *watch,
			      struct connection *(*open_connection)(struct server *server, int fd))
{
	struct local_peer peer;
	int fd;

	while ((fd = local_accept(watch->fd)) >= 0) {
		server->accepted++;
		/* root may look at everything anyway. */
		if (local_peer(fd, &peer) < 0 || (peer.uid != geteuid() && peer.uid != 0))
			close(fd);
		else
			open_connection(server, fd);
	}
	/* Without descriptors it would be ready again and again. */
	if (errno != EAGAIN) {
		loop_forget(&server->loop, watch);
		server->accept_at = clock_now() + NSEC_PER_SEC / 10;
	}
}

static void server_accept(struct watch *watch, unsigned events UNUSED)
{
	server_accept_all(container_of(watch, struct server, listener), watch, connection_new);
}

static void server_accept_python(struct watch *watch, unsigned events UNUSED)
{
	server_accept_all(container_of(watch, struct server, python_listener), watch, connection_new_python);
}

void server_accept_waiting(struct server *server)
{
	server_accept_all(server, &server->listener, connection_new);
	if (server->python_listener.fd >= 0)
		server_accept_all(server, &server->python_listener, connection_new_python);
}

/* What connections have of an owner that ends, or of its descendants, ends, too. */
static void server_forget_owner(struct server *server, const struct owner *owner)
{
	struct list *link;

	/* None of those that wait gets what another of them had. */
	for (link = server->connections.next; link != &server->connections; link = link->next) {
		if (server_connection(link)->call.is_waiting)
			acting_forget(server_connection(link), owner);
	}
	for (link = server->connections.next; link != &server->connections; link = link->next)
		acting_forget(server_connection(link), owner);
}

/* An owner that is a process has ended: what it had is free. */
static void server_process_ended(struct server *server, struct owner *owner)
{
	server_forget_owner(server, owner);
	clients_forget(server, owner);
	store_owner_ended(server->store, owner);
}

/* Ends what acts for an attempt. */
static void server_end_within(struct server *server, const struct owner *attempt)
{
	struct owner *process;

	server_forget_owner(server, attempt);
	while ((process = clients_within(server, attempt)))
		server_process_ended(server, process);
}

static void server_attempt_ended(struct server *server, struct owner *attempt, bool well)
{
	server_end_within(server, attempt);
	store_attempt_ended(server->store, attempt, well);
}

static void server_attempt_over(struct server *server, struct owner *attempt)
{
	server_end_within(server, attempt);
	store_attempt_over(server->store, attempt);
}

int server_init(struct server *server, const char *path, uint64_t memory_limit, struct error *error)
{
	*server = (struct server){
		.check_at = NSEC_FOREVER,
		.owner_ended = server_process_ended,
		.attempt_ended = server_attempt_ended,
		.attempt_over = server_attempt_over,
		.python_listener.fd = -1,
	};
	list_init(&server->runs);
	list_init(&server->connections);
	list_init(&server->ready);
	list_init(&server->processes);
	if (loop_init(&server->loop) < 0)
		return error_set_errno(error, errno, "epoll");
	server->listener = (struct watch){.fd = local_listen(path), .ready = server_accept};
	if (server->listener.fd < 0 || loop_watch(&server->loop, &server->listener, LOOP_INPUT) < 0) {
		error_set_errno(error, errno, "cannot listen at '%s'", path);
		fd_close(&server->listener.fd);
		loop_release(&server->loop);
		return -1;
	}
	server->path = mem_string(path);
	server->store = store_new(memory_limit);
	return 0;
}

int server_listen_python(struct server *server, const char *path, const char *key_file, struct error *error)
{
	server->python_listener = (struct watch){.fd = local_listen(path), .ready = server_accept_python};
	if (server->python_listener.fd < 0)
		return error_set_errno(error, errno, "cannot listen at '%s'", path);
	server->python_path = mem_string(path);
	if (python_key_create(&server->python_key, key_file, error) < 0)
		return -1;
	if (loop_watch(&server->loop, &server->python_listener, LOOP_INPUT) < 0)
		return error_set_errno(error, errno, "cannot listen at '%s'", path);
	return 0;
}

/* Watches a listener again, which could not accept. */
static void server_listen_again(struct server *server, struct watch *listener)
{
	if (listener->fd >= 0 && !listener->watched)
		(void)!loop_watch(&server->loop, listener, LOOP_INPUT);
}

int server_open(struct server *server, const char *path, uint64_t memory_limit, struct error *error)
{
	char *python = mem_join(path, ".python"), *key = mem_join(path, ".python-key");
	int opened = server_init(server, path, memory_limit, error);

	if (opened == 0 && (opened = server_listen_python(server, python, key, error)) < 0) {
		/* A name that is nearly too long serves all others. */
		if (error->number == ENAMETOOLONG) {
			error_release(error);
			opened = 0;
		} else {
			server_release(server);
		}
	}
	free(python);
	free(key);
	return opened;
}

void server_adopt(struct server *server, int fd, struct owner *owner)
{
	struct connection *connection = connection_new(server, fd);

	if (!connection)
		return;
	connection->owner = owner;
	connection->is_trusted = true;
	connection->since = 0;
}

/* Closes the connections whose request does not come. */
static void server_check(struct server *server, nsec now)
{
	struct list *link = server->connections.next;

	server->check_at = NSEC_FOREVER;
	while (link != &server->connections) {
		struct connection *connection = server_connection(link);

		link = link->next;
		if (!connection->since)
			continue;
		if (connection->since + SERVER_PATIENCE <= now)
			connection_close(connection);
		else if (connection->since + SERVER_PATIENCE < server->check_at)
			server->check_at = connection->since + SERVER_PATIENCE;
	}
}

/* Sends the answers of calls that waited. */
static void server_send(struct server *server)
{
	while (!list_is_empty(&server->ready))
		connection_continue(container_of(server->ready.next, struct connection, ready));
}

void server_step(struct server *server, nsec deadline)
{
	nsec now, until = server->store->next_deadline;

	until = until < server->check_at ? until : server->check_at;
	/* The run does not report that an adapter has begun another record. */
	if (server->store->waiting_count && attempts_have_records(server) && clock_now() + RECORDS_TIME < until)
		until = clock_now() + RECORDS_TIME;
	if (server->accept_at && server->accept_at < until)
		until = server->accept_at;
	loop_step(&server->loop, deadline < until ? deadline : until);
	now = clock_now();
	if (server->accept_at && server->accept_at <= now) {
		server->accept_at = 0;
		server_listen_again(server, &server->listener);
		server_listen_again(server, &server->python_listener);
	}
	store_expire(server->store, now);
	if (server->store->waiting_count)
		attempts_check_records(server);
	if (server->check_at <= now)
		server_check(server, now);
	do {
		server_send(server);
		if (server->go_on)
			server->go_on(server);
	} while (!list_is_empty(&server->ready));
}

void server_release(struct server *server)
{
	while (!list_is_empty(&server->connections))
		connection_close(server_connection(server->connections.next));
	attempts_release(server);
	while (!list_is_empty(&server->processes))
		server_process_ended(server, container_of(server->processes.next, struct client, link)->owner);
	loop_forget(&server->loop, &server->listener);
	fd_close(&server->listener.fd);
	unlink(server->path);
	free(server->path);
	loop_forget(&server->loop, &server->python_listener);
	fd_close(&server->python_listener.fd);
	if (server->python_path)
		unlink(server->python_path);
	free(server->python_path);
	python_key_remove(&server->python_key);
	store_free(server->store);
	loop_release(&server->loop);
}
