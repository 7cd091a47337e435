/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tape: an endless sequence of bytes. The newest are kept: in memory, then in a nameless file.
 *
 *   position   0          tail                                               head
 *              | dropped  | blocks in the file      | blocks in memory       |
 *   block      0          first                     first_in_memory          end
 *
 * A position never changes. Blocks are dropped whole, the oldest first. Block n is in the file at n - file_first modulo
 * disk.
 */
#ifndef JOURNAL_TAPE_H
#define JOURNAL_TAPE_H

#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"

/* TAPE_BLOCKS_MIN blocks always remain in memory: the one being filled and a whole one. */
enum { TAPE_BLOCK = 64 * 1024, TAPE_BLOCKS_MIN = 2, TAPE_WINDOW = 4096 };

struct tape_block {
	/* NULL if it is in the file. */
	char *data;
	/* Marks at positions in the block. */
	uint32_t marks;
};

struct tape {
	/* The folder of the file. */
	const char *directory;
	/* The most blocks in the file; 0 if there is no file. */
	uint64_t disk;
	/* The number of the first block that was written to the file. */
	uint64_t file_first;
	/* The file, -1 before it is opened. */
	int fd;
	/* The blocks from first on, at their number modulo capacity (a power of two). */
	struct tape_block *blocks;
	size_t capacity;
	/* The number of the block at the tail. */
	uint64_t first;
	/* The number of the first block in memory. */
	uint64_t first_in_memory;
	/* The number of the last block, plus one. */
	uint64_t end;
	/* The position after the last byte. */
	uint64_t head;
	/* Marks dropped with their blocks. */
	uint64_t marks_gone;
	/* The position of window; UINT64_MAX if it is empty. */
	uint64_t window_position;
	/* Bytes last read from the file for a small read. */
	char window[TAPE_WINDOW];
};

/* Makes an empty tape. directory outlives it; disk is in bytes, less than a block: no file. No file is made yet. */
void tape_init(struct tape *tape, const char *directory, uint64_t disk);
void tape_release(struct tape *tape);

/* Returns the lowest position that is kept. */
static inline uint64_t tape_tail(const struct tape *tape)
{
	return tape->first * TAPE_BLOCK;
}

/* Returns the bytes of memory in use. */
uint64_t tape_memory(const struct tape *tape);

/* Appends the beginning of bytes, up to the end of a block. Returns how many were appended. */
size_t tape_append(struct tape *tape, struct slice bytes);

/*
 * Makes room in memory by one step:
 *
 *   in memory           in the file   step
 *   more than minimum   not full      moves the oldest block in memory to the file
 *   more than minimum   full          drops the oldest block in the file, then the same
 *   more than minimum   no file       drops the oldest block
 *   minimum             some          drops the oldest block in the file
 *   minimum             none          returns false: no room can be made
 *
 * If the file cannot grow, it keeps its size from then on, and the error is set. If it cannot be made, or what it has
 * cannot be overwritten, it is given up with all that is in it and one block, and the error is set.
 */
bool tape_give_way(struct tape *tape, struct error *error);

/* Reads size bytes, all between the tail and the head. -1 with the error. */
int tape_read(struct tape *tape, uint64_t position, void *data, size_t size, struct error *error) MUST_CHECK;

/* Sets a mark at a position, or removes it. A mark below the tail counts as dropped and cannot be removed. */
void tape_mark(struct tape *tape, uint64_t position);
void tape_unmark(struct tape *tape, uint64_t position);

/* Drops all blocks and the file. Marks do not count as dropped. */
void tape_clear(struct tape *tape);

#endif
