/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A chunk: consecutive tasks that are handed over together, and how they are read from its bytes.
 *
 * The bytes are the records as they were read, one behind the other, each ended by a NUL that took the place of its
 * delimiter. So input is never copied, and a worker's argv can point straight into a chunk.
 */
#ifndef WORK_CHUNK_H
#define WORK_CHUNK_H

#include "base/dialect.h"
#include "base/slice.h"
#include "work/task.h"

enum { CHUNK_TASKS_MAX = 65536 };

struct chunk {
	/* Index of its first task, and how many there are. */
	uint64_t first;
	uint32_t count;
	/* Where its bytes are. */
	size_t block;
	uint32_t offset;
	uint32_t size;
	/* Which time its tasks are run, from 1. */
	uint32_t attempt;
};

/* A reading position in a chunk's bytes. */
struct chunk_reader {
	struct slice rest;
	uint64_t next;
	uint64_t end;
};

/* Reads the tasks of a chunk from its bytes, the first of which has the given index. */
static inline struct chunk_reader chunk_read(struct slice bytes, uint64_t first, uint32_t count)
{
	return (struct chunk_reader){.rest = bytes, .next = first, .end = first + count};
}

/* The next task; false at the end, and when the bytes are not those of a chunk. */
bool chunk_next(struct chunk_reader *reader, struct task *task);

#endif
