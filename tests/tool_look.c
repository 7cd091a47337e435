/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands by which a task of the outside tests prints what it finds. */

#define _GNU_SOURCE
#include "tool.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

int run_args(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		put_escaped(argv[i]);
	return 0;
}

int run_env(int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		const char *value = getenv(argv[i]);
		printf("%s=", argv[i]);
		if (value != NULL)
			put_escaped(value);
		else
			puts("unset");
	}
	return 0;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int run_environ(int argc, char **argv)
{
	size_t count;

	(void)argc;
	(void)argv;
	count = 0;
	while (environ[count] != NULL)
		count++;
	qsort(environ, count, sizeof *environ, compare_texts);
	for (size_t i = 0; i < count; i++)
		put_escaped(environ[i]);
	return 0;
}

static int compare_numbers(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

int run_fds(int argc, char **argv)
{
	static int fds[65536];
	size_t count;
	char path[64];
	char target[4096];
	DIR *folder;

	(void)argc;
	(void)argv;
	count = 0;
	folder = opendir("/proc/self/fd");
	if (folder == NULL)
		fail("/proc/self/fd: %s", strerror(errno));
	for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
		if (isdigit((unsigned char)entry->d_name[0]) && count < sizeof fds / sizeof fds[0])
			fds[count++] = (int)number(entry->d_name);
	}
	qsort(fds, count, sizeof fds[0], compare_numbers);
	for (size_t i = 0; i < count; i++) {
		ssize_t n;
		if (fds[i] == dirfd(folder))
			continue;
		snprintf(path, sizeof path, "/proc/self/fd/%d", fds[i]);
		n = readlink(path, target, sizeof target - 1);
		target[n > 0 ? n : 0] = '\0';
		printf("%d -> %s\n", fds[i], target);
	}
	closedir(folder);
	return 0;
}

static uint64_t status_mask(const char *field)
{
	char line[256];
	unsigned long long mask = 0;
	FILE *file = fopen("/proc/self/status", "re");

	if (file == NULL)
		fail("/proc/self/status: %s", strerror(errno));
	while (fgets(line, sizeof line, file) != NULL)
		if (strncmp(line, field, strlen(field)) == 0)
			sscanf(line + strlen(field), "%llx", &mask);
	fclose(file);
	/* Signals 32 and 33 are libc's own: no program can query or set them. */
	return mask & ~(UINT64_C(3) << 31);
}

static void put_signals(const char *title, uint64_t mask)
{
	printf("%s:", title);
	for (int n = 1; n <= SIGNAL_LAST; n++)
		if (mask & (UINT64_C(1) << (n - 1))) {
			if (signal_name(n))
				printf(" %s", signal_name(n));
			else
				printf(" %d", n);
		}
	putchar('\n');
}

int run_signals(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	put_signals("blocked", status_mask("SigBlk:"));
	put_signals("ignored", status_mask("SigIgn:"));
	return 0;
}

int run_ids(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("pid=%d pgid=%d ppid=%d sid=%d\n", (int)getpid(), (int)getpgrp(), (int)getppid(), (int)getsid(0));
	return 0;
}

int run_stdin(int argc, char **argv)
{
	char target[4096] = "closed";
	char block[BLOCK];
	size_t total;
	ssize_t n;

	(void)argc;
	(void)argv;
	total = 0;
	n = readlink("/proc/self/fd/0", target, sizeof target - 1);
	if (n > 0)
		target[n] = '\0';
	while ((n = read(0, block, sizeof block)) > 0)
		total += (size_t)n;
	printf("%s %s%zu bytes\n", target, n < 0 ? "unreadable " : "", total);
	return 0;
}

int run_limits(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	for (int i = 0; i < (int)RLIM_NLIMITS; i++) {
		struct rlimit limit;
		if (getrlimit((__rlimit_resource_t)i, &limit) == 0)
			printf("%d %lld %lld\n", i, (long long)limit.rlim_cur, (long long)limit.rlim_max);
	}
	return 0;
}

int run_surroundings(int argc, char **argv)
{
	char folder[4096];
	mode_t mask;

	(void)argc;
	(void)argv;
	mask = umask(0);
	printf("cwd=%s umask=%03o nice=%d\n", getcwd(folder, sizeof folder), (unsigned)mask,
	       getpriority(PRIO_PROCESS, 0));
	return 0;
}

int run_unread(int argc, char **argv)
{
	int count = 0;

	(void)argc;
	(void)argv;
	if (ioctl(0, FIONREAD, &count) < 0)
		fail("FIONREAD: %s", strerror(errno));
	printf("%d\n", count);
	return 0;
}

/* Returns how many processors this process may use. */
static int count_processors(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof set, &set) < 0)
		fail("affinity: %s", strerror(errno));
	return CPU_COUNT(&set);
}

static int processors_before_main;

/* As a library for threads counts them. */
static __attribute__((constructor)) void count_before_main(void)
{
	processors_before_main = count_processors();
}

int run_processors(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("%d %d\n", processors_before_main, count_processors());
	return 0;
}
