/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The spill file: held output on disk, in one file without a name. Its blocks are used again once everything in them
 * has been released, so that it never exceeds its limit, however long the run.
 */
#ifndef ORDER_SPILL_H
#define ORDER_SPILL_H

#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"

enum { SPILL_BLOCK = 64 * 1024 };

struct spill {
	const char *directory;
	/* The most bytes on disk. */
	uint64_t limit;
	/* True if what is stored now may exceed the limit. */
	bool exempt;
	/* The file, -1 before the first block. */
	int fd;
	/* Bytes in use of each block. */
	uint32_t *live;
	size_t blocks;
	size_t capacity;
	/* How many blocks have no byte in use. */
	size_t free_blocks;
	/* The block that is being filled, in tail until it is full; SIZE_MAX if none. */
	size_t current;
	size_t filled;
	char *tail;
	/* Bytes stored since the beginning. */
	uint64_t total;
};

/*
 * Initializes a spill file, which is opened by the first write. directory must outlive it; limit is in bytes, less than
 * a block for no file at all.
 */
void spill_init(struct spill *spill, const char *directory, uint64_t limit);

/* True if at least one byte can be stored. */
bool spill_has_room(const struct spill *spill);

/* Returns the bytes of disk in use. */
uint64_t spill_used(const struct spill *spill);

/*
 * Stores the beginning of bytes and sets *offset to its place. Returns how many bytes that are, 0 if the limit is
 * reached; the caller continues with the rest. Returns -1 with the error, such as a full disk.
 */
ssize_t spill_write(struct spill *spill, struct slice bytes, uint64_t *offset, struct error *error) MUST_CHECK;

/* Reads size bytes that one spill_write stored at offset. Returns 0, or -1 with the error. */
int spill_read(struct spill *spill, uint64_t offset, char *data, size_t size, struct error *error) MUST_CHECK;

/* Releases a part of what one spill_write stored. */
void spill_free(struct spill *spill, uint64_t offset, size_t size);

void spill_release(struct spill *spill);

#endif
