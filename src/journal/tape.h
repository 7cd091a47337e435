/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tape: bytes one behind the other without end, of which the newest are kept: in memory, then in a file without a
 * name that is written round and round.
 *
 * What is on it has a position that never changes; everything below the tail is gone. It goes by blocks, the oldest
 * first.
 */
#ifndef JOURNAL_TAPE_H
#define JOURNAL_TAPE_H

#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"

/* Blocks that stay in memory whatever happens: the one being filled, and one that is whole. */
enum { TAPE_BLOCK = 64 * 1024, TAPE_BLOCKS_MIN = 2, TAPE_WINDOW = 4096 };

struct tape_block {
	/* NULL: it is in the file. */
	char *data;
	uint32_t marks;
};

struct tape {
	const char *directory;
	/* How many blocks the file may have. */
	uint64_t disk;
	int fd;
	/* The blocks from the one at the tail on, at their number modulo capacity (a power of two). */
	struct tape_block *blocks;
	size_t capacity;
	/* Numbers: of the block at the tail, of the first that is in memory, and behind the last. */
	uint64_t first;
	uint64_t first_in_memory;
	uint64_t end;
	/* The position behind the last byte. */
	uint64_t head;
	/* Marks that went with their blocks. */
	uint64_t marks_gone;
	/* What was last read of the file in small parts, and its position; UINT64_MAX: nothing. */
	uint64_t window_position;
	char window[TAPE_WINDOW];
};

/* directory must outlive it; disk in bytes (less than a block: there is no file). No file is made yet. */
void tape_init(struct tape *tape, const char *directory, uint64_t disk);
void tape_release(struct tape *tape);

/* Positions from this one on are kept. */
static inline uint64_t tape_tail(const struct tape *tape)
{
	return tape->first * TAPE_BLOCK;
}

/* Bytes of memory that it takes. */
uint64_t tape_memory(const struct tape *tape);

/* Puts the beginning of bytes, up to the end of a block, into memory: how much that was. */
size_t tape_append(struct tape *tape, struct slice bytes);

/*
 * Takes a step to make room in memory: the oldest block there goes to the file, where the oldest goes if need be; when
 * memory has only what it must have, the oldest in the file goes. False when there is nothing more to be had. When the
 * file cannot be written, all that is older than what is in memory goes, there is no file from then on, and the error
 * is set.
 */
bool tape_give_way(struct tape *tape, struct error *error);

/* Reads size bytes, all of them between the tail and the head. 0, or -1 with the error. */
int tape_read(struct tape *tape, uint64_t position, void *data, size_t size, struct error *error) MUST_CHECK;

/* Puts a mark at a position, or takes it back. Below the tail a mark is gone at once, and can be taken back no more. */
void tape_mark(struct tape *tape, uint64_t position);
void tape_unmark(struct tape *tape, uint64_t position);

/* Everything goes, the file too; marks do not count as gone. */
void tape_clear(struct tape *tape);

#endif
