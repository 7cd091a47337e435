/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Unix sockets with a name. */
#include "ipc/local.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Connections that may wait to be accepted. */
enum { BACKLOG = 1024 };

/* Sets the address of a path. -1 with errno if it is too long. */
static int local_address(const char *path, struct sockaddr_un *address)
{
	size_t size = strlen(path);

	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (size >= sizeof address->sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address->sun_path, path, size);
	return 0;
}

static int local_socket(int flags)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
}

/* Closes a descriptor after a failure. Returns -1 with errno. */
static int local_fail(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
	return -1;
}

int local_connect(const char *path)
{
	struct sockaddr_un address;
	int fd;

	if (local_address(path, &address) < 0)
		return -1;
	fd = local_socket(0);
	if (fd < 0)
		return -1;
	while (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
		if (errno != EINTR)
			return local_fail(fd);
	}
	return fd;
}

/* Removes a socket that nobody listens at. -1 with errno EADDRINUSE if it is something else. */
static int local_remove_stale(const char *path)
{
	struct stat status;
	int fd = local_connect(path);

	if (fd >= 0)
		close(fd);
	else if (errno == ECONNREFUSED && lstat(path, &status) == 0 && S_ISSOCK(status.st_mode) && unlink(path) == 0)
		return 0;
	errno = EADDRINUSE;
	return -1;
}

int local_listen(const char *path)
{
	struct sockaddr_un address;
	mode_t mask;
	int fd, bound, saved;

	if (local_address(path, &address) < 0)
		return -1;
	fd = local_socket(SOCK_NONBLOCK);
	if (fd < 0)
		return -1;
	mask = umask(0177);
	bound = bind(fd, (const struct sockaddr *)&address, sizeof address);
	if (bound < 0 && errno == EADDRINUSE && local_remove_stale(path) == 0)
		bound = bind(fd, (const struct sockaddr *)&address, sizeof address);
	saved = errno;
	umask(mask);
	errno = saved;
	if (bound < 0 || listen(fd, BACKLOG) < 0)
		return local_fail(fd);
	return fd;
}

int local_accept(int fd)
{
	int connection;

	do
		connection = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	while (connection < 0 && (errno == EINTR || errno == ECONNABORTED));
	return connection;
}

int local_peer(int fd, struct local_peer *peer)
{
	struct ucred credentials;
	socklen_t size = sizeof credentials;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
		return -1;
	*peer = (struct local_peer){.pid = credentials.pid, .uid = credentials.uid};
	return 0;
}

ssize_t local_send(int fd, struct slice bytes)
{
	ssize_t sent;

	do
		sent = send(fd, bytes.data, bytes.size, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent;
}

int local_send_all(int fd, struct slice bytes)
{
	while (bytes.size) {
		ssize_t sent = local_send(fd, bytes);

		if (sent < 0)
			return -1;
		bytes.data += sent;
		bytes.size -= (size_t)sent;
	}
	return 0;
}

ssize_t local_receive(int fd, char *data, size_t size)
{
	ssize_t got;

	do
		got = recv(fd, data, size, 0);
	while (got < 0 && errno == EINTR);
	return got;
}

void local_allow_many(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}
