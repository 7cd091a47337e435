/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Processes as owners, by their pidfds and /proc. */
#include "state/server/clients.h"

#include "base/mem.h"
#include "base/number.h"
#include "ipc/fd.h"
#include "process/command.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The most ancestors that are followed. */
enum { GENERATIONS = 64 };

/* Reads a file of a process into text. Returns its size, 0 if there is none. */
static size_t clients_read(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];
	ssize_t got;
	int fd;

	snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	got = fd_read(fd, text, size - 1);
	close(fd);
	text[got > 0 ? got : 0] = '\0';
	return got > 0 ? (size_t)got : 0;
}

pid_t clients_parent(pid_t pid)
{
	char text[512], *end;

	if (!clients_read(pid, "stat", text, sizeof text))
		return 0;
	/* The name before it may contain anything. */
	end = strrchr(text, ')');
	return end && strlen(end) > 4 ? (pid_t)strtol(end + 4, NULL, 10) : 0;
}

bool clients_is_of(pid_t pid, uid_t uid)
{
	struct stat status;
	char path[32];

	snprintf(path, sizeof path, "/proc/%ld", (long)pid);
	return stat(path, &status) == 0 && status.st_uid == uid;
}

void clients_describe(pid_t pid, struct bytes *out)
{
	char name[64];
	size_t size = clients_read(pid, "comm", name, sizeof name);

	bytes_append_format(out, "process %ld", (long)pid);
	if (size > 1)
		bytes_append_format(out, " (%.*s)", (int)size - 1, name);
}

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
	int generation;

	if (list_is_empty(&server->processes))
		return NULL;
	for (generation = 0; generation < GENERATIONS && (pid = clients_parent(pid)) > 1; generation++) {
		struct client *client = clients_find(server, pid);

		if (client)
			return client;
	}
	return NULL;
}

struct owner *clients_attempt(const struct server *server, pid_t pid)
{
	struct client *client = clients_find(server, pid);
	struct owner *owner;

	if (!client)
		client = clients_ancestor(server, pid);
	for (owner = client ? client->owner : NULL; owner && !owner->is_attempt;)
		owner = owner->parent;
	return owner;
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

static void client_has_ended(struct watch *watch, unsigned events UNUSED)
{
	struct client *client = container_of(watch, struct client, watch);

	client->server->owner_ended(client->server, client->owner);
}

struct owner *clients_owner(struct server *server, pid_t pid, const char *name)
{
	struct client *client = clients_find(server, pid), *ancestor;
	struct bytes label = {.data = NULL};

	if (client)
		return client->owner;
	ancestor = clients_ancestor(server, pid);
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
		clients_describe(pid, &label);
	client->owner = owner_new(server->store, bytes_text(&label), ancestor ? ancestor->owner : NULL);
	bytes_release(&label);
	return client->owner;
}

void clients_add_attempt(struct server *server, pid_t pid, struct owner *owner)
{
	clients_add(server, pid, owner);
}

pid_t clients_named(const struct server *server, pid_t pid, struct slice word)
{
	char text[NUMBER_TEXT_MAX];
	uint64_t number;

	if (slice_equals(word, slice_of("self")))
		return pid;
	/* A shell executes its last command in its own place: then this process is the one that has called before. */
	if (slice_equals(word, slice_of("parent")) && !clients_knows(server, pid))
		return clients_parent(pid);
	if (slice_equals(word, slice_of("parent")))
		return pid;
	if (word.size >= sizeof text)
		return 0;
	memcpy(text, word.data, word.size);
	text[word.size] = '\0';
	return number_parse(text, INT32_MAX, &number) < 0 ? 0 : (pid_t)number;
}
