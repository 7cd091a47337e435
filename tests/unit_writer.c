/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ipc/writer: every byte arrives in order, the loop is not blocked, and the flags of shared files do not change. */
#include "unit.h"

#include "base/mem.h"
#include "ipc/fd.h"
#include "ipc/loop.h"
#include "ipc/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENOUGH (20 * NSEC_PER_SEC)

enum { TOTAL = 1500000 };

/* A writer whose notifications are counted, and the data for it. */
struct scene {
	struct loop loop;
	struct writer writer;
	int changes;
	char *data;
};

static void count_change(struct writer *writer)
{
	container_of(writer, struct scene, writer)->changes++;
}

static void scene_init(struct scene *scene, int fd)
{
	*scene = (struct scene){.data = mem_new(TOTAL, 1)};
	unit_fill(scene->data, TOTAL, 1);
	check_int(loop_init(&scene->loop), 0);
	writer_init(&scene->writer, &scene->loop, fd);
	scene->writer.changed = count_change;
}

static void scene_release(struct scene *scene)
{
	writer_release(&scene->writer);
	loop_release(&scene->loop);
	free(scene->data);
}

/* Starts a child that reads fd slowly to its end and exits with 0 if it has read exactly the data. */
static pid_t start_reader(const struct scene *scene, int fd, int other)
{
	char *got = mem_new(TOTAL + 1, 1);
	struct unit_random random = unit_random();
	size_t size = 0;
	ssize_t now;
	pid_t pid = fork();

	if (pid) {
		free(got);
		return pid;
	}
	close(other);
	if (scene->writer.own >= 0)
		close(scene->writer.own);
	do {
		size_t most = 1 + unit_below(&random, 70000);

		if (unit_below(&random, 8) == 0)
			fd_wait(NULL, 0, clock_now() + NSEC_PER_MSEC);
		now = fd_read(fd, got + size, most < TOTAL + 1 - size ? most : TOTAL + 1 - size);
		size += now > 0 ? (size_t)now : 0;
	} while (now > 0);
	_exit(size != TOTAL || memcmp(got, scene->data, TOTAL) != 0);
}

/* Puts everything in pieces of random sizes, never into a full writer, and waits until it is written. */
static void write_everything(struct scene *scene)
{
	struct unit_random random = unit_random();
	nsec deadline = clock_now() + ENOUGH;
	size_t done = 0;

	while (done < TOTAL && !scene->writer.error && clock_now() < deadline) {
		size_t most = unit_below(&random, 6) ? 300 : 200000, size = 1 + unit_below(&random, most);

		size = size < TOTAL - done ? size : TOTAL - done;
		if (writer_is_full(&scene->writer)) {
			loop_step(&scene->loop, deadline);
			continue;
		}
		writer_put(&scene->writer, (struct slice){.data = scene->data + done, .size = size});
		done += size;
		if (unit_below(&random, 10) == 0)
			writer_flush(&scene->writer);
		check(scene->writer.buffer.size - scene->writer.written < 262144 + 200000);
	}
	for (writer_flush(&scene->writer); !writer_is_idle(&scene->writer) && clock_now() < deadline;)
		loop_step(&scene->loop, deadline);
	check(writer_is_idle(&scene->writer));
	check_int(scene->writer.error, 0);
	check_int(scene->writer.total, TOTAL);
}

/* Writes to fd while a child reads other, then closes fd. */
static void pump(int fd, int other, int kind)
{
	struct scene scene;
	int flags = fcntl(fd, F_GETFL);
	pid_t reader;

	scene_init(&scene, fd);
	check_int(scene.writer.kind, kind);
	reader = start_reader(&scene, other, fd);
	write_everything(&scene);
	check_int(fcntl(fd, F_GETFL), flags);
	scene_release(&scene);
	close(fd);
	check_int(unit_wait(reader), 0);
	close(other);
}

static void test_pipe(void)
{
	int ends[2] = {-1, -1};

	check_int(pipe2(ends, O_CLOEXEC), 0);
	pump(ends[1], ends[0], WRITER_NONBLOCKING);
}

static void test_socket(void)
{
	int ends[2] = {-1, -1};

	check_int(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	pump(ends[1], ends[0], WRITER_SOCKET);
}

static void limit_fds(rlim_t most)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = most;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Tests with a pipe that cannot be opened anew, since no descriptor is free. */
static void scene_init_polled(struct scene *scene, int fd)
{
	scene_init(scene, fd);
	writer_release(&scene->writer);
	limit_fds((rlim_t)scene->loop.epoll + 1);
	writer_init(&scene->writer, &scene->loop, fd);
	limit_fds(1000);
	check_int(scene->writer.kind, WRITER_POLLED);
}

static void test_polled_pipe(void)
{
	int ends[2] = {-1, -1};
	struct scene scene;
	pid_t reader;

	check_int(pipe2(ends, O_CLOEXEC), 0);
	scene_init_polled(&scene, ends[1]);
	reader = start_reader(&scene, ends[0], ends[1]);
	write_everything(&scene);
	check(!(fcntl(ends[1], F_GETFL) & O_NONBLOCK));
	scene_release(&scene);
	fd_close(&ends[1]);
	check_int(unit_wait(reader), 0);
	fd_close(&ends[0]);
}

/* Without a reader much can be put in, and no call blocks. */
static void put_without_reader(void (*init)(struct scene *scene, int fd), int ends[2])
{
	struct scene scene;

	init(&scene, ends[1]);
	writer_put(&scene.writer, (struct slice){.data = scene.data, .size = TOTAL});
	loop_step(&scene.loop, 0);
	writer_put(&scene.writer, (struct slice){.data = scene.data, .size = TOTAL});
	writer_flush(&scene.writer);
	check(writer_is_full(&scene.writer) && !writer_is_idle(&scene.writer));
	check(scene.writer.total > 0 && scene.writer.total < TOTAL);
	scene_release(&scene);
	fd_close(&ends[0]);
	fd_close(&ends[1]);
}

static void test_no_reader(void)
{
	int ends[2] = {-1, -1};

	check_int(pipe2(ends, O_CLOEXEC), 0);
	put_without_reader(scene_init, ends);
	check_int(pipe2(ends, O_CLOEXEC), 0);
	put_without_reader(scene_init_polled, ends);
	check_int(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	put_without_reader(scene_init, ends);
}

/* A descriptor that is not watched, but was made non-blocking by another process: a write waits for room. */
static void test_plain_nonblocking(void)
{
	int ends[2] = {-1, -1};
	struct scene scene;
	pid_t reader;

	check_int(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	check_int(fcntl(ends[0], F_SETFL, 0), 0);
	scene_init(&scene, ends[1]);
	writer_release(&scene.writer);
	scene.writer.kind = WRITER_PLAIN;
	scene.writer.watch.fd = ends[1];
	reader = start_reader(&scene, ends[0], ends[1]);
	write_everything(&scene);
	scene_release(&scene);
	fd_close(&ends[1]);
	check_int(unit_wait(reader), 0);
	fd_close(&ends[0]);
}

static void test_regular_file(void)
{
	char *path = unit_file("out", "", 0600);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	struct scene scene;
	struct stat status;

	scene_init(&scene, fd);
	check_int(scene.writer.kind, WRITER_PLAIN);
	write_everything(&scene);
	check_int(fstat(fd, &status), 0);
	check_int(status.st_size, TOTAL);
	scene_release(&scene);
	fd_close(&fd);
	free(path);
}

/* Full because of a reader that does not read; then it has room again, and notifies its owner. */
static void test_full(void)
{
	int ends[2] = {-1, -1};
	struct scene scene;
	size_t put = 0;

	check_int(fd_pipe(ends), 0);
	scene_init(&scene, ends[1]);
	while (!writer_is_full(&scene.writer) && put + 1000 <= TOTAL) {
		writer_put(&scene.writer, (struct slice){.data = scene.data + put, .size = 1000});
		put += 1000;
	}
	check(writer_is_full(&scene.writer));
	loop_step(&scene.loop, 0);
	check_int(scene.changes, 0);
	while (!writer_is_idle(&scene.writer) && !scene.writer.error) {
		char block[65536];

		while (fd_read(ends[0], block, sizeof block) > 0)
			;
		loop_step(&scene.loop, clock_now() + ENOUGH);
	}
	check_int(scene.changes, 1);
	check_int(scene.writer.total, put);
	scene_release(&scene);
	fd_close(&ends[0]);
	fd_close(&ends[1]);
}

/* The reader ends while nothing, a little or much is buffered. */
static void lose_reader(size_t pending)
{
	int ends[2] = {-1, -1}, steps;
	struct scene scene;

	check_int(fd_pipe(ends), 0);
	scene_init(&scene, ends[1]);
	writer_put(&scene.writer, (struct slice){.data = scene.data, .size = pending});
	loop_step(&scene.loop, 0);
	check_int(scene.writer.error, 0);
	fd_close(&ends[0]);
	for (steps = 0; steps < 3 && !scene.writer.error; steps++)
		loop_step(&scene.loop, clock_now() + ENOUGH);
	check_int(scene.writer.error, EPIPE);
	check_int(scene.changes, 1);
	check(writer_is_idle(&scene.writer) && !writer_is_full(&scene.writer));
	writer_put(&scene.writer, slice_of("dropped"));
	writer_flush(&scene.writer);
	check(writer_is_idle(&scene.writer));
	check_int(scene.changes, 1);
	loop_step(&scene.loop, 0);
	scene_release(&scene);
	fd_close(&ends[1]);
}

static void test_lost_reader(void)
{
	lose_reader(0);
	lose_reader(10);
	lose_reader(500000);
}

static void test_lost_socket(void)
{
	int ends[2] = {-1, -1};
	struct scene scene;

	check_int(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	scene_init(&scene, ends[1]);
	fd_close(&ends[0]);
	loop_step(&scene.loop, clock_now() + ENOUGH);
	check_int(scene.writer.error, EPIPE);
	scene_release(&scene);
	fd_close(&ends[1]);
}

static void test_full_device(void)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct scene scene;

	scene_init(&scene, fd);
	writer_put(&scene.writer, slice_of("x"));
	check_int(scene.writer.error, 0);
	writer_flush(&scene.writer);
	check_int(scene.writer.error, ENOSPC);
	check_int(scene.changes, 1);
	scene_release(&scene);
	scene_init(&scene, fd);
	writer_put(&scene.writer, (struct slice){.data = scene.data, .size = TOTAL});
	check_int(scene.writer.error, ENOSPC);
	check_int(scene.writer.total, 0);
	scene_release(&scene);
	fd_close(&fd);
}

static void test_bad_descriptor(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct scene scene;

	scene_init(&scene, fd);
	writer_put(&scene.writer, slice_of("x"));
	writer_flush(&scene.writer);
	check_int(scene.writer.error, EBADF);
	scene_release(&scene);
	fd_close(&fd);
}

const struct unit_test unit_writer[] = {
	{"a slow reader of a pipe", .run = test_pipe},
	{"a slow reader of a socket", .run = test_socket},
	{"a pipe that cannot be opened anew", .run = test_polled_pipe},
	{"without a reader no call blocks", .run = test_no_reader},
	{"a descriptor that another process made non-blocking", .run = test_plain_nonblocking},
	{"a regular file", .run = test_regular_file},
	{"a full writer notifies its owner of room", .run = test_full},
	{"the end of the reader of a pipe", .run = test_lost_reader},
	{"the end of the reader of a socket", .run = test_lost_socket},
	{"a full device", .run = test_full_device},
	{"a descriptor that cannot be written", .run = test_bad_descriptor},
	{.name = NULL},
};
