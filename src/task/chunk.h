/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A chunk: consecutive tasks that are handed over together, and how they are read from its bytes.
 *
 * The bytes are the values of the tasks one behind the other, each ended by a NUL: the records as they were read, with
 * the NUL in the place of the delimiter. So input is never copied, and a worker's argv can point straight into a chunk.
 * Tasks that are more than values are frames.
 */
#ifndef TASK_CHUNK_H
#define TASK_CHUNK_H

#include "base/dialect.h"
#include "base/slice.h"
#include "task/task.h"

enum { CHUNK_TASKS_MAX = 65536 };

/* In the place of a number of values. */
/* There is one task, and the bytes are not values at all. */
#define CHUNK_RAW UINT32_C(0)
/* As many as any task may have. */
#define CHUNK_WIDEST (UINT32_MAX - 1)
/* Each task is a frame. */
#define CHUNK_FRAMES UINT32_MAX

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
	/* How many values a task has (the last may have fewer), or CHUNK_... */
	uint32_t width;
};

/* A reading position in a chunk's bytes. */
struct chunk_reader {
	struct slice rest;
	uint64_t next;
	uint64_t end;
	uint32_t width;
};

/* Reads the tasks of a chunk from its bytes, the first of which has the given index. */
static inline struct chunk_reader chunk_read(struct slice bytes, uint64_t first, uint32_t count, uint32_t width)
{
	return (struct chunk_reader){.rest = bytes, .next = first, .end = first + count, .width = width};
}

/* The next task; false at the end, and when the bytes are not those of a chunk. */
bool chunk_next(struct chunk_reader *reader, struct task *task);

#endif
