/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A chunk: consecutive tasks that a worker claims together, and reading them from its bytes.
 *
 * The bytes are the values of the tasks one after another, each ended by a NUL: the records as they were read, with a
 * NUL in place of the delimiter. So input is not copied, and argv points into the chunk. A task that is more than
 * values is a frame. A persistent command reads its records as they are: a chunk of them keeps the delimiters, and has
 * as many tasks as a block has records.
 */
#ifndef TASK_CHUNK_H
#define TASK_CHUNK_H

#include "base/dialect.h"
#include "base/slice.h"
#include "task/task.h"

/* The most tasks of a chunk, but for CHUNK_LINES. */
enum { CHUNK_TASKS_MAX = 65536 };

/* Special widths. One task, whose bytes are not values. */
#define CHUNK_RAW UINT32_C(0)
/* The largest number of values of a task. */
#define CHUNK_WIDEST (UINT32_MAX - 2)
/* Each task is a record with its delimiter, as it was read. The delimiter is the last byte of the chunk. */
#define CHUNK_LINES (UINT32_MAX - 1)
/* Each task is a frame. */
#define CHUNK_FRAMES UINT32_MAX

struct chunk {
	/* Index of the first task. */
	uint64_t first;
	/* Number of tasks. */
	uint32_t count;
	/* The block of the arena that holds the bytes. */
	size_t block;
	/* Place of the bytes in the block. */
	uint32_t offset;
	/* Number of bytes. */
	uint32_t size;
	/* The attempt at its tasks, from 1. */
	uint32_t attempt;
	/* Values of each task (the last may have fewer), or CHUNK_RAW, CHUNK_LINES or CHUNK_FRAMES. */
	uint32_t width;
};

/* A reading position in the bytes of a chunk. */
struct chunk_reader {
	struct slice rest;
	/* Index of the next task. */
	uint64_t next;
	/* Index after the last task. */
	uint64_t end;
	uint32_t width;
};

/* Returns a reader at the beginning of the bytes of a chunk. */
static inline struct chunk_reader chunk_read(struct slice bytes, uint64_t first, uint32_t count, uint32_t width)
{
	return (struct chunk_reader){.rest = bytes, .next = first, .end = first + count, .width = width};
}

/* Reads the next task. Returns false at the end, and if the bytes are not those of a chunk. */
bool chunk_next(struct chunk_reader *reader, struct task *task);

#endif
