/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Blocks of input in shared memory: the owner reads input into them, workers read from them, and a block is reused when
 * nothing in it is needed any more. Only the owner counts uses.
 */
#ifndef BOARD_ARENA_H
#define BOARD_ARENA_H

#include "base/dialect.h"
#include "ipc/shm.h"

enum { ARENA_BLOCK_SIZE = 256 * 1024 };

/* No block. */
#define ARENA_NONE SIZE_MAX

struct arena {
	struct shm shm;
	/* The number of uses of each block; 0 if it is free. */
	uint32_t *uses;
	/* The length of each row of blocks that was taken together, at its first block. */
	size_t *lengths;
	size_t blocks;
	size_t used;
};

/* Makes an arena. Returns -1 with errno when there is no memory. */
int arena_init(struct arena *arena) MUST_CHECK;

/* Takes the lowest free block (its pages are warm), with one use. Returns ARENA_NONE with errno when there is no
 * memory. */
size_t arena_take(struct arena *arena);

/*
 * Takes length adjacent free blocks, for what is larger than a block. Returns the first, whose one use is that of all
 * of them; ARENA_NONE with errno when there is no memory.
 */
size_t arena_take_run(struct arena *arena, size_t length);

/*
 * Makes a row of blocks that was taken together longer, in its place. Returns false, with nothing changed, if a block
 * after it is in use or there is no memory.
 */
bool arena_extend_run(struct arena *arena, size_t first, size_t length) MUST_CHECK;

/* Returns the bytes of a block; valid until the next arena_take. */
char *arena_block(const struct arena *arena, size_t block);

/* Add a use of a block, or remove one: the block is free after the last. */
void arena_hold(struct arena *arena, size_t block);
void arena_drop(struct arena *arena, size_t block);

/* Returns the number of blocks in use. */
size_t arena_used(const struct arena *arena);

void arena_release(struct arena *arena);

#endif
