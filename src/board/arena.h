/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Blocks of input in shared memory: the owner reads into them, workers read from them, and a block is used again when
 * nothing in it is needed any more. Counting is the owner's alone; workers only look.
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
	/* How many uses each block has; 0 is free. */
	uint32_t *uses;
	/* How many blocks each run that is in use has, at its first. */
	size_t *lengths;
	size_t blocks;
	size_t used;
};

/* 0, or -1 with errno. */
int arena_init(struct arena *arena) MUST_CHECK;

/* A free block with one use, lowest first (those before it are warm); ARENA_NONE with errno when there is no memory. */
size_t arena_take(struct arena *arena);

/*
 * As many free blocks on end, for what is larger than a block: the first, with one use, which stands for all of them.
 * ARENA_NONE with errno when there is no memory.
 */
size_t arena_take_run(struct arena *arena, size_t length);

/* Where a block's bytes are; valid until the next arena_take. */
char *arena_block(const struct arena *arena, size_t block);

/* One more use, one use less. */
void arena_hold(struct arena *arena, size_t block);
void arena_drop(struct arena *arena, size_t block);

/* Blocks in use. */
size_t arena_used(const struct arena *arena);

void arena_release(struct arena *arena);

#endif
