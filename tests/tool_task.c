/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands that a task of the outside tests runs. */

#define _GNU_SOURCE
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SPEW_MARK UINT64_C(0x6d706d6170000000)
#define SEED_MASK UINT64_C(0xffffff)

int run_exit(int argc, char **argv)
{
	(void)argc;
	return (int)number(argv[0]);
}

int run_signal(int argc, char **argv)
{
	struct rlimit none = {0, 0};
	sigset_t empty;
	int n = signal_number(argv[0]);

	(void)argc;
	setrlimit(RLIMIT_CORE, &none);
	signal(n, SIG_DFL);
	sigemptyset(&empty);
	sigprocmask(SIG_SETMASK, &empty, NULL);
	raise(n);
	fail("still alive after signal %d", n);
}

int run_crash(int argc, char **argv)
{
	struct rlimit none = {0, 0};

	(void)argc;
	(void)argv;
	setrlimit(RLIMIT_CORE, &none);
	/* Raised, not caused: a sanitizer turns a real one into an exit status. */
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
	fail("still alive after SIGSEGV");
}

/* Writes texts, then reads a FIFO until its other side closes, or waits until another path exists. */
int run_hold(int argc, char **argv)
{
	struct stat info;
	char block[BLOCK];
	char folder[4096];
	char *slash;
	int watch;
	for (int i = 1; i < argc; i++)
		write_all(1, argv[i], strlen(argv[i]));
	if (stat(argv[0], &info) == 0 && S_ISFIFO(info.st_mode)) {
		int fd = open(argv[0], O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			fail("%s: %s", argv[0], strerror(errno));
		while (read(fd, block, sizeof block) > 0)
			;
		return 0;
	}
	snprintf(folder, sizeof folder, "%s", argv[0]);
	slash = strrchr(folder, '/');
	if (slash != NULL)
		*slash = '\0';
	watch = inotify_init1(IN_CLOEXEC);
	if (watch < 0 || inotify_add_watch(watch, slash != NULL ? folder : ".", IN_CREATE | IN_MOVED_TO) < 0)
		fail("inotify: %s: %s", argv[0], strerror(errno));
	while (access(argv[0], F_OK) != 0)
		if (read(watch, block, sizeof block) < 0 && errno != EINTR)
			fail("inotify: %s", strerror(errno));
	return 0;
}

static const char *caught_text;
static bool ends_when_caught;

static void on_caught(int number)
{
	(void)number;
	write_all(1, caught_text, strlen(caught_text));
	if (ends_when_caught)
		_exit(0);
}

/* Writes a text at SIGINT or SIGTERM. Is a single process: a shell can lose the signal to a child before its exec. */
int run_catch(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_caught, .sa_flags = SA_RESTART};
	int ready;
	caught_text = argv[1];
	ends_when_caught = argc < 3;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	ready = open(argv[0], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (ready < 0)
		fail("%s: %s", argv[0], strerror(errno));
	close(ready);
	if (argc > 2)
		return run_hold(1, argv + 2);
	wait_for_ever();
}

/* Copies bytes from a FIFO as they come, until its other side closes. */
int run_relay(int argc, char **argv)
{
	int out = argc > 1 ? (int)number(argv[1]) : 1;
	int fd = open(argv[0], O_RDONLY | O_CLOEXEC);
	char block[BLOCK];
	ssize_t n;

	if (fd < 0)
		fail("%s: %s", argv[0], strerror(errno));
	while ((n = read(fd, block, sizeof block)) > 0)
		write_all(out, block, (size_t)n);
	return 0;
}

static uint64_t spew_word(uint64_t seed, uint64_t index)
{
	uint64_t x = (seed & SEED_MASK) * UINT64_C(0x9e3779b97f4a7c15) + index;

	if (index == 0)
		return SPEW_MARK | (seed & SEED_MASK);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	return x ^ (x >> 27);
}

static void spew_fill(uint64_t *words, uint64_t seed, uint64_t at)
{
	for (uint64_t i = 0; i < BLOCK / 8; i++)
		words[i] = spew_word(seed, at / 8 + i);
}

int run_spew(int argc, char **argv)
{
	static uint64_t words[BLOCK / 8];
	uint64_t size = number(argv[0]);
	uint64_t seed = argc > 1 ? number(argv[1]) : 1;
	int out = argc > 2 ? (int)number(argv[2]) : 1;

	for (uint64_t at = 0; at < size; at += BLOCK) {
		spew_fill(words, seed, at);
		write_all(out, words, size - at < BLOCK ? (size_t)(size - at) : BLOCK);
	}
	return 0;
}

static void unspew_one(uint64_t size, uint64_t seed)
{
	static uint64_t words[BLOCK / 8];
	static char got[BLOCK];

	for (uint64_t at = 0; at < size; at += BLOCK) {
		size_t part = size - at < BLOCK ? (size_t)(size - at) : BLOCK;
		size_t skip = at == 0 ? 8 : 0;
		spew_fill(words, seed, at);
		memcpy(got, words, skip);
		if (fread(got + skip, 1, part - skip, stdin) != part - skip)
			fail("seed %d: ends after %llu of %llu bytes", (int)seed, (unsigned long long)at,
			     (unsigned long long)size);
		if (memcmp(got, words, part) != 0)
			fail("seed %d: wrong byte after %llu", (int)seed, (unsigned long long)at);
	}
}

/* Checks that stdin is what spew wrote with these seeds, in any order, and nothing else; prints the order. */
int run_unspew(int argc, char **argv)
{
	uint64_t size = number(argv[0]);
	uint64_t first = number(argv[1]);
	uint64_t last = argc > 2 ? number(argv[2]) : first;
	char *seen = calloc(1, (size_t)(last - first + 1));
	uint64_t mark = 0;

	if (seen == NULL || size < 8)
		fail("unspew: bad arguments");
	while (fread(&mark, 1, sizeof mark, stdin) == sizeof mark) {
		uint64_t seed = mark & SEED_MASK;
		if ((mark & ~SEED_MASK) != SPEW_MARK || seed < first || seed > last)
			fail("not the beginning of a spew: %016llx", (unsigned long long)mark);
		if (seen[seed - first]++)
			fail("seed %d: twice", (int)seed);
		unspew_one(size, seed);
		printf("%d\n", (int)seed);
	}
	for (uint64_t seed = first; seed <= last; seed++)
		if (!seen[seed - first])
			fail("seed %d: missing", (int)seed);
	free(seen);
	return 0;
}

int run_both(int argc, char **argv)
{
	(void)argc;
	for (int fd = 1; fd <= 2; fd++)
		dprintf(fd, "%s\n", argv[0]);
	return 0;
}

int run_stutter(int argc, char **argv)
{
	uint64_t count;

	(void)argc;
	count = number(argv[0]);
	for (uint64_t i = 0; i < count; i++)
		for (const char *p = argv[1];; p++) {
			write_all(1, *p != '\0' ? p : "\n", 1);
			write_all(2, *p != '\0' ? p : "\n", 1);
			if (*p == '\0')
				break;
		}
	return 0;
}

/* Writes a byte whenever the reader of the pipe has taken the byte before: the reader never gets two at once. */
int run_drip(int argc, char **argv)
{
	/* The reader may need this processor. */
	const struct timespec moment = {0, 10000};
	char block[BLOCK];
	ssize_t n;

	(void)argc;
	(void)argv;
	n = 0;
	while ((n = read(0, block, sizeof block)) > 0)
		for (ssize_t i = 0; i < n; i++) {
			int unread = 0;
			write_all(1, block + i, 1);
			while (ioctl(1, FIONREAD, &unread) == 0 && unread > 0) {
				if (poll(&(struct pollfd){.fd = 1}, 1, 0) > 0)
					return 0; /* the reader is gone */
				nanosleep(&moment, NULL);
			}
		}
	return 0;
}

int run_lines(int argc, char **argv)
{
	uint64_t count = number(argv[0]);
	size_t length = (size_t)number(argv[1]);
	int out = argc > 3 ? (int)number(argv[3]) : 1;
	char *line = malloc(length + 1);

	if (line == NULL)
		fail("out of memory");
	memset(line, argv[2][0], length);
	line[length] = '\n';
	for (uint64_t i = 0; i < count; i++)
		write_all(out, line, length + 1);
	free(line);
	return 0;
}

int run_silent(int argc, char **argv)
{
	close(1);
	close(2);
	return run_hold(argc, argv);
}

int run_pause(int argc, char **argv)
{
	(void)argc;
	write_pid(argv[0], getpid());
	wait_for_ever();
}

int run_ignore(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		signal(signal_number(argv[i]), SIG_IGN);
	return run_pause(argc, argv);
}

/* Leaves a child in the task's own group, which holds the task's output. */
int run_background(int argc, char **argv)
{
	int ready[2];
	char byte = 0;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) != 0)
		fail("pipe: %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		for (int i = 1; i < argc; i++)
			signal(signal_number(argv[i]), SIG_IGN);
		write_all(ready[1], &byte, 1);
		wait_for_ever();
	}
	if (pid < 0 || read(ready[0], &byte, 1) != 1)
		fail("no background child");
	write_pid(argv[0], pid);
	return 0;
}

/* Leaves a child in the task's own group that writes once the task has ended. */
int run_afterword(int argc, char **argv)
{
	int alive[2];
	char byte;
	pid_t pid;

	(void)argc;
	if (pipe2(alive, O_CLOEXEC) != 0)
		fail("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		fail("no background child");
	if (pid > 0)
		return 0;
	close(alive[1]);
	while (read(alive[0], &byte, 1) != 0)
		;
	dprintf(1, "%s\n", argv[0]);
	return 0;
}

int run_daemonise(int argc, char **argv)
{
	bool keep = argc > 1 && strcmp(argv[1], "keep") == 0;
	pid_t pid = fork();

	if (pid > 0) {
		int status = 0;

		waitpid(pid, &status, 0);
		return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
	}
	if (pid < 0 || setsid() < 0)
		fail("daemonise: %s", strerror(errno));
	pid = fork();
	if (pid > 0) {
		write_pid(argv[0], pid);
		_exit(0);
	}
	if (!keep)
		for (int fd = 0; fd <= 2; fd++)
			close(fd);
	wait_for_ever();
}
