/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Typed messages and descriptors over a pair of SOCK_SEQPACKET sockets. */
#include "ipc/channel.h"

#include "base/fault.h"
#include "ipc/fd.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

union control {
	char data[CMSG_SPACE(sizeof(int) * CHANNEL_FDS_MAX)];
	struct cmsghdr align;
};

int channel_pair(int ends[2])
{
	if (fault_at("socketpair"))
		return -1;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends);
}

int channel_send(int channel, uint32_t type, struct slice payload, const int *fds, size_t fd_count)
{
	struct iovec parts[2] = {
		{.iov_base = &type, .iov_len = sizeof type},
		{.iov_base = (void *)(uintptr_t)payload.data, .iov_len = payload.size},
	};
	union control control = {.data = {0}};
	struct msghdr header = {.msg_iov = parts, .msg_iovlen = 2};
	ssize_t sent;

	if (payload.size > CHANNEL_MESSAGE_MAX || fd_count > CHANNEL_FDS_MAX)
		BUG("a message too large for a channel");
	if (fd_count) {
		struct cmsghdr *part;

		header.msg_control = control.data;
		header.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
		part = CMSG_FIRSTHDR(&header);
		part->cmsg_level = SOL_SOCKET;
		part->cmsg_type = SCM_RIGHTS;
		part->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
		memcpy(CMSG_DATA(part), fds, sizeof(int) * fd_count);
	}
	do
		sent = sendmsg(channel, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	/* The peer is gone and has left messages unread. */
	if (sent < 0 && errno == ECONNRESET)
		errno = EPIPE;
	return sent < 0 ? -1 : 0;
}

/* Stores the descriptors of a received message. */
static void take_fds(struct msghdr *header, struct message *message)
{
	struct cmsghdr *part;

	for (part = CMSG_FIRSTHDR(header); part; part = CMSG_NXTHDR(header, part)) {
		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
			continue;
		message->fd_count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(message->fds, CMSG_DATA(part), message->fd_count * sizeof(int));
	}
}

int channel_receive(int channel, struct message *message)
{
	struct iovec parts[2] = {
		{.iov_base = &message->type, .iov_len = sizeof message->type},
		{.iov_base = message->storage, .iov_len = sizeof message->storage},
	};
	union control control;
	struct msghdr header = {
		.msg_iov = parts,
		.msg_iovlen = 2,
		.msg_control = control.data,
		.msg_controllen = sizeof control.data,
	};
	ssize_t got;

	message->fd_count = 0;
	do
		got = recvmsg(channel, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	/* A peer that closed with messages unread is reported once, before the messages that it had sent. */
	while (got < 0 && (errno == EINTR || errno == ECONNRESET));
	if (got < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
	take_fds(&header, message);
	if (got < (ssize_t)sizeof message->type || header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		while (message->fd_count)
			fd_close(&message->fds[--message->fd_count]);
		errno = got ? EPROTO : 0;
		return -1;
	}
	message->payload = (struct slice){.data = message->storage, .size = (size_t)got - sizeof message->type};
	return 1;
}

int channel_wait(int channel, struct message *message, nsec deadline)
{
	struct fd_wait wait = {.fd = channel, .want_input = true};
	int got;

	while ((got = channel_receive(channel, message)) == 0) {
		if (fd_wait(&wait, 1, deadline) == 0)
			return channel_receive(channel, message);
	}
	return got;
}

void channel_finish(int channel)
{
	shutdown(channel, SHUT_WR);
}

bool channel_has_unread(int channel)
{
	int size = 0;

	return ioctl(channel, SIOCOUTQ, &size) == 0 && size > 0;
}
