/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state server's side of control.h: what runs report is turned into owners.
 *
 * An attempt of a task is an owner from its beginning to its end. All processes that descend from its leader act for
 * it, as does a connection that is handed over for it.
 */
#ifndef STATE_SERVER_RUNS_H
#define STATE_SERVER_RUNS_H

#include "base/dialect.h"
#include "base/error.h"
#include "ipc/channel.h"
#include "ipc/loop.h"
#include "state/server/control.h"
#include "state/server/server.h"

/* Attempt id began: a number that no other living attempt has. pid is its leader, 0 if it has none; label names it. */
int control_attempt_began(int channel, uint64_t id, pid_t pid, const char *label) MUST_CHECK;

/* Attempt id has ended, and its processes are gone. */
int control_attempt_ended(int channel, uint64_t id) MUST_CHECK;

/* fd is a connected socket that attempt id inherits the other end of. It remains the caller's. */
int control_connection(int channel, uint64_t id, int fd) MUST_CHECK;

/* Initializes a server as the message of control_setup says. Returns 0, or -1 with the error. */
int control_begin(struct server *server, const struct message *setup, struct error *error) MUST_CHECK;

/* Answers control_wait: that the server listens if problem is empty, else why it cannot. */
int control_answer(int channel, const char *problem) MUST_CHECK;

struct control {
	struct watch watch;
	struct server *server;
	/* The attempts. */
	struct list attempts;
	/* True once the other end is closed, or has sent what is no message. */
	bool has_ended;
};

/* Handles the messages of a channel, which remains the caller's, in the server's loop. Returns 0, or -1 with errno. */
int control_init(struct control *control, struct server *server, int channel) MUST_CHECK;

/* Forgets the attempts. Called before the server is released. */
void control_release(struct control *control);

#endif
