/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Processes as owners: which one a client acts for, and when it has ended. */
#ifndef STATE_SERVER_CLIENTS_H
#define STATE_SERVER_CLIENTS_H

#include "base/dialect.h"
#include "base/list.h"
#include "ipc/loop.h"
#include "state/server/server.h"

/* A process that is an owner. */
struct client {
	/* Link in the server's list. */
	struct list link;
	struct server *server;
	pid_t pid;
	struct owner *owner;
	/* Its pidfd. */
	struct watch watch;
};

/*
 * Returns the owner that a process is. Its parent is the nearest ancestor that is an owner, too. It is made if
 * there is none, and ended with the process (server->owner_ended). NULL with errno. name is the
 * program, for messages, which the kernel may not know yet; NULL to ask for it. attempt is what the process belongs to,
 * NULL if nothing.
 */
struct owner *clients_owner(struct server *server, pid_t pid, const char *name, struct owner *attempt);

/* Returns an owner that is a process and descends from another, or NULL if there is none. */
struct owner *clients_within(const struct server *server, const struct owner *ancestor);

/* Forgets the process of an owner. */
void clients_forget(struct server *server, const struct owner *owner);

/* Returns the process that "self", "parent" or a number means to a client that is pid; 0 if none. */
pid_t clients_named(const struct server *server, pid_t pid, struct slice word);

/* True if the process is an owner. */
bool clients_knows(const struct server *server, pid_t pid);

#endif
