/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A channel between two processes: typed messages, with descriptors, and an end of file when the peer dies.
 *
 * A pair of SOCK_SEQPACKET sockets: the kernel keeps message boundaries and never delivers half a message. Messages are
 * small, since large data is in shared memory: a message that does not fit at once is the peer's error.
 */
#ifndef IPC_CHANNEL_H
#define IPC_CHANNEL_H

#include "base/clock.h"
#include "base/dialect.h"
#include "base/slice.h"

enum {
	CHANNEL_MESSAGE_MAX = 4096,
	CHANNEL_FDS_MAX = 4,
};

/* A received message. */
struct message {
	uint32_t type;
	/* A view of storage. */
	struct slice payload;
	/* Owned by the receiver, who closes them. */
	int fds[CHANNEL_FDS_MAX];
	size_t fd_count;
	char storage[CHANNEL_MESSAGE_MAX];
};

/* Creates two connected ends, non-blocking and close-on-exec. Returns 0, or -1 with errno. */
int channel_pair(int ends[2]) MUST_CHECK;

/*
 * Sends one message with copies of the descriptors. Returns 0, or -1 with errno: EAGAIN if the peer does not keep up,
 * EPIPE if it is gone, ENOBUFS or ENOMEM if the kernel is short of memory. Never raises SIGPIPE.
 */
int channel_send(int channel, uint32_t type, struct slice payload, const int *fds, size_t fd_count) MUST_CHECK;

/* Receives a message. Returns 1, 0 if no message is there, or -1 if the peer is gone or breaks the protocol. */
int channel_receive(int channel, struct message *message) MUST_CHECK;

/* Waits for a message until the deadline (monotonic), and returns as channel_receive does. */
int channel_wait(int channel, struct message *message, nsec deadline) MUST_CHECK;

/* Ends sending: the peer receives an end of file, and may still send. */
void channel_finish(int channel);

/* True if the peer has not received everything that was sent. */
bool channel_has_unread(int channel);

#endif
