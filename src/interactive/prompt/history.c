/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The history's file: locked while it is changed, and changed in place, so that no lock is on a replaced file. */
#include "interactive/prompt/history.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "ipc/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The most bytes that are read, from the end. */
#define SIZE_LIMIT ((off_t)8 << 20)

/* Opens and locks the file. Returns its descriptor, -1 if it is not a regular file. */
static int history_open_file(const char *path, int flags)
{
	int fd = open(path, flags | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0600);
	struct stat status;

	if (fd >= 0 && (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || flock(fd, LOCK_EX) < 0))
		fd_close(&fd);
	return fd;
}

/* Reads the last part of the file, in whole lines. */
static void read_lines(int fd, struct bytes *lines)
{
	enum { PIECE = 65536 };
	off_t size = lseek(fd, 0, SEEK_END), begin = size > SIZE_LIMIT ? size - SIZE_LIMIT : 0;
	const char *newline;
	ssize_t got;

	if (lseek(fd, begin, SEEK_SET) < 0)
		return;
	while ((got = fd_read(fd, bytes_reserve(lines, PIECE), PIECE)) > 0)
		lines->size += (size_t)got;
	if (begin) {
		newline = memchr(lines->data, '\n', lines->size);
		bytes_consume(lines, newline ? (size_t)(newline - lines->data) + 1 : lines->size);
	}
	if (lines->size && lines->data[lines->size - 1] != '\n')
		bytes_append(lines, "\n", 1);
}

/* True if the home folder exists, or path is not in it: folders are made in a home, but no home is. */
static bool home_is_there(const char *home, const char *path)
{
	struct stat status;
	size_t length = home ? strlen(home) : 0;

	while (length && home[length - 1] == '/')
		length--;
	if (!length || strncmp(path, home, length) != 0 || (path[length] && path[length] != '/'))
		return true;
	return stat(home, &status) == 0 && S_ISDIR(status.st_mode);
}

char *history_default(const char *state, const char *home)
{
	if (state && *state == '/')
		return home_is_there(home, state) ? mem_format("%s/mpmap/history", state) : NULL;
	if (home && *home && home_is_there(home, home))
		return mem_format("%s/.local/state/mpmap/history", home);
	return NULL;
}

void history_read(const char *path, void (*take)(const char *text))
{
	struct bytes lines = {.data = NULL};
	int fd = history_open_file(path, O_RDONLY);
	char *at, *end;

	if (fd < 0)
		return;
	read_lines(fd, &lines);
	fd_close(&fd);
	for (at = lines.data; at < lines.data + lines.size; at = end + 1) {
		end = memchr(at, '\n', (size_t)(lines.data + lines.size - at));
		*end = '\0';
		if (*at)
			take(at);
	}
	bytes_release(&lines);
}

static void make_folders(const char *path)
{
	char *folder = mem_string(path), *slash;

	for (slash = strchr(folder, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		/* If it cannot be made, opening the file fails. */
		(void)!mkdir(folder, 0700);
		*slash = '/';
	}
	free(folder);
}

void history_append(const char *path, const char *text)
{
	struct bytes line = {.data = NULL};
	int fd = history_open_file(path, O_WRONLY | O_APPEND | O_CREAT);

	if (fd < 0 && errno == ENOENT) {
		make_folders(path);
		fd = history_open_file(path, O_WRONLY | O_APPEND | O_CREAT);
	}
	if (fd < 0)
		return;
	bytes_append_text(&line, text);
	bytes_append(&line, "\n", 1);
	(void)!fd_write(fd, line.data, line.size);
	bytes_release(&line);
	fd_close(&fd);
}

void history_trim(const char *path, size_t count)
{
	struct bytes lines = {.data = NULL};
	int fd = history_open_file(path, O_RDWR);
	size_t from;

	if (fd < 0)
		return;
	read_lines(fd, &lines);
	/* Finds the newline before the last count lines. */
	for (from = lines.size; from; from--) {
		if (lines.data[from - 1] == '\n' && !count--)
			break;
	}
	bytes_consume(&lines, from);
	if (from && pwrite(fd, lines.data, lines.size, 0) == (ssize_t)lines.size)
		(void)!ftruncate(fd, (off_t)lines.size);
	bytes_release(&lines);
	fd_close(&fd);
}
