/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A client's connection: requests in, answers out in their order, one after another. */
#ifndef STATE_SERVER_CONNECTION_H
#define STATE_SERVER_CONNECTION_H

#include "base/bytes.h"
#include "base/clock.h"
#include "base/dialect.h"
#include "base/list.h"
#include "ipc/local.h"
#include "ipc/loop.h"
#include "state/server/server.h"
#include "state/server/whose.h"
#include "state/wire/request.h"

struct connection {
	struct watch watch;
	struct server *server;
	/* Links in the server's lists. */
	struct list link;
	struct list ready;
	struct local_peer peer;
	/* Input from position at on has not been handled; scanned bytes of that have no newline. */
	struct bytes in;
	size_t at;
	size_t scanned;
	struct bytes out;
	/* Decoded words of the present request. */
	struct bytes scratch;
	struct call call;
	enum wire_dialect dialect;
	/* The handshake of a client that sends frames (python.h); NULL if it sends lines. */
	struct pyauth *auth;
	/* Whose it is, once that has been asked (whose.h). */
	bool is_attributed;
	enum whose whose;
	struct attempt_key key;
	/* The process that it acts for: the peer, or one that it has named. */
	pid_t acts_for;
	/* True if it acts for the attempt itself, not for a connection of it. */
	bool is_task;
	/* The process that it acts for, an owner; NULL if none was named or given. */
	struct owner *owner;
	/* The owner that is this connection; NULL before it is needed. */
	struct owner *own;
	/* The label of an owner that it had, and that has ended; NULL if none. */
	char *ended;
	/* True if it has no owner any more. */
	bool is_orphan;
	/* True while its requests are handled. */
	bool is_busy;
	/* True once a line has come. */
	bool has_begun;
	/* True once it has made a request that is one, or if it may be silent. */
	bool is_trusted;
	/* True once the peer sends nothing more, or was refused. */
	bool is_ending;
	/* When the request that is not whole began, monotonic; 0 if there is none. */
	nsec since;
};

/* Makes a connection of a descriptor, which it owns. Returns NULL with errno if it cannot be watched. */
struct connection *connection_new(struct server *server, int fd);

/* The same of a client that is Python's multiprocessing.connection. */
struct connection *connection_new_python(struct server *server, int fd);

/* Ends a connection, and what belongs to it. */
void connection_close(struct connection *connection);

/* Sends the answers that have come for a waiting call, and goes on with the requests after it. */
void connection_continue(struct connection *connection);

/* Carries out what the client has sent, without waiting. Answers are sent in the server's next step. */
void connection_drain(struct connection *connection);

#endif
