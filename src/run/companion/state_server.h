/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state server as a companion: one process for all runs of this program, started by the first that wants it.
 *
 * It ends with this process, or by state_server_end, and all that is stored with it. Should it end by itself, each of
 * its users is notified once, and the next run that wants a server starts another.
 */
#ifndef RUN_COMPANION_STATE_SERVER_H
#define RUN_COMPANION_STATE_SERVER_H

#include "base/dialect.h"
#include "base/error.h"
#include "base/list.h"
#include "ipc/loop.h"
#include "process/start.h"
#include "state/server/control.h"

/* A run that uses the server, embedded in its owner. */
struct state_user {
	struct list link;
	/* The number of the run, which state_server_join sets. */
	uint64_t run;
	/* Messages that could not be sent may be sent now. */
	void (*on_room)(struct state_user *user);
	/* The server has sent something to this run. May be NULL. */
	void (*on_event)(struct state_user *user, const struct control_event *event);
	/* The server is gone, and why: the user has left. */
	void (*on_end)(struct state_user *user, const char *reason);
};

/* How a server is started. */
struct state_server_options {
	const struct start_method *method;
	/* The folder in which the folder of its sockets is made. */
	const char *temporary;
	/* Bytes that may be stored; 0 for the default. */
	uint64_t memory;
};

/* Makes a run a user of the server, which is started if there is none. Returns 0, or -1 with the error. */
int state_server_join(struct state_user *user, const struct state_server_options *options, struct loop *loop,
		      struct error *error) MUST_CHECK;

/* Takes a run from the users, if it is one. */
void state_server_leave(struct state_user *user);

/* Makes a run that has left a user again, under the same number. There is a server. */
void state_server_return(struct state_user *user);

/* Returns the path of the server's socket; NULL if there is no server. */
const char *state_server_path(void);

/* Returns the channel to the server; -1 if there is none. */
int state_server_channel(void);

/* Has on_room called once the server takes messages again. */
void state_server_await_room(void);

/* Ends the server, if there is one, and waits for its end. */
void state_server_end(void);

#endif
