/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files without a name, and reading and writing all of something: each call restarts after a signal. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"

/*
 * Opens a new empty file in directory, readable and writable by this user only (0600) and close-on-exec, that has no
 * name: by O_TMPFILE, or where the file system lacks it under a random name that is removed at once. Returns the
 * descriptor, which the caller closes, or -1 with errno.
 */
int file_open_nameless(const char *directory) MUST_CHECK;

/* Writes all of the bytes at the file's position. Returns 0, or -1 with errno: ENOSPC when a write makes no progress.
 */
int file_write_all(int fd, struct slice bytes) MUST_CHECK;

/* Writes all of the bytes at offset. Returns 0, or -1 with errno: ENOSPC when a write makes no progress. */
int file_write_at(int fd, uint64_t offset, struct slice bytes) MUST_CHECK;

/* Reads size bytes at offset into data. Returns 0, or -1 with errno: EIO when the file ends before. */
int file_read_at(int fd, uint64_t offset, char *data, size_t size) MUST_CHECK;

/*
 * Appends everything from the file's position to its end to bytes. Returns 0, or -1 with errno: EFBIG when bytes would
 * then hold more than maximum bytes. What was read before the failure stays in bytes.
 */
int file_read_all(int fd, struct bytes *bytes, size_t maximum) MUST_CHECK;

#endif
