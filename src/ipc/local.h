/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Unix sockets with a name: listening, connecting, and who the peer is. Descriptors are close-on-exec. */
#ifndef IPC_LOCAL_H
#define IPC_LOCAL_H

#include "base/dialect.h"
#include "base/slice.h"

/*
 * Listens at path, for this user only. A socket that nobody listens at any more is replaced. Returns a descriptor that
 * does not block, or -1 with errno: EADDRINUSE if there is something else, ENAMETOOLONG over 107 bytes.
 */
int local_listen(const char *path) MUST_CHECK;

/* Returns the next connection, which does not block, or -1 with errno: EAGAIN if there is none. */
int local_accept(int fd) MUST_CHECK;

/* Returns a connection to path, which blocks, or -1 with errno. */
int local_connect(const char *path) MUST_CHECK;

/* The process that made a connection. */
struct local_peer {
	/* 0 if it is not of this PID namespace. */
	pid_t pid;
	uid_t uid;
};

/* Returns 0, or -1 with errno. */
int local_peer(int fd, struct local_peer *peer) MUST_CHECK;

/* Sends as many of the bytes as fit now. Returns how many, or -1 with errno: EAGAIN, EPIPE. Never raises SIGPIPE. */
ssize_t local_send(int fd, struct slice bytes);

/* The same, but waits until all are sent. Returns 0, or -1 with errno. */
int local_send_all(int fd, struct slice bytes) MUST_CHECK;

/* Reads what has come, or waits for it if the descriptor blocks. Returns as read(2) does. */
ssize_t local_receive(int fd, char *data, size_t size);

/* Lets this process have as many descriptors as the system permits. */
void local_allow_many(void);

#endif
