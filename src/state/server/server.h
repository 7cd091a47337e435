/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state server: a store, a Unix socket at which clients connect, and their connections.
 *
 * It is steps of a loop, which its caller makes: a role of a run, or mpmap-state serve.
 */
#ifndef STATE_SERVER_SERVER_H
#define STATE_SERVER_SERVER_H

#include "base/clock.h"
#include "base/dialect.h"
#include "base/error.h"
#include "base/list.h"
#include "ipc/loop.h"
#include "state/server/python.h"
#include "state/store/store.h"

struct control;

/* How long a client may take for a whole request, and until its first. */
#define SERVER_PATIENCE (9 * NSEC_PER_SEC)

struct server {
	struct loop loop;
	struct store *store;
	/* The socket that is listened at; its descriptor is -1 if there is none. */
	struct watch listener;
	/* Owned; NULL if none. */
	char *path;
	/* The same for Python's multiprocessing.connection; the path is NULL if there is none. */
	struct watch python_listener;
	char *python_path;
	struct python_key python_key;
	/* The connections, and those among them that have answers to be sent. */
	struct list connections;
	struct list ready;
	size_t connection_count;
	/* The processes that are owners. */
	struct list processes;
	/* The runs (attempts.h), and how many of them have not ended. */
	struct list runs;
	size_t run_count;
	/* Called when a process that is an owner has ended, or an attempt, or that does nothing more. */
	void (*owner_ended)(struct server *server, struct owner *owner);
	void (*attempt_ended)(struct server *server, struct owner *owner, bool well);
	void (*attempt_over)(struct server *server, struct owner *owner);
	/* Handles what runs have reported, unless that is being done; NULL if no run reports anything. */
	void (*hear)(struct server *server);
	/* Goes on with what is done for runs, after each step; NULL if there is nothing. */
	void (*go_on)(struct server *server);
	struct control *control;
	/* The messages that are to be sent to runs: the type of each, and its payload. */
	struct bytes out;
	/* When connections are checked for a request that does not come, monotonic. */
	nsec check_at;
	/* When connections are accepted again, after that failed; monotonic, 0 if that is so. */
	nsec accept_at;
	/* Connections accepted, requests carried out. */
	uint64_t accepted;
	uint64_t requests;
};

/* Initializes a server that listens at path. Returns 0, or -1 with the error. */
int server_init(struct server *server, const char *path, uint64_t memory_limit, struct error *error) MUST_CHECK;

/*
 * Listens at path for clients that are Python's multiprocessing.connection, and writes the key that they need to a new
 * file. Returns 0, or -1 with the error; server_release is the caller's in both cases.
 */
int server_listen_python(struct server *server, const char *path, const char *key_file, struct error *error) MUST_CHECK;

/* Does both: what is for Python is beside path, with .python and .python-key after it. Returns likewise. */
int server_open(struct server *server, const char *path, uint64_t memory_limit, struct error *error) MUST_CHECK;

/* Waits until something happens, or the deadline (monotonic) has passed, and handles it. */
void server_step(struct server *server, nsec deadline);

/* Takes a connection, non-blocking, that a process inherits: it may be silent. owner may be NULL: its own. */
void server_adopt(struct server *server, int fd, struct owner *owner);

/* Accepts all who wait to be connected. */
void server_accept_waiting(struct server *server);

/* Closes all connections, and removes the socket. */
void server_release(struct server *server);

#endif
