/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of lines. */
#include "journal/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Returns where the last whole line of a file that is appended to ends, since its writer may have been killed within
 * one; size if that cannot be read.
 */
static off_t find_whole(const struct log_file *file, off_t size)
{
	int fd = open(file->name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	off_t at = size, end = fd < 0 ? size : 0;
	char block[4096];

	while (!end && at > 0) {
		size_t count = at < (off_t)sizeof block ? (size_t)at : sizeof block;
		const char *last;

		at -= (off_t)count;
		if (pread(fd, block, count, at) != (ssize_t)count)
			end = size;
		else if ((last = memrchr(block, '\n', count)))
			end = at + (last + 1 - block);
	}
	if (fd >= 0)
		close(fd);
	return end;
}

/* Ends or removes a line that the file ends within. Returns how the file begins, or -1 with errno. */
static int begin_log_lines(struct log_file *file, bool continues)
{
	struct stat status;
	off_t whole;

	if (fstat(file->fd, &status) < 0 || !S_ISREG(status.st_mode) || !status.st_size)
		return LOG_FILE_EMPTY;
	whole = find_whole(file, status.st_size);
	if (whole == status.st_size)
		return LOG_FILE_HAS_LINES;
	if (!continues) {
		bytes_append_text(&file->lines, "\n");
		return LOG_FILE_HAS_LINES;
	}
	/* The task of that line is run again, or its journal has it. */
	if (ftruncate(file->fd, whole) < 0)
		return -1;
	return whole ? LOG_FILE_HAS_LINES : LOG_FILE_EMPTY;
}

int log_file_open(struct log_file *file, const char *option, const char *value, bool continues, struct error *error)
{
	bool has_sign = value[0] == '+', appends = has_sign || continues;
	int start;

	*file = (struct log_file){.option = option, .name = value + has_sign};
	file->fd =
		open(file->name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | (appends ? 0 : O_TRUNC), 0600);
	if (file->fd < 0)
		return error_set_errno(error, errno, "%s: cannot write %s", option, file->name);
	start = begin_log_lines(file, continues);
	return start < 0 ? error_set_errno(error, errno, "%s: cannot cut %s", option, file->name) : start;
}

int log_file_flush(struct log_file *file, struct error *error)
{
	size_t done = 0;
	int number = 0;

	while (done < file->lines.size && !number) {
		ssize_t now = write(file->fd, file->lines.data + done, file->lines.size - done);

		if (now > 0)
			done += (size_t)now;
		else if (now == 0 || errno != EINTR)
			number = now == 0 ? ENOSPC : errno;
	}
	if (!number) {
		bytes_clear(&file->lines);
		return 0;
	}
	/* The disk is full: remove the part of a line. */
	if (done) {
		off_t end = lseek(file->fd, 0, SEEK_END);

		(void)!ftruncate(file->fd, end - (off_t)done);
	}
	bytes_clear(&file->lines);
	return error_set_errno(error, number, "%s: cannot write %s", file->option, file->name);
}

void log_file_close(struct log_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	bytes_release(&file->lines);
}
