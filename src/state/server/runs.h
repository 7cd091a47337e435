/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state server's side of control.h: what runs report, and what follows from it. */
#ifndef STATE_SERVER_RUNS_H
#define STATE_SERVER_RUNS_H

#include "base/dialect.h"
#include "base/error.h"
#include "ipc/channel.h"
#include "ipc/loop.h"
#include "state/server/control.h"
#include "state/server/server.h"

/* Initializes a server as the message of control_setup says. Returns 0, or -1 with the error. */
int control_begin(struct server *server, const struct message *setup, struct error *error) MUST_CHECK;

/* Answers control_wait: that the server listens if problem is empty, else why it cannot. */
int control_answer(int channel, const char *problem) MUST_CHECK;

struct control {
	struct watch watch;
	struct server *server;
	/* True while its messages are handled. */
	bool is_hearing;
	/* Messages that came meanwhile, to be handled after that: the type of each, and its payload. */
	struct bytes later;
	/* True if a message was wrong, or the other end is closed. */
	bool is_broken;
	/* True once the other end is closed, or has sent what is no message. */
	bool has_ended;
};

/* Handles the messages of a channel, which remains the caller's, in the server's loop. Returns 0, or -1 with errno. */
int control_init(struct control *control, struct server *server, int channel) MUST_CHECK;

/* Stops that. Called before the server is released. */
void control_release(struct control *control);

#endif
