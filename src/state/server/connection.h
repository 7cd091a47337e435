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
	/* The owner that the client has named, or that was given; NULL if none. */
	struct owner *owner;
	/* The owner that is this connection; NULL before it is needed. */
	struct owner *own;
	/* True if the owner that it had has ended. */
	bool is_orphan;
	/* True if the attempt whose process this was has ended: it may be that of another by now. */
	bool has_outlived;
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

/* Takes note that an owner has ended. */
void connection_forget_owner(struct connection *connection, const struct owner *owner);

#endif
