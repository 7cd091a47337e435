/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bytes on disk that wait for their turn: one file, unlinked from birth, in blocks that are used again once everything
 * in them has been let go, so it never holds more than its limit however long the run.
 */
#ifndef ORDER_SPILL_H
#define ORDER_SPILL_H

#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"

enum { SPILL_BLOCK = 64 * 1024 };

struct spill {
	const char *directory;
	uint64_t limit;
	/* What is stored now may go beyond the limit. */
	bool exempt;
	int fd;
	/* Bytes still wanted in each block. */
	uint32_t *live;
	size_t blocks;
	size_t capacity;
	/* Blocks with nothing in them. */
	size_t free_blocks;
	/* The block being filled: its contents are in tail until it is full. SIZE_MAX: none. */
	size_t current;
	size_t filled;
	char *tail;
	/* Bytes ever spilled. */
	uint64_t total;
};

/* directory must outlive the spill; limit in bytes (less than a block: nothing is ever spilled). No file is made yet.
 */
void spill_init(struct spill *spill, const char *directory, uint64_t limit);

/* Whether there is room for at least one byte. */
bool spill_has_room(const struct spill *spill);

/* Bytes of disk in use. */
uint64_t spill_used(const struct spill *spill);

/*
 * Stores the beginning of bytes: how much went in (it may be less, to be continued with another call; 0: the limit is
 * reached), with *offset set to where it is; -1 with the error (the disk is full, say).
 */
ssize_t spill_write(struct spill *spill, struct slice bytes, uint64_t *offset, struct error *error) MUST_CHECK;

/* Reads back size bytes that were stored in one piece at offset. 0, or -1 with the error. */
int spill_read(struct spill *spill, uint64_t offset, char *data, size_t size, struct error *error) MUST_CHECK;

/* Lets go of a part of what was stored in one piece. */
void spill_free(struct spill *spill, uint64_t offset, size_t size);

void spill_release(struct spill *spill);

#endif
