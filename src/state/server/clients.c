/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Processes as owners, by their pidfds and /proc. */
#include "state/server/clients.h"

#include "base/mem.h"
#include "base/number.h"
#include "ipc/fd.h"
#include "process/command.h"
#include "state/server/origin.h"

#include <errno.h>

static struct client *clients_find(const struct server *server, pid_t pid)
{
	struct list *link;

	for (link = server->processes.next; link != &server->processes; link = link->next) {
		struct client *client = container_of(link, struct client, link);

		if (client->pid == pid)
			return client;
	}
	return NULL;
}

bool clients_knows(const struct server *server, pid_t pid)
{
	return clients_find(server, pid);
}

/* Returns the nearest ancestor that is an owner, or NULL. */
static struct client *clients_ancestor(const struct server *server, pid_t pid)
{
	struct origin origin;
	size_t i;

	if (list_is_empty(&server->processes))
		return NULL;
	origin_find(&origin, pid);
	for (i = 1; i < origin.count; i++) {
		struct client *client = clients_find(server, origin.pids[i]);

		if (client)
			return client;
	}
	return NULL;
}

static struct client *clients_add(struct server *server, pid_t pid, struct owner *owner)
{
	struct client *client = mem_new(1, sizeof *client);

	client->server = server;
	client->pid = pid;
	client->owner = owner;
	client->watch.fd = -1;
	list_init(&client->link);
	list_append(&server->processes, &client->link);
	return client;
}

static void client_free(struct client *client)
{
	loop_forget(&client->server->loop, &client->watch);
	fd_close(&client->watch.fd);
	list_remove(&client->link);
	free(client);
}

void clients_forget(struct server *server, const struct owner *owner)
{
	struct list *link = server->processes.next;

	while (link != &server->processes) {
		struct client *client = container_of(link, struct client, link);

		link = link->next;
		if (client->owner == owner)
			client_free(client);
	}
}

struct owner *clients_within(const struct server *server, const struct owner *ancestor)
{
	struct list *link;

	for (link = server->processes.next; link != &server->processes; link = link->next) {
		struct client *client = container_of(link, struct client, link);

		if (owner_is_within(client->owner, ancestor))
			return client->owner;
	}
	return NULL;
}

static void client_has_ended(struct watch *watch, unsigned events UNUSED)
{
	struct client *client = container_of(watch, struct client, watch);

	client->server->owner_ended(client->server, client->owner);
}

struct owner *clients_owner(struct server *server, pid_t pid, const char *name, struct owner *attempt)
{
	struct client *client = clients_find(server, pid), *ancestor;
	struct bytes label = {.data = NULL};
	struct owner *parent = attempt;

	if (client)
		return client->owner;
	ancestor = clients_ancestor(server, pid);
	if (ancestor && (!attempt || owner_is_within(ancestor->owner, attempt)))
		parent = ancestor->owner;
	client = clients_add(server, pid, NULL);
	client->watch = (struct watch){.fd = command_open(pid), .ready = client_has_ended};
	if (client->watch.fd < 0 || loop_watch(&server->loop, &client->watch, LOOP_INPUT) < 0) {
		int saved = errno;

		client_free(client);
		errno = saved;
		return NULL;
	}
	if (name)
		bytes_append_format(&label, "process %ld (%s)", (long)pid, name);
	else
		origin_describe(pid, &label);
	client->owner = owner_new(server->store, bytes_text(&label), parent);
	bytes_release(&label);
	return client->owner;
}

pid_t clients_named(const struct server *server, pid_t pid, struct slice word)
{
	char text[NUMBER_TEXT_MAX];
	uint64_t number;

	if (slice_equals(word, slice_of("self")))
		return pid;
	/* A shell executes its last command in its own place: then this process is the one that has called before. */
	if (slice_equals(word, slice_of("parent")) && !clients_knows(server, pid))
		return origin_parent(pid);
	if (slice_equals(word, slice_of("parent")))
		return pid;
	if (word.size >= sizeof text)
		return 0;
	memcpy(text, word.data, word.size);
	text[word.size] = '\0';
	return number_parse(text, INT32_MAX, &number) < 0 ? 0 : (pid_t)number;
}
