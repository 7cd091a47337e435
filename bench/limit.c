/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The limit that benchmarks measure against: what the kernel's own start and end of a process cost, and nothing else.
 *
 * limit [-c|-f] [-s] JOBS COMMAND [ARG]... <LIST
 *
 * JOBS processes each take the next line of LIST from a counter in shared memory, start COMMAND with it as the last
 * argument, wait for it, and so on. There is no order, no result, no reading beside running, and no failure is dealt
 * with. A task has what mpmap gives it: a process group, a parent-death signal, no blocked signals, /dev/null to read
 * from. It is started as mpmap's are, with memory shared until it executes.
 *
 *   -c  captures standard output and error through two pipes, new for each task, reads them once the task has ended and
 *       writes them out. As few system calls as this can have: a task that writes more than a pipe holds never ends.
 *   -f  captures them by following: poll until both are at their end, then the task's.
 *   -s  starts by libc's posix_spawn, which makes more system calls of its own.
 *
 * The end of a task that fails is counted: exit status 1 when there was one.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK_SIZE = 64 * 1024, BUFFER_SIZE = 128 * 1024 };

extern char **environ;

/* The memory that all processes share. */
struct shared {
	atomic_size_t next;
	atomic_size_t failed;
};

struct limit {
	struct shared *shared;
	char **records;
	size_t count;
	/* COMMAND, its arguments, the record, NULL. */
	char **arguments;
	size_t record_at;
	bool capture;
	bool follow;
	bool spawn;
	pid_t worker;
	sigset_t nothing;
	posix_spawnattr_t attributes;
	/* The writing ends of the pipes for the task being started. */
	int writers[2];
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "limit: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* Reads all of standard input, with a NUL in place of each newline. */
static void read_list(struct limit *limit)
{
	size_t size = 0, capacity = 1 << 20, most = 0;
	char *data = malloc(capacity), *place;
	ssize_t got;

	while (data && (got = read(STDIN_FILENO, data + size, capacity - size - 1)) > 0) {
		size += (size_t)got;
		if (capacity - size < 2)
			data = realloc(data, capacity *= 2);
	}
	if (!data)
		die("list");
	data[size] = '\0';
	for (place = data; place < data + size; place = strchr(place, '\0') + 1) {
		char *end = strchr(place, '\n');

		if (limit->count == most) {
			most = most ? most * 2 : 1024;
			limit->records = realloc(limit->records, most * sizeof *limit->records);
			if (!limit->records)
				die("list");
		}
		limit->records[limit->count++] = place;
		if (end)
			*end = '\0';
	}
}

/* Runs on a stack of its own in the memory of the worker, which is suspended meanwhile. */
static int become_task(void *argument)
{
	const struct limit *limit = argument;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != limit->worker)
		_exit(127);
	sigprocmask(SIG_SETMASK, &limit->nothing, NULL);
	if (limit->capture) {
		dup2(limit->writers[0], STDOUT_FILENO);
		dup2(limit->writers[1], STDERR_FILENO);
	}
	execve(limit->arguments[0], limit->arguments, environ);
	_exit(127);
}

/* Sets the attributes of tasks that posix_spawn has; it has no parent-death signal. */
static void prepare_spawn(struct limit *limit)
{
	if (posix_spawnattr_init(&limit->attributes) ||
	    posix_spawnattr_setflags(&limit->attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK) ||
	    posix_spawnattr_setsigmask(&limit->attributes, &limit->nothing))
		die("posix_spawn");
}

static pid_t spawn(struct limit *limit)
{
	posix_spawn_file_actions_t actions, *used = NULL;
	pid_t pid = -1;

	if (limit->capture) {
		used = &actions;
		posix_spawn_file_actions_init(used);
		posix_spawn_file_actions_adddup2(used, limit->writers[0], STDOUT_FILENO);
		posix_spawn_file_actions_adddup2(used, limit->writers[1], STDERR_FILENO);
	}
	errno = posix_spawn(&pid, limit->arguments[0], used, &limit->attributes, limit->arguments, environ);
	if (used)
		posix_spawn_file_actions_destroy(used);
	return errno ? -1 : pid;
}

static pid_t start(struct limit *limit)
{
	static char stack[STACK_SIZE] __attribute__((aligned(64)));

	if (limit->spawn)
		return spawn(limit);
	return clone(become_task, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, limit);
}

static void put(int fd, const char *data, ssize_t size)
{
	while (size > 0) {
		ssize_t put = write(fd, data, (size_t)size);

		if (put < 0)
			die("output");
		data += put;
		size -= put;
	}
}

/* Passes on the bytes that are in a pipe. False at its end. */
static bool pass_on(int from, int to)
{
	static char buffer[BUFFER_SIZE];
	ssize_t got = read(from, buffer, sizeof buffer);

	put(to, buffer, got);
	return got > 0;
}

/* Reads output as it comes, until both pipes are at their end. */
static void follow(const int readers[2])
{
	struct pollfd waits[2] = {{.fd = readers[0], .events = POLLIN}, {.fd = readers[1], .events = POLLIN}};
	int i;

	while (waits[0].fd >= 0 || waits[1].fd >= 0) {
		if (poll(waits, 2, -1) < 0)
			die("poll");
		for (i = 0; i < 2; i++) {
			if (waits[i].fd >= 0 && waits[i].revents && !pass_on(readers[i], i + 1))
				waits[i].fd = -1;
		}
	}
}

static void run_task(struct limit *limit)
{
	int readers[2] = {-1, -1}, i, status = 0;
	pid_t pid;

	for (i = 0; i < 2 && limit->capture; i++) {
		int ends[2];

		if (pipe2(ends, O_CLOEXEC) < 0)
			die("pipe");
		readers[i] = ends[0];
		limit->writers[i] = ends[1];
	}
	pid = start(limit);
	if (pid < 0)
		die(limit->arguments[0]);
	if (limit->capture) {
		close(limit->writers[0]);
		close(limit->writers[1]);
	}
	if (limit->follow)
		follow(readers);
	if (waitpid(pid, &status, 0) < 0)
		die("waitpid");
	if (status)
		atomic_fetch_add(&limit->shared->failed, 1);
	for (i = 0; i < 2 && limit->capture; i++) {
		if (!limit->follow)
			pass_on(readers[i], i + 1);
		close(readers[i]);
	}
}

static _Noreturn void work(struct limit *limit)
{
	limit->worker = getpid();
	for (;;) {
		size_t mine = atomic_fetch_add(&limit->shared->next, 1);

		if (mine >= limit->count)
			_exit(0);
		limit->arguments[limit->record_at] = limit->records[mine];
		run_task(limit);
	}
}

/* Stores the command, with room for the record after it. */
static void take_command(struct limit *limit, char **words)
{
	while (words[limit->record_at])
		limit->record_at++;
	limit->arguments = calloc(limit->record_at + 2, sizeof *limit->arguments);
	if (!limit->arguments)
		die("command");
	memcpy(limit->arguments, words, limit->record_at * sizeof *words);
}

/* Makes /dev/null standard input, which tasks inherit. */
static void leave_input(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0)
		die("/dev/null");
	close(null);
}

int main(int argc, char **argv)
{
	/* Static, so that leak checkers see that it is used until the end of the process. */
	static struct limit limit;
	int option, jobs, i, status;

	while ((option = getopt(argc, argv, "+cfs")) != -1) {
		limit.capture |= option != 's';
		limit.follow |= option == 'f';
		limit.spawn |= option == 's';
		if (option == '?')
			return 2;
	}
	jobs = optind < argc ? (int)strtol(argv[optind], NULL, 10) : 0;
	if (jobs < 1 || argc - optind < 2) {
		fputs("usage: limit [-c|-f] [-s] JOBS COMMAND [ARG]... <LIST\n", stderr);
		return 2;
	}
	take_command(&limit, argv + optind + 1);
	read_list(&limit);
	leave_input();
	limit.shared = mmap(NULL, sizeof *limit.shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (limit.shared == MAP_FAILED)
		die("mmap");
	sigemptyset(&limit.nothing);
	if (limit.spawn)
		prepare_spawn(&limit);
	for (i = 0; i < jobs; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid == 0)
			work(&limit);
	}
	for (i = 0; i < jobs; i++) {
		if (wait(&status) < 0 || status)
			return 2;
	}
	return atomic_load(&limit.shared->failed) ? 1 : 0;
}
