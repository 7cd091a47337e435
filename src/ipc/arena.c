/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks of shared memory, counted by their owner. */
#include "ipc/arena.h"

#include "base/mem.h"

/* Free blocks below this number keep their pages; above it they go back to the system. */
enum { WARM_BLOCKS = 8 };

int arena_init(struct arena *arena)
{
	*arena = (struct arena){.blocks = 0};
	return shm_create(&arena->shm, "mpmap-input", ARENA_BLOCK_SIZE);
}

static int add_blocks(struct arena *arena)
{
	size_t blocks = arena->blocks ? arena->blocks * 2 : 1;

	if (shm_grow(&arena->shm, size_multiply(blocks, ARENA_BLOCK_SIZE)) < 0)
		return -1;
	arena->uses = mem_resize(arena->uses, blocks, sizeof *arena->uses);
	memset(arena->uses + arena->blocks, 0, (blocks - arena->blocks) * sizeof *arena->uses);
	arena->blocks = blocks;
	return 0;
}

size_t arena_take(struct arena *arena)
{
	size_t block;

	if (arena->used == arena->blocks && add_blocks(arena) < 0)
		return ARENA_NONE;
	for (block = 0; arena->uses[block]; block++)
		;
	arena->uses[block] = 1;
	arena->used++;
	return block;
}

char *arena_block(const struct arena *arena, size_t block)
{
	return arena->shm.base + block * ARENA_BLOCK_SIZE;
}

void arena_hold(struct arena *arena, size_t block)
{
	arena->uses[block]++;
}

void arena_drop(struct arena *arena, size_t block)
{
	if (!arena->uses[block])
		BUG("a block dropped more often than held");
	if (--arena->uses[block])
		return;
	arena->used--;
	if (block >= WARM_BLOCKS)
		shm_discard(&arena->shm, block * ARENA_BLOCK_SIZE, ARENA_BLOCK_SIZE);
}

size_t arena_used(const struct arena *arena)
{
	return arena->used;
}

void arena_release(struct arena *arena)
{
	shm_release(&arena->shm);
	free(arena->uses);
	arena->uses = NULL;
}
