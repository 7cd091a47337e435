/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Preloaded into mpmap: notes what a loss of power would leave, for tests/power.py.
 *
 * POWER_DISK names a folder: what is stored. A sync of a file copies its contents there, under the number of its inode;
 * a sync of a folder copies its names. What has not been synced has not reached it. POWER_BEFORE=N stops the process
 * just before its N-th call that writes, cuts or syncs, POWER_AFTER=N just after it; the driver ends everything then,
 * and puts back what the folder has.
 *
 * Only the process that was started with these acts: its children do not get them.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static char *power_disk;
static pid_t power_owner;
static long power_before, power_after, power_calls;

static long number_of(const char *name)
{
	const char *value = getenv(name);

	return value ? strtol(value, NULL, 10) : 0;
}

__attribute__((constructor)) static void power_begin(void)
{
	const char *disk = getenv("POWER_DISK");

	if (!disk)
		return;
	power_disk = strdup(disk);
	power_owner = getpid();
	power_before = number_of("POWER_BEFORE");
	power_after = number_of("POWER_AFTER");
	unsetenv("POWER_DISK");
	unsetenv("LD_PRELOAD");
}

/* True in the process that was started with POWER_DISK. */
static int is_owner(void)
{
	return power_disk && getpid() == power_owner;
}

static void before_call(void)
{
	if (is_owner() && ++power_calls == power_before)
		raise(SIGSTOP);
}

static void after_call(void)
{
	if (is_owner() && power_calls == power_after)
		raise(SIGSTOP);
}

/* Ends the test: a disk that notes less than was synced would prove nothing. */
static void fail(const char *what)
{
	dprintf(STDERR_FILENO, "power: cannot note %s\n", what);
	abort();
}

/* Writes the contents of a file, or the names in a folder with their inodes. */
static void copy_contents(int from, mode_t mode, FILE *to)
{
	char path[64], piece[1 << 16];
	const struct dirent *entry;
	size_t size;
	FILE *file;
	DIR *folder;

	snprintf(path, sizeof path, "/proc/self/fd/%d", from);
	if (S_ISDIR(mode)) {
		folder = opendir(path);
		while (folder && (entry = readdir(folder)))
			fprintf(to, "%llu %s\n", (unsigned long long)entry->d_ino, entry->d_name);
		if (!folder || closedir(folder) < 0)
			fail("a folder");
		return;
	}
	file = fopen(path, "re");
	while (file && (size = fread(piece, 1, sizeof piece, file)))
		fwrite(piece, 1, size, to);
	if (!file || fclose(file) < 0)
		fail("a file");
}

/* Has what is synced on the disk, all of it or nothing. */
static void store(int fd)
{
	char name[4096], temporary[4096];
	struct stat status;
	FILE *to;

	if (!is_owner() || fstat(fd, &status) < 0 || (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)))
		return;
	snprintf(name, sizeof name, "%s/%llu", power_disk, (unsigned long long)status.st_ino);
	snprintf(temporary, sizeof temporary, "%s/new", power_disk);
	to = fopen(temporary, "we");
	if (!to)
		fail(temporary);
	copy_contents(fd, status.st_mode, to);
	if (fclose(to) != 0 || rename(temporary, name) < 0)
		fail(name);
}

/* The function of libc of this name. */
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* A call that may be the last; the type of its result is first, a comma in its arguments is no problem. */
#define POINT(type, name, ...) \
	do { \
		type result; \
\
		before_call(); \
		result = REAL(name)(__VA_ARGS__); \
		after_call(); \
		return result; \
	} while (0)

ssize_t write(int fd, const void *data, size_t size)
{
	struct stat status;

	/* What a pipe or a socket takes is no matter of the disk. */
	if (!is_owner() || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return REAL(write)(fd, data, size);
	POINT(ssize_t, write, fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
	POINT(ssize_t, pwrite, fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
	POINT(ssize_t, pwrite64, fd, data, size, offset);
}

int ftruncate(int fd, off_t size)
{
	POINT(int, ftruncate, fd, size);
}

int ftruncate64(int fd, off64_t size)
{
	POINT(int, ftruncate64, fd, size);
}

/* Syncs: what is on the disk is so when the call returns, or the process is stopped before it. */
static int sync_by(int (*real)(int), int fd)
{
	int result;

	before_call();
	result = real(fd);
	if (result == 0)
		store(fd);
	after_call();
	return result;
}

int fsync(int fd)
{
	return sync_by(REAL(fsync), fd);
}

int fdatasync(int fd)
{
	return sync_by(REAL(fdatasync), fd);
}
