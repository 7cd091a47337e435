/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Descriptors: opening, closing, reading, waiting, and those that a child keeps. */
#include "ipc/fd.h"

#include "base/fatal.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	/* The most that fd_wait waits for. */
	WAITS_MAX = 8,
	/* fd_lower moves descriptors from this number on. */
	LOW = 64,
};

/* Descriptors above 2 that this program was started with, ascending. */
static int *inherited;
static size_t inherited_count;

void fd_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

ssize_t fd_read(int fd, void *data, size_t size)
{
	ssize_t got;

	do
		got = read(fd, data, size);
	while (got < 0 && errno == EINTR);
	return got;
}

ssize_t fd_write(int fd, const void *data, size_t size)
{
	ssize_t written;

	do
		written = write(fd, data, size);
	while (written < 0 && errno == EINTR);
	return written;
}

int fd_pipe_blocking(int ends[2])
{
	return fault_at("pipe") ? -1 : pipe2(ends, O_CLOEXEC);
}

void fd_unblock(int fd)
{
	/* A flag of this end only: the writer keeps an ordinary blocking pipe. */
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		BUG("a descriptor cannot be made non-blocking");
}

void fd_widen(int fd, size_t size)
{
	(void)!fcntl(fd, F_SETPIPE_SZ, (int)size);
}

int fd_pipe(int ends[2])
{
	if (fd_pipe_blocking(ends) < 0)
		return -1;
	fd_unblock(ends[0]);
	return 0;
}

int fd_socket_pair(int ends[2])
{
	if (fault_at("pipe") || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	fd_unblock(ends[0]);
	return 0;
}

void fd_end_writing(int fd)
{
	/* It fails where the other end is gone: nothing is read there any more. */
	shutdown(fd, SHUT_WR);
}

int fd_copy(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

int fd_replace(int place, int fd)
{
	return dup2(fd, place) < 0 ? -1 : 0;
}

/* The least capacity of a pipe, bytes, however many the user has already (pipe(7)). */
enum { PIPE_LEAST = 4096 };

/* Returns a pipe that holds the bytes, or -1 with errno: EFBIG if there is none that large. */
static int hold_in_pipe(struct slice bytes)
{
	int ends[2], number = 0;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	if (bytes.size > PIPE_LEAST &&
	    (bytes.size > INT32_MAX || fcntl(ends[1], F_SETPIPE_SZ, (int)bytes.size) < (int)bytes.size))
		number = EFBIG;
	else if (bytes.size && write(ends[1], bytes.data, bytes.size) < 0)
		number = errno;
	if (number)
		fd_close(&ends[0]);
	fd_close(&ends[1]);
	errno = number;
	return ends[0];
}

/* Returns the size that this process's files may have: a larger one would end it by SIGXFSZ. */
static rlim_t largest_file(void)
{
	/* Asked for once, since it does not change. */
	static struct rlimit limit;

	if (!limit.rlim_max && getrlimit(RLIMIT_FSIZE, &limit) < 0)
		return RLIM_INFINITY;
	return limit.rlim_cur;
}

int fd_holding(struct slice bytes)
{
	int fd;

	if (bytes.size <= PIPE_LEAST || bytes.size > largest_file())
		return hold_in_pipe(bytes);
	fd = memfd_create("mpmap-stdin", MFD_CLOEXEC);
	if (fd >= 0 && (file_write_all(fd, bytes) < 0 || lseek(fd, 0, SEEK_SET) < 0))
		fd_close(&fd);
	return fd;
}

int fd_null(void)
{
	return fault_at("null") ? -1 : open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

unsigned fd_fill_standard(void)
{
	unsigned closed = 0;
	int fd, null;

	for (fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		closed |= 1u << fd;
		null = fd_null();
		if (null < 0)
			fatal("cannot open /dev/null in place of descriptor %d, which is closed: %s", fd,
			      strerror(errno));
		/* The lowest free number is fd: those below it are open. */
		if (null != fd)
			BUG("a closed standard descriptor cannot be filled");
	}
	return closed;
}

static int compare_ints(const void *a, const void *b)
{
	int left = *(const int *)a, right = *(const int *)b;

	return left < right ? -1 : left > right;
}

/* Adds a descriptor to the inherited ones. */
static void remember_inherited(int fd, int except, size_t *capacity)
{
	if (fd <= 2 || fd == except)
		return;
	inherited = mem_grow(inherited, inherited_count, capacity, sizeof *inherited);
	inherited[inherited_count++] = fd;
}

/* Checks, where /proc is missing, each descriptor up to the limit, at most 1024. */
static void remember_by_asking(int except, size_t *capacity)
{
	long limit = sysconf(_SC_OPEN_MAX);
	int fd;

	for (fd = 3; fd < (limit > 0 && limit < 1024 ? limit : 1024); fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			remember_inherited(fd, except, capacity);
	}
}

void fd_remember_inherited(int except)
{
	DIR *directory = opendir("/proc/self/fd");
	size_t capacity = 0;
	struct dirent *entry;

	inherited_count = 0;
	if (!directory) {
		remember_by_asking(except, &capacity);
		return;
	}
	while ((entry = readdir(directory))) {
		char *end;
		long fd = strtol(entry->d_name, &end, 10);

		if (end != entry->d_name && !*end && fd != dirfd(directory))
			remember_inherited((int)fd, except, &capacity);
	}
	closedir(directory);
	if (inherited_count)
		qsort(inherited, inherited_count, sizeof *inherited, compare_ints);
}

/*
 * Returns the lowest descriptor from from on that remains open, or -1 if none. *next is the position in the inherited
 * ones.
 */
static int next_kept(const int *keep, size_t count, size_t *next, int from)
{
	int lowest = -1;
	size_t i;

	while (*next < inherited_count && inherited[*next] < from)
		(*next)++;
	if (*next < inherited_count)
		lowest = inherited[*next];
	for (i = 0; i < count; i++) {
		if (keep[i] >= from && (lowest < 0 || keep[i] < lowest))
			lowest = keep[i];
	}
	return lowest;
}

bool fd_is_inherited(int fd)
{
	size_t i;

	for (i = 0; i < inherited_count; i++) {
		if (inherited[i] == fd)
			return true;
	}
	return false;
}

void fd_close_others(const int *keep, size_t count)
{
	size_t next = 0;
	int from = 3, kept;

	for (; (kept = next_kept(keep, count, &next, from)) >= 0; from = kept + 1) {
		if (kept > from)
			close_range((unsigned)from, (unsigned)kept - 1, 0);
	}
	close_range((unsigned)from, ~0u, 0);
}

int fd_lower(int fd)
{
	int low = fd < LOW ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (low < 0)
		return fd;
	close(fd);
	return low;
}

int fd_raise(int *fd, int least)
{
	int high = *fd >= least ? *fd : fcntl(*fd, F_DUPFD_CLOEXEC, least);

	if (high < 0)
		return -1;
	if (high != *fd)
		close(*fd);
	*fd = high;
	return 0;
}

static int fd_reopen(int fd, int access)
{
	char path[64];

	if (fault_at("reopen"))
		return -1;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return open(path, access | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

int fd_open_again(int fd)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

int fd_open_other(pid_t pid, int fd)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)pid, fd);
	return open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
}

int fd_reopen_for_writing(int fd)
{
	struct stat status;

	if (fstat(fd, &status) < 0 || !(S_ISFIFO(status.st_mode) || isatty(fd)))
		return -1;
	return fd_reopen(fd, O_WRONLY);
}

int fd_reopen_for_reading(int fd)
{
	return isatty(fd) ? fd_reopen(fd, O_RDONLY) : -1;
}

static void fill_polls(struct pollfd *polls, const struct fd_wait *waits, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		polls[i].fd = waits[i].fd;
		polls[i].events = (short)((waits[i].want_input ? POLLIN : 0) | (waits[i].want_output ? POLLOUT : 0));
		polls[i].revents = 0;
	}
}

int fd_wait(struct fd_wait *waits, size_t count, nsec deadline)
{
	struct pollfd polls[WAITS_MAX];
	struct timespec timeout, *limit = NULL;
	size_t i;
	int ready;

	if (count > WAITS_MAX)
		BUG("too many descriptors to wait for");
	fill_polls(polls, waits, count);
	if (deadline != NSEC_FOREVER) {
		nsec now = clock_now(), left = deadline > now ? deadline - now : 0;

		timeout = (struct timespec){.tv_sec = left / NSEC_PER_SEC, .tv_nsec = left % NSEC_PER_SEC};
		limit = &timeout;
	}
	ready = ppoll(polls, count, limit, NULL);
	for (i = 0; i < count; i++) {
		short events = ready > 0 ? polls[i].revents : 0;

		waits[i].input = events & (POLLIN | POLLHUP | POLLERR);
		waits[i].output = events & (POLLOUT | POLLERR);
		waits[i].hangup = events & (POLLHUP | POLLERR | POLLNVAL);
		waits[i].end = (events & (POLLIN | POLLHUP)) == POLLHUP;
	}
	return ready;
}

bool fd_has_reader(int fd)
{
	struct fd_wait wait = {.fd = fd, .want_output = true};

	return fd_wait(&wait, 1, 0) <= 0 || !wait.hangup;
}
