/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packing tasks into chunks: bytes are written into blocks of shared memory, once, and submitted from there.
 *
 * A block has three spans, one after the other, and room after them:
 *
 *   | submitted ... | tasks           | group            | unread              | room            |
 *                     whole tasks of    records of the     bytes that are not    to be written
 *                     the open chunk    next task          records yet
 *
 *   packer_room    room; where it is too small, extends the block, or submits the chunk and moves group and unread to
 *                  another block
 *   packer_fill    room -> unread          packer_take    unread -> group
 *   packer_close   group -> tasks          packer_gap     unread -> nowhere
 *   packer_submit  tasks -> the sink       packer_cut     unread -> room
 *   packer_close_lines  unread -> the sink
 *
 * Where records are taken without all of their bytes (packer_take_part) a hole is between group and unread. The next
 * record moves into it, so that a chunk has none; a chunk with one record moves nothing.
 *
 * A feeder that reads in place uses all of it. One that copies whole tasks needs packer_room and packer_add.
 */
#ifndef FEED_PACKER_H
#define FEED_PACKER_H

#include "base/dialect.h"
#include "base/slice.h"
#include "board/arena.h"
#include "task/chunk.h"

/* The receiver of chunks: a session. Embedded in its owner. */
struct packer_sink {
	/* Returns the index of the next task that is submitted. */
	uint64_t (*index)(struct packer_sink *sink);
	/* Returns how many tasks the open chunk should have; remaining is a guess how many follow. */
	uint32_t (*chunk_size)(struct packer_sink *sink, uint64_t remaining);
	/* Notes how many blocks a task may take. */
	void (*expect_size)(struct packer_sink *sink, size_t blocks);
	/*
	 * True if a task need not run, since an earlier session has done it. Each task is asked for. NULL: all run.
	 */
	bool (*knows)(struct packer_sink *sink, const struct task *task);
	/* Gives the next index to the task that knows has found. NULL without that. */
	void (*recall)(struct packer_sink *sink, const struct task *task);
	/* Takes a chunk over, with one use of its block. */
	void (*submit)(struct packer_sink *sink, const struct chunk *chunk);
};

/* All fields are private: the functions below return what callers need. */
struct packer {
	struct packer_sink *sink;
	struct arena *arena;
	/* The block that is being filled, ARENA_NONE before the first, and its size in bytes. */
	size_t block;
	size_t size;
	/* Offsets into the block: where each span begins, where the group ends, and where the last one ends. */
	size_t tasks;
	size_t group;
	size_t taken;
	size_t unread;
	size_t filled;
	/* Number of tasks in the open chunk, the index of the first, and the width of each. */
	uint32_t count;
	uint64_t first;
	uint32_t width;
};

/* Begins with no block. The arena is used by no other packer; it and the sink outlive the packer. */
void packer_init(struct packer *packer, struct arena *arena, struct packer_sink *sink);

/*
 * Returns where at least least bytes can be written, after the unread ones, and in *size how many; valid until the
 * next call. NULL with errno when there is no memory.
 */
char *packer_room(struct packer *packer, size_t least, size_t *size) MUST_CHECK;

/* Counts bytes that were written there as unread. */
void packer_fill(struct packer *packer, size_t size);

/* Returns the unread bytes, which may be changed, and in *size how many; valid until packer_room. */
char *packer_unread(const struct packer *packer, size_t *size);

/* Returns how many bytes are unread. */
static inline size_t packer_unread_size(const struct packer *packer)
{
	return packer->filled - packer->unread;
}

/* Returns how many bytes fit after the unread ones without another block. */
static inline size_t packer_space(const struct packer *packer)
{
	return packer->size - packer->filled;
}

/* Forgets the unread bytes but for the first size. */
void packer_cut(struct packer *packer, size_t size);

/* Adds the first kept of the next size unread bytes to the group, and drops the others. */
void packer_take_part(struct packer *packer, size_t kept, size_t size);

/* Adds the next size unread bytes to the group. */
static inline void packer_take(struct packer *packer, size_t size)
{
	packer_take_part(packer, size, size);
}

/*
 * Makes a task of the group, which is not empty: width values, or CHUNK_RAW or CHUNK_FRAMES. The chunk is submitted
 * before when its tasks have another width, and after when it is as large as it should be. A task that the sink knows
 * is given an index and dropped instead.
 */
void packer_close(struct packer *packer, uint32_t width, uint64_t remaining);

/* Makes a task of the first size bytes of the last packer_room: packer_fill, packer_take and packer_close. */
void packer_add(struct packer *packer, size_t size, uint32_t width, uint64_t remaining);

/* Submits the next size unread bytes as a chunk of count whole records (CHUNK_LINES). No task or group is open. */
void packer_close_lines(struct packer *packer, size_t size, uint32_t count);

/*
 * Submits the chunk and drops the next size unread bytes. Needed wherever an index goes to a refused record instead of
 * a task, or bytes belong to no task: a chunk has consecutive indexes and bytes. The group must be empty.
 */
void packer_gap(struct packer *packer, size_t size);

/* Submits the open chunk, if it has tasks. */
void packer_submit(struct packer *packer);

/* Returns the index of the next task that is added. */
uint64_t packer_index(const struct packer *packer);

/* True if the open chunk has tasks that are not submitted yet. */
static inline bool packer_has_tasks(const struct packer *packer)
{
	return packer->count;
}

/* True if everything written is submitted or dropped. */
static inline bool packer_is_empty(const struct packer *packer)
{
	return packer->tasks == packer->filled;
}

#endif
