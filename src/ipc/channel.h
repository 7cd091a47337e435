/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A private line between two processes: typed messages, descriptors with them, and the end of file that tells of a
 * death.
 *
 * A pair of SOCK_SEQPACKET sockets: the kernel keeps message boundaries and never delivers half a message. Messages
 * are small (what is large lies in shared memory), so one that does not fit at once is an error of the peer's.
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

/* A received message. payload is a view into storage; the descriptors are the receiver's to close. */
struct message {
	uint32_t type;
	struct slice payload;
	int fds[CHANNEL_FDS_MAX];
	size_t fd_count;
	char storage[CHANNEL_MESSAGE_MAX];
};

/* Two connected ends, non-blocking and close-on-exec. 0, or -1 with errno. */
int channel_pair(int ends[2]) MUST_CHECK;

/*
 * Sends one message with copies of the descriptors. 0, or -1 with errno: EAGAIN when the peer does not keep up, EPIPE
 * when it is gone. Never raises SIGPIPE.
 */
int channel_send(int channel, uint32_t type, struct slice payload, const int *fds, size_t fd_count) MUST_CHECK;

/* 1 with a message; 0 when there is none now; -1 at the end of file or on an error (the peer is gone or talks
 * nonsense). */
int channel_receive(int channel, struct message *message) MUST_CHECK;

/* The same, waiting for a message until the deadline (monotonic): 0 when that has passed. */
int channel_wait(int channel, struct message *message, nsec deadline) MUST_CHECK;

/* Says that nothing more will be sent: the other end reads an end of file, and can still be heard. */
void channel_finish(int channel);

/* Whether the other end has not received all that was sent. */
bool channel_has_unread(int channel);

#endif
