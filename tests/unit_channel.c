/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ipc/channel: messages keep their boundaries and descriptors, and a death is an end of file. */
#include "unit.h"

#include "ipc/channel.h"
#include "ipc/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static const struct slice nothing = {.data = NULL};

static void test_boundaries(void)
{
	static char payload[CHANNEL_MESSAGE_MAX];
	static const size_t sizes[] = {0, 1, 5, 0, CHANNEL_MESSAGE_MAX, CHANNEL_MESSAGE_MAX - 1, 2};
	struct message message;
	int ends[2] = {-1, -1};
	uint32_t i;

	check_int(channel_pair(ends), 0);
	check_int(fcntl(ends[0], F_GETFD), FD_CLOEXEC);
	check_int(fcntl(ends[1], F_GETFD), FD_CLOEXEC);
	check_int(channel_receive(ends[1], &message), 0);
	for (i = 0; i < countof(sizes); i++) {
		unit_fill(payload, sizes[i], i);
		check_int(channel_send(ends[0], i + 7, (struct slice){.data = payload, .size = sizes[i]}, NULL, 0), 0);
	}
	for (i = 0; i < countof(sizes); i++) {
		unit_fill(payload, sizes[i], i);
		check_int(channel_receive(ends[1], &message), 1);
		check_int(message.type, i + 7);
		check_int(message.fd_count, 0);
		check_slice(message.payload, ((struct slice){.data = payload, .size = sizes[i]}));
	}
	check_int(channel_receive(ends[1], &message), 0);
	check_int(channel_receive(ends[0], &message), 0);
	fd_close(&ends[0]);
	check_int(channel_receive(ends[1], &message), -1);
	fd_close(&ends[1]);
}

/* Messages sent before the end are received after it. */
static void test_end(void)
{
	struct message message;
	int ends[2] = {-1, -1};

	check_int(channel_pair(ends), 0);
	check_int(channel_send(ends[0], 1, nothing, NULL, 0), 0);
	check_int(channel_send(ends[0], 2, nothing, NULL, 0), 0);
	fd_close(&ends[0]);
	check_int(channel_wait(ends[1], &message, NSEC_FOREVER), 1);
	check_int(channel_wait(ends[1], &message, NSEC_FOREVER), 1);
	check_int(message.type, 2);
	check_int(channel_wait(ends[1], &message, NSEC_FOREVER), -1);
	check_fails(channel_send(ends[1], 1, nothing, NULL, 0), EPIPE);
	fd_close(&ends[1]);
	check_int(channel_receive(-1, &message), -1);
	check_int(channel_wait(-1, &message, NSEC_FOREVER), -1);
}

/* Messages sent before the end are received, also if the peer has left messages unread. */
static void test_unread_end(void)
{
	struct message message;
	int ends[2] = {-1, -1};

	check_int(channel_pair(ends), 0);
	check_int(channel_send(ends[0], 1, slice_of("last words"), NULL, 0), 0);
	check_int(channel_send(ends[1], 2, slice_of("never read"), NULL, 0), 0);
	fd_close(&ends[0]);
	check_int(channel_receive(ends[1], &message), 1);
	check_slice(message.payload, slice_of("last words"));
	check_int(channel_receive(ends[1], &message), -1);
	fd_close(&ends[1]);
	check_int(channel_pair(ends), 0);
	check_int(channel_send(ends[1], 2, slice_of("never read"), NULL, 0), 0);
	fd_close(&ends[0]);
	check_fails(channel_send(ends[1], 1, nothing, NULL, 0), EPIPE);
	check_fails(channel_send(ends[1], 1, nothing, NULL, 0), EPIPE);
	fd_close(&ends[1]);
}

static void test_descriptors(void)
{
	struct message message;
	int ends[2] = {-1, -1}, pipes[CHANNEL_FDS_MAX], other[CHANNEL_FDS_MAX], pair[2] = {-1, -1}, i;
	size_t before = unit_count_fds(), count;
	char byte;

	check_int(channel_pair(ends), 0);
	for (i = 0; i < CHANNEL_FDS_MAX; i++) {
		check_int(fd_pipe(pair), 0);
		other[i] = pair[0];
		pipes[i] = pair[1];
	}
	for (count = 1; count <= CHANNEL_FDS_MAX; count++)
		check_int(channel_send(ends[0], 1, slice_of("x"), pipes, count), 0);
	for (count = 1; count <= CHANNEL_FDS_MAX; count++) {
		check_int(channel_receive(ends[1], &message), 1);
		if (!check_int(message.fd_count, count))
			break;
		for (i = 0; i < (int)count; i++) {
			check_int(fcntl(message.fds[i], F_GETFD), FD_CLOEXEC);
			check_int(fd_write(message.fds[i], "y", 1), 1);
			check_int(fd_read(other[i], &byte, 1), 1);
			fd_close(&message.fds[i]);
		}
	}
	for (i = 0; i < CHANNEL_FDS_MAX; i++) {
		fd_close(&pipes[i]);
		check_int(fd_read(other[i], &byte, 1), 0);
		fd_close(&other[i]);
	}
	fd_close(&ends[0]);
	fd_close(&ends[1]);
	check_int(unit_count_fds(), before);
}

/* Sends bytes and descriptors that are not a message. */
static void send_raw(int channel, size_t size, size_t fd_count)
{
	static char bytes[2 * CHANNEL_MESSAGE_MAX];
	union {
		char data[CMSG_SPACE(sizeof(int) * 16)];
		struct cmsghdr align;
	} control = {.data = {0}};
	struct iovec part = {.iov_base = bytes, .iov_len = size};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
	int fds[16] = {0};

	if (fd_count) {
		struct cmsghdr *rights = &control.align;

		header.msg_control = control.data;
		header.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
		memcpy(CMSG_DATA(rights), fds, sizeof(int) * fd_count);
	}
	check_int(sendmsg(channel, &header, MSG_NOSIGNAL), size);
}

static void test_nonsense(void)
{
	static const size_t cases[][2] = {
		{1, 0},
		{3, 1},
		{3, 4},
		{4, 5},
		{4, 16},
		{sizeof(uint32_t) + CHANNEL_MESSAGE_MAX + 1, 0},
		{2 * CHANNEL_MESSAGE_MAX, 4},
	};
	struct message message;
	int ends[2] = {-1, -1};
	size_t i, before;

	check_int(channel_pair(ends), 0);
	before = unit_count_fds();
	for (i = 0; i < countof(cases); i++) {
		send_raw(ends[0], cases[i][0], cases[i][1]);
		check_int(channel_receive(ends[1], &message), -1);
		check_int(message.fd_count, 0);
		check_int(unit_count_fds(), before);
	}
	check_int(channel_send(ends[0], 5, nothing, NULL, 0), 0);
	check_int(channel_receive(ends[1], &message), 1);
	check_int(message.type, 5);
	fd_close(&ends[0]);
	fd_close(&ends[1]);
}

static void test_full(void)
{
	struct message message;
	int ends[2] = {-1, -1}, sent = 0, got = 0;

	check_int(channel_pair(ends), 0);
	while (channel_send(ends[0], 1, slice_of("something"), NULL, 0) == 0 && sent < 1000000)
		sent++;
	check_int(errno, EAGAIN);
	/* There is room for many wake-ups of a worker. */
	check(sent > 50);
	while (channel_receive(ends[1], &message) == 1)
		got++;
	check_int(got, sent);
	check_int(channel_send(ends[0], 1, nothing, NULL, 0), 0);
	fd_close(&ends[0]);
	fd_close(&ends[1]);
}

/* After channel_finish messages and the end are still received, and nothing sent before is lost. */
static void test_finish(void)
{
	struct message message;
	int ends[2] = {-1, -1};

	check_int(channel_pair(ends), 0);
	check_int(channel_send(ends[0], 1, slice_of("last"), NULL, 0), 0);
	channel_finish(ends[0]);
	channel_finish(ends[0]);
	check_fails(channel_send(ends[0], 1, slice_of("later"), NULL, 0), EPIPE);
	check_int(channel_receive(ends[1], &message), 1);
	check_slice(message.payload, slice_of("last"));
	check_int(channel_receive(ends[1], &message), -1);
	check_int(channel_receive(ends[0], &message), 0);
	check_int(channel_send(ends[1], 2, slice_of("answer"), NULL, 0), 0);
	fd_close(&ends[1]);
	check_int(channel_receive(ends[0], &message), 1);
	check_slice(message.payload, slice_of("answer"));
	check_int(channel_receive(ends[0], &message), -1);
	fd_close(&ends[0]);
}

static void test_wait(void)
{
	struct message message;
	int ends[2] = {-1, -1};
	nsec deadline;
	pid_t pid;

	check_int(channel_pair(ends), 0);
	check_int(channel_wait(ends[1], &message, 0), 0);
	deadline = clock_now() + 20 * NSEC_PER_MSEC;
	check_int(channel_wait(ends[1], &message, deadline), 0);
	check(clock_now() >= deadline);
	pid = fork();
	if (pid == 0) {
		fd_close(&ends[1]);
		fd_wait(NULL, 0, clock_now() + 20 * NSEC_PER_MSEC);
		_exit(channel_send(ends[0], 3, slice_of("late"), NULL, 0) != 0);
	}
	fd_close(&ends[0]);
	check_int(channel_wait(ends[1], &message, NSEC_FOREVER), 1);
	check_slice(message.payload, slice_of("late"));
	/* The end of the peer is the end of the channel. */
	check_int(channel_wait(ends[1], &message, NSEC_FOREVER), -1);
	check_int(unit_wait(pid), 0);
	fd_close(&ends[1]);
}

const struct unit_test unit_channel[] = {
	{"messages keep their boundaries", .run = test_boundaries},
	{"the end of file follows the last message", .run = test_end},
	{"the end of a peer with messages unread", .run = test_unread_end},
	{"descriptors are passed", .run = test_descriptors},
	{"malformed messages are refused, and no descriptor leaks", .run = test_nonsense},
	{"an end that finished sending still receives", .run = test_finish},
	{"a full channel is EAGAIN", .run = test_full},
	{"waiting until a deadline", .run = test_wait},
	{.name = NULL},
};
