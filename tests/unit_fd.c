/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ipc/fd: opening, closing and waiting for descriptors, and those that a child keeps. */
#include "unit.h"

#include "ipc/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void test_close(void)
{
	int fd = fd_null(), same = fd;

	check(fd > 2);
	check_int(fcntl(fd, F_GETFD), FD_CLOEXEC);
	errno = EPERM;
	fd_close(&fd);
	check_int(fd, -1);
	check_int(errno, EPERM);
	check(!is_open(same));
	fd_close(&fd);
	check_int(fd, -1);
}

static void test_pipe(void)
{
	int ends[2] = {-1, -1};
	char byte;

	check_int(fd_pipe(ends), 0);
	check_int(fcntl(ends[0], F_GETFD), FD_CLOEXEC);
	check_int(fcntl(ends[1], F_GETFD), FD_CLOEXEC);
	check(fcntl(ends[0], F_GETFL) & O_NONBLOCK);
	check(!(fcntl(ends[1], F_GETFL) & O_NONBLOCK));
	check_fails(fd_read(ends[0], &byte, 1), EAGAIN);
	check_int(fd_write(ends[1], "x", 1), 1);
	check_int(fd_read(ends[0], &byte, 1), 1);
	fd_close(&ends[1]);
	check_int(fd_read(ends[0], &byte, 1), 0);
	fd_close(&ends[0]);
}

static void test_socket_pair(void)
{
	int ends[2] = {-1, -1};
	char byte;

	check_int(fd_socket_pair(ends), 0);
	check_int(fcntl(ends[0], F_GETFD), FD_CLOEXEC);
	check_int(fcntl(ends[1], F_GETFD), FD_CLOEXEC);
	check(!(fcntl(ends[1], F_GETFL) & O_NONBLOCK));
	check_fails(fd_read(ends[0], &byte, 1), EAGAIN);
	check_int(fd_write(ends[0], "x", 1), 1);
	fd_end_writing(ends[0]);
	check_int(fd_read(ends[1], &byte, 1), 1);
	check_int(fd_read(ends[1], &byte, 1), 0);
	check_int(fd_write(ends[1], "y", 1), 1);
	fd_close(&ends[1]);
	check_int(fd_read(ends[0], &byte, 1), 1);
	check_int(byte, 'y');
	check_int(fd_read(ends[0], &byte, 1), 0);
	fd_end_writing(ends[0]);
	fd_close(&ends[0]);
}

static void test_no_descriptors(void)
{
	struct rlimit limit = {.rlim_cur = 3, .rlim_max = 64};
	int ends[2] = {-1, -1};

	unit_skip_under_valgrind();
	check_int(setrlimit(RLIMIT_NOFILE, &limit), 0);
	check_fails(fd_pipe(ends), EMFILE);
	check_fails(fd_null(), EMFILE);
	limit.rlim_cur = 64;
	check_int(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Closes some of 0 to 2 in a child and returns what fd_fill_standard returns there. */
static int fill_in_child(unsigned closed)
{
	pid_t pid = fork();
	int fd;

	if (pid)
		return unit_wait(pid);
	for (fd = 0; fd <= 2; fd++) {
		if (closed & 1u << fd)
			close(fd);
	}
	if (fd_fill_standard() != closed)
		_exit(1);
	for (fd = 0; fd <= 2; fd++) {
		bool filled = closed & 1u << fd;

		if (!is_open(fd) || (fcntl(fd, F_GETFD) == FD_CLOEXEC) != filled)
			_exit(2);
	}
	_exit(fd_fill_standard() != 0);
}

static void test_fill(void)
{
	unsigned closed;

	for (closed = 0; closed < 8; closed++)
		check_int(fill_in_child(closed), 0);
}

enum { HIGHEST = 200 };

/* Closes all but some of many descriptors in a child. Returns 0 if exactly the right ones are left. */
static void close_others(const bool *inherited, const bool *kept)
{
	int keep[HIGHEST + 1], fd;
	size_t count = 0;
	bool given[HIGHEST + 1] = {false};

	for (fd = 3; fd < HIGHEST; fd++) {
		if (inherited[fd])
			dup2(0, fd);
		else
			close(fd);
	}
	fd_remember_inherited(-1);
	for (fd = 3; fd < HIGHEST; fd++)
		dup2(0, fd);
	for (fd = HIGHEST - 1; fd >= 3; fd--) {
		given[fd] = kept[fd];
		if (kept[fd])
			keep[count++] = fd;
	}
	keep[count++] = -1;
	fd_close_others(keep, count);
	for (fd = 0; fd < HIGHEST + 50; fd++) {
		bool wanted = fd <= 2 || (fd < HIGHEST && (inherited[fd] || given[fd]));

		if (is_open(fd) != wanted)
			_exit(fd < 250 ? fd + 1 : 251);
	}
	_exit(0);
}

static void test_census(void)
{
	struct unit_random random = unit_random();
	int round, fd;

	for (round = 0; round < 20; round++) {
		bool inherited[HIGHEST] = {false}, kept[HIGHEST] = {false};
		uint64_t some = 1 + unit_below(&random, 60);
		pid_t pid;

		for (fd = 3; fd < HIGHEST; fd++) {
			inherited[fd] = unit_below(&random, some) == 0;
			kept[fd] = unit_below(&random, some) == 0;
		}
		pid = fork();
		if (pid == 0)
			close_others(inherited, kept);
		check_int(unit_wait(pid), 0);
	}
}

static void test_census_except(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		close_range(3, ~0u, 0);
		dup2(0, 20);
		dup2(0, 30);
		fd_remember_inherited(20);
		fd_close_others(NULL, 0);
		_exit(is_open(20) || !is_open(30));
	}
	check_int(unit_wait(pid), 0);
}

static void test_wait_deadlines(void)
{
	int ends[2] = {-1, -1};
	nsec begun = clock_now(), deadline;

	check_int(fd_pipe(ends), 0);
	struct fd_wait waits[] = {{.fd = ends[0], .want_input = true},
				  {.fd = -1, .want_input = true, .want_output = true}};

	check_int(fd_wait(waits, 2, 0), 0);
	check_int(fd_wait(waits, 2, -1), 0);
	check_int(fd_wait(waits, 2, INT64_MIN), 0);
	check_int(fd_wait(waits, 2, clock_now() - NSEC_PER_SEC), 0);
	check(clock_now() - begun < NSEC_PER_SEC);
	deadline = clock_now() + 30 * NSEC_PER_MSEC;
	check_int(fd_wait(waits, 2, deadline), 0);
	check(clock_now() >= deadline);
	check(!waits[0].input && !waits[0].hangup && !waits[1].input && !waits[1].hangup);
	check_int(fd_write(ends[1], "x", 1), 1);
	check_int(fd_wait(waits, 2, NSEC_FOREVER), 1);
	check(waits[0].input && !waits[0].hangup && !waits[1].input);
	fd_close(&ends[0]);
	fd_close(&ends[1]);
}

static void test_wait_events(void)
{
	int ends[2] = {-1, -1}, closed;

	check_int(fd_pipe(ends), 0);
	struct fd_wait reader = {.fd = ends[0]}, writer = {.fd = ends[1], .want_output = true};

	check_int(fd_wait(&writer, 1, 0), 1);
	check(writer.output && !writer.input && !writer.hangup);
	writer.want_output = false;
	check_int(fd_wait(&writer, 1, 0), 0);
	fd_close(&ends[1]);
	/* A hang-up is reported even if nothing is wanted. */
	check_int(fd_wait(&reader, 1, NSEC_FOREVER), 1);
	check(reader.hangup && reader.input);
	fd_close(&ends[0]);
	check_int(fd_pipe(ends), 0);
	fd_close(&ends[0]);
	writer.fd = closed = ends[1];
	check_int(fd_wait(&writer, 1, NSEC_FOREVER), 1);
	check(writer.hangup && writer.output);
	fd_close(&ends[1]);
	writer.fd = closed;
	check_int(fd_wait(&writer, 1, NSEC_FOREVER), 1);
	check(writer.hangup);
}

static void do_nothing(int number UNUSED)
{
}

static void test_wait_interrupted(void)
{
	struct itimerval timer = {.it_value.tv_usec = 20000};
	struct sigaction action = {.sa_handler = do_nothing};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	check_fails(fd_wait(NULL, 0, NSEC_FOREVER), EINTR);
}

static void test_reopen(void)
{
	int ends[2] = {-1, -1}, fd, file = open("/dev/null", O_WRONLY | O_CLOEXEC);

	check_int(pipe2(ends, O_CLOEXEC), 0);
	fd = fd_reopen_for_writing(ends[1]);
	if (check(fd >= 0)) {
		check_int(fcntl(fd, F_GETFD), FD_CLOEXEC);
		check(fcntl(fd, F_GETFL) & O_NONBLOCK);
		check(!(fcntl(ends[1], F_GETFL) & O_NONBLOCK));
		check_int(fd_write(fd, "x", 1), 1);
	}
	fd_close(&fd);
	check_int(fd_reopen_for_writing(file), -1);
	check_int(fd_reopen_for_writing(-1), -1);
	fd_close(&file);
	fd_close(&ends[0]);
	fd_close(&ends[1]);
}

/* A high descriptor gets a low number and its old number is closed; a low one keeps its number. */
static void test_lower(void)
{
	int ends[2] = {-1, -1}, high, low;

	check_int(fd_pipe_blocking(ends), 0);
	high = fcntl(ends[1], F_DUPFD_CLOEXEC, 200);
	check(high >= 200);
	low = fd_lower(high);
	check(low > 2 && low < 64);
	check_int(fcntl(low, F_GETFD), FD_CLOEXEC);
	check_fails(fcntl(high, F_GETFD), EBADF);
	check_int(write(low, "x", 1), 1);
	check_int(fd_lower(low), low);
	fd_close(&low);
	fd_close(&ends[0]);
	fd_close(&ends[1]);
}

const struct unit_test unit_fd[] = {
	{"closing keeps errno and sets -1", .run = test_close},
	{"a high descriptor is moved down", .run = test_lower},
	{"the two ends of a pipe", .run = test_pipe},
	{"two connected sockets", .run = test_socket_pair},
	{"no descriptors left", .run = test_no_descriptors},
	{"closed standard descriptors are filled", .run = test_fill},
	{"a child keeps exactly the inherited and the given descriptors", .run = test_census},
	{"a descriptor that is not inherited", .run = test_census_except},
	{"waiting until a deadline", .run = test_wait_deadlines},
	{"input, output and hang-up", .run = test_wait_events},
	{"a signal ends the waiting", .run = test_wait_interrupted},
	{"a pipe that is opened anew does not block, and the original does", .run = test_reopen},
	{.name = NULL},
};
