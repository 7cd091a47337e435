/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The requests of tool share, its log, and the places that it must have for itself. */

#define _GNU_SOURCE
#include "tool_share.h"

#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct share share;

uint64_t draw(uint64_t limit)
{
	share.random += UINT64_C(0x9e3779b97f4a7c15);
	uint64_t x = share.random;
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (x ^ (x >> 31)) % limit;
}

int open_named(const char *name, int flags)
{
	int fd = open(getenv(name), flags | O_CLOEXEC);

	if (fd < 0)
		fail("%s: %s", name, strerror(errno));
	return fd;
}

/* Writes a step: what is a word or two. */
void note(const char *step, const char *what)
{
	dprintf(share.log, "{\"step\":\"%s\",\"what\":\"%s\",\"seq\":%" PRIu64 ",\"attempt\":%" PRIu64 "}\n", step,
		what, share.seq, share.attempt);
}

/* Takes some time, up to that many microseconds. */
void linger(uint64_t longest)
{
	struct timespec time = {.tv_nsec = (long)draw(longest * 1000 + 1)};

	nanosleep(&time, NULL);
}

/* Ends the task after the end of the server, and notes the status that a client gets then. */
void lose(void)
{
	int status = system("mpmap-state get n >/dev/null 2>&1");

	dprintf(share.log, "{\"step\":\"gone\",\"what\":\"%d\",\"seq\":%" PRIu64 ",\"attempt\":%" PRIu64 "}\n",
		WIFEXITED(status) ? WEXITSTATUS(status) : -1, share.seq, share.attempt);
	exit(7);
}

/* Reads the answer to a request: its status and value. */
static int read_answer(void)
{
	char *end;
	size_t length;

	while ((end = memchr(share.in, '\n', share.filled)) == NULL) {
		ssize_t n = read(share.socket, share.in + share.filled, sizeof share.in - share.filled);
		if (n <= 0)
			lose();
		share.filled += (size_t)n;
	}
	*end = '\0';
	share.status = 0;
	share.value[0] = '\0';
	if (share.in[0] == '!')
		share.status = atoi(share.in + 2);
	if (share.in[0] != '\0' && share.in[1] != '\0')
		snprintf(share.value, sizeof share.value, "%.511s", share.in + 2);
	length = (size_t)(end + 1 - share.in);
	memmove(share.in, end + 1, share.filled - length);
	share.filled -= length;
	return share.status;
}

/* Sends a request, and returns the status of its answer. */
int ask(const char *format, ...)
{
	char line[512];
	va_list list;
	int length;

	va_start(list, format);
	length = vsnprintf(line, sizeof line - 1, format, list);
	va_end(list);
	line[length++] = '\n';
	if (send(share.socket, line, (size_t)length, MSG_NOSIGNAL) != length)
		lose();
	return read_answer();
}

/* Ends the task unless the last answer had one of these statuses: a bit for each. */
void must(const char *what, unsigned statuses)
{
	if (statuses & 1U << share.status)
		return;
	if (share.status == 7)
		lose();
	/* Killed with its worker, this process may make a last request. */
	if (share.status == 4) {
		note("ended", what);
		exit(4);
	}
	fprintf(stderr, "%s: status %d: %s\n", what, share.status, share.value);
	note("bad", what);
	exit(99);
}

/* Takes one of the places, which must be free: its holder is dead, or has left it. */
int take_place(const char *what, int first, int count)
{
	char place[16];

	for (int i = first; i < first + count; i++) {
		struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = i, .l_len = 1};
		if (fcntl(share.places, F_SETLK, &lock) != 0)
			continue;
		snprintf(place, sizeof place, "%d", i);
		note(share.is_alone ? "take" : "enter", place);
		return i;
	}
	note("two", what);
	exit(99);
}

void leave_place(int place)
{
	struct flock lock = {.l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = place, .l_len = 1};
	char name[16];

	snprintf(name, sizeof name, "%d", place);
	note(share.is_alone ? "put" : "leave", name);
	if (fcntl(share.places, F_SETLK, &lock) != 0)
		fail("unlock: %s", strerror(errno));
}

/* Has a process of its own make the request. Ends the task if that is killed. */
void run_client(const char *verb, const char *name)
{
	char *words[] = {strdup("mpmap-state"), strdup(verb), strdup(name), NULL};
	pid_t pid;
	int status;

	note("client", name);
	if ((errno = posix_spawnp(&pid, words[0], NULL, NULL, words, environ)) != 0)
		fail("mpmap-state: %s", strerror(errno));
	share.seat->client = pid;
	while (waitpid(pid, &status, 0) < 0)
		;
	share.seat->client = 0;
	if (WIFSIGNALED(status))
		exit(1);
	share.status = WEXITSTATUS(status);
}

void share_connect(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *inherited = getenv("MPMAP_STATE_FD");

	if (inherited != NULL && draw(2) == 0) {
		share.socket = (int)number(inherited);
		return;
	}
	snprintf(address.sun_path, sizeof address.sun_path, "%s", getenv("MPMAP_STATE"));
	share.socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(share.socket, (struct sockaddr *)&address, sizeof address) != 0)
		lose();
	share.is_alone = draw(3) == 0 && !share.must_own;
	if (share.is_alone)
		return;
	ask("as parent");
	must("as parent", 1);
}
