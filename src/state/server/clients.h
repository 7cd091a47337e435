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
	/* Its pidfd; -1 for the leader of an attempt, whose end is reported. */
	struct watch watch;
};

/*
 * Returns the owner that a process is. Its parent is the nearest ancestor that is an owner, too. It is made if
 * there is none, and ended with the process (server->owner_ended). NULL with errno. name is the
 * program, for messages, which the kernel may not know yet; NULL to ask for it.
 */
struct owner *clients_owner(struct server *server, pid_t pid, const char *name);

/* Makes a process, and those it starts, act for an attempt. */
void clients_add_attempt(struct server *server, pid_t pid, struct owner *owner);

/* Forgets the process of an owner. */
void clients_forget(struct server *server, const struct owner *owner);

/* Returns the process that "self", "parent" or a number means to a client that is pid; 0 if none. */
pid_t clients_named(const struct server *server, pid_t pid, struct slice word);

/* True if the process is an owner. */
bool clients_knows(const struct server *server, pid_t pid);

/* Returns the attempt that a process belongs to, or NULL. */
struct owner *clients_attempt(const struct server *server, pid_t pid);

/* Returns the parent of a process, 0 if it has none. */
pid_t clients_parent(pid_t pid);

/* True if the process is the user's. */
bool clients_is_of(pid_t pid, uid_t uid);

/* Appends a process in words. */
void clients_describe(pid_t pid, struct bytes *out);

#endif
