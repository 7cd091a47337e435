/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A peer of Python's multiprocessing.connection over a Unix socket, for tests/pyauth.bats.
 *
 * tests/unit --pyauth listen PATH KEY POLICY [HASTE]: serves many connections at a time and sends each message back
 * with a "!" after it, until its standard input ends.
 * tests/unit --pyauth connect PATH KEY POLICY [HASTE]: sends each line of its standard input, and prints the answers.
 *
 * POLICY is both, modern or legacy. Time passes HASTE times as fast. A line says how each handshake ended.
 */
#include "unit.h"

#include "base/number.h"
#include "ipc/fd.h"
#include "state/pyauth.h"
#include "state/pyauth_frame.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { LINKS_MAX = 64, FRAME_LIMIT = 1 << 26, READ_SIZE = 65536 };

/* A connection; its fd is -1 if it is closed. */
struct peer_link {
	int fd;
	struct pyauth auth;
	struct bytes in;
	struct bytes out;
};

static enum pyauth_role peer_role;
static enum pyauth_policy peer_policy;
static struct slice peer_key;
static nsec haste = 1;

static nsec peer_now(void)
{
	return clock_now() * haste;
}

static void say_verdict(const struct pyauth *auth)
{
	if (auth->verdict != PYAUTH_UNDECIDED)
		printf("%s%s\n",
		       auth->verdict == PYAUTH_PASSED ? "passed" : "failed: ", auth->reason ? auth->reason : "");
	fflush(stdout);
}

static void peer_begin(struct peer_link *link, int fd)
{
	char nonce[PYAUTH_NONCE_SIZE];

	*link = (struct peer_link){
		.fd = fd,
		.auth = {.role = peer_role, .policy = peer_policy, .key = peer_key},
	};
	if (pyauth_draw(nonce) < 0)
		BUG("no random bytes");
	pyauth_begin(&link->auth, nonce, peer_now(), &link->out);
}

static void peer_close(struct peer_link *link)
{
	fd_close(&link->fd);
	bytes_release(&link->in);
	bytes_release(&link->out);
}

static void peer_send(struct peer_link *link)
{
	size_t sent = 0;

	while (sent < link->out.size) {
		ssize_t n = send(link->fd, link->out.data + sent, link->out.size - sent, MSG_NOSIGNAL);

		if (n <= 0)
			break;
		sent += (size_t)n;
	}
	bytes_clear(&link->out);
}

/* Answers, or prints, each message that is whole. False if the connection cannot continue. */
static bool take_messages(struct peer_link *link)
{
	struct slice payload;
	enum pyframe found;

	while ((found = pyframe_find(bytes_slice(&link->in), FRAME_LIMIT, &payload)) == PYFRAME_WHOLE) {
		if (peer_role == PYAUTH_LISTENER) {
			struct bytes answer = {.data = NULL};

			bytes_append(&answer, payload.data, payload.size);
			bytes_append_text(&answer, "!");
			pyframe_put(&link->out, bytes_slice(&answer));
			bytes_release(&answer);
		} else {
			printf("%.*s\n", (int)payload.size, payload.data);
			fflush(stdout);
		}
		bytes_consume(&link->in, (size_t)(payload.data + payload.size - link->in.data));
	}
	return !pyframe_is_error(found);
}

/* Reads once, or only sees to the time. False if the connection is at its end. */
static bool peer_step(struct peer_link *link, bool is_readable)
{
	enum pyauth_verdict before = link->auth.verdict, verdict;
	ssize_t got = 1;

	if (is_readable) {
		got = fd_read(link->fd, bytes_reserve(&link->in, READ_SIZE), READ_SIZE);
		link->in.size += got > 0 ? (size_t)got : 0;
	}
	verdict = pyauth_feed(&link->auth, &link->in, &link->out, peer_now());
	if (got <= 0)
		verdict = pyauth_end(&link->auth, bytes_slice(&link->in));
	if (verdict != before)
		say_verdict(&link->auth);
	if (verdict == PYAUTH_PASSED && !take_messages(link))
		got = 0;
	peer_send(link);
	return got > 0 && verdict != PYAUTH_FAILED;
}

static int peer_listen(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct peer_link links[LINKS_MAX];
	struct pollfd polled[LINKS_MAX + 2] = {{.fd = STDIN_FILENO, .events = POLLIN}};
	size_t count = 0, i;

	if (fd < 0 || bind(fd, (const struct sockaddr *)address, sizeof *address) < 0 || listen(fd, LINKS_MAX) < 0)
		BUG("the socket cannot be made");
	puts("listening");
	fflush(stdout);
	for (;;) {
		polled[1] = (struct pollfd){.fd = count < LINKS_MAX ? fd : -1, .events = POLLIN};
		for (i = 0; i < count; i++)
			polled[2 + i] = (struct pollfd){.fd = links[i].fd, .events = POLLIN};
		poll(polled, 2 + count, 10);
		if (polled[0].revents)
			return 0;
		for (i = count; i-- > 0;) {
			if (peer_step(&links[i], polled[2 + i].revents))
				continue;
			peer_close(&links[i]);
			links[i] = links[--count];
		}
		if (!polled[1].revents)
			continue;
		peer_begin(&links[count], accept4(fd, NULL, NULL, SOCK_CLOEXEC));
		peer_send(&links[count++]);
	}
}

static int peer_connect(const struct sockaddr_un *address)
{
	struct peer_link link;
	char *line = NULL;
	size_t capacity = 0;
	ssize_t size;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof *address) < 0)
		BUG("there is no such socket");
	peer_begin(&link, fd);
	do {
		struct pollfd polled = {.fd = link.fd, .events = POLLIN};

		if (!peer_step(&link, poll(&polled, 1, 10) > 0))
			return 1;
	} while (link.auth.verdict == PYAUTH_UNDECIDED);
	while ((size = getline(&line, &capacity, stdin)) > 0) {
		pyframe_put(&link.out, (struct slice){.data = line, .size = (size_t)size - 1});
		peer_send(&link);
		if (!peer_step(&link, true))
			return 1;
	}
	free(line);
	peer_close(&link);
	return 0;
}

int pyauth_peer(int argc, char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	uint64_t times = 1;

	if (argc < 4 || (argc > 4 && number_parse(argv[4], 1000, &times) < 0))
		BUG("usage: --pyauth listen|connect PATH KEY both|modern|legacy [HASTE]");
	haste = (nsec)times;
	peer_role = strcmp(argv[0], "listen") == 0 ? PYAUTH_LISTENER : PYAUTH_CLIENT;
	peer_key = slice_of(argv[2]);
	peer_policy = strcmp(argv[3], "modern") == 0   ? PYAUTH_MODERN
		      : strcmp(argv[3], "legacy") == 0 ? PYAUTH_LEGACY
						       : PYAUTH_BOTH;
	snprintf(address.sun_path, sizeof address.sun_path, "%s", argv[1]);
	return peer_role == PYAUTH_LISTENER ? peer_listen(&address) : peer_connect(&address);
}
