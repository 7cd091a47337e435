/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files without a name, and whole reads and writes. */
#include "base/file.h"

#include "base/fault.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { READ_SIZE = 65536 };

int file_open_nameless(const char *directory)
{
	char *path;
	int fd = -1;

	if (!fault_at("tmpfile"))
		fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd;
	path = mem_format("%s/mpmap-XXXXXX", directory);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	free(path);
	return fd;
}

/* Takes the outcome of a write off *bytes. Returns true to continue, false with errno. */
static bool file_advance(struct slice *bytes, ssize_t written)
{
	if (written < 0)
		return errno == EINTR;
	if (written == 0) {
		errno = ENOSPC;
		return false;
	}
	bytes->data += written;
	bytes->size -= (size_t)written;
	return true;
}

int file_write_all(int fd, struct slice bytes)
{
	while (bytes.size) {
		if (!file_advance(&bytes, write(fd, bytes.data, bytes.size)))
			return -1;
	}
	return 0;
}

int file_write_at(int fd, uint64_t offset, struct slice bytes)
{
	uint64_t end = offset + bytes.size;

	while (bytes.size) {
		if (!file_advance(&bytes, pwrite(fd, bytes.data, bytes.size, (off_t)(end - bytes.size))))
			return -1;
	}
	return 0;
}

int file_read_at(int fd, uint64_t offset, char *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got = pread(fd, data + done, size - done, (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			errno = EIO;
		if (got <= 0)
			return -1;
		done += (size_t)got;
	}
	return 0;
}

int file_read_all(int fd, struct bytes *bytes, size_t maximum)
{
	ssize_t got;

	do {
		got = read(fd, bytes_reserve(bytes, READ_SIZE), READ_SIZE);
		if (got < 0 && errno != EINTR)
			return -1;
		bytes->size += got > 0 ? (size_t)got : 0;
		if (bytes->size > maximum) {
			errno = EFBIG;
			return -1;
		}
	} while (got);
	return 0;
}
