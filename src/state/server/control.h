/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a run reports to its state server: a channel (ipc/channel.h) of messages, which are turned into owners there.
 *
 * An attempt of a task is an owner from its beginning to its end. All processes that descend from its leader act for
 * it, as does a connection that is handed over for it.
 */
#ifndef STATE_SERVER_CONTROL_H
#define STATE_SERVER_CONTROL_H

#include "base/dialect.h"
#include "base/error.h"
#include "ipc/channel.h"
#include "ipc/loop.h"
#include "state/server/server.h"

/* Report to the server. Return 0, or -1 with errno as channel_send does. */

/* The first message: where the server listens (server_open), and how many bytes it may have. */
int control_setup(int channel, const char *path, uint64_t memory_limit) MUST_CHECK;

/* Attempt id began: a number that no other living attempt has. pid is its leader, 0 if it has none; label names it. */
int control_attempt_began(int channel, uint64_t id, pid_t pid, const char *label) MUST_CHECK;

/* Attempt id has ended, and its processes are gone. */
int control_attempt_ended(int channel, uint64_t id) MUST_CHECK;

/* fd is a connected socket that attempt id inherits the other end of. It remains the caller's. */
int control_connection(int channel, uint64_t id, int fd) MUST_CHECK;

/* What is known of the tasks to come. */
int control_outlook(int channel, struct store_outlook outlook) MUST_CHECK;

/* Waits until the server listens. Returns 0, or -1 with why it cannot. */
int control_wait(int channel, struct error *error) MUST_CHECK;

/* The server's end. */

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
