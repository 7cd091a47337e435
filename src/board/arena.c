/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks of shared memory, counted by their owner. */
#include "board/arena.h"

#include "base/mem.h"

/* Free blocks below this number keep their pages; above it they go back to the system. */
enum { WARM_BLOCKS = 8 };

int arena_init(struct arena *arena)
{
	*arena = (struct arena){.blocks = 0};
	return shm_create_growing(&arena->shm, "mpmap-input", ARENA_BLOCK_SIZE);
}

/* Grows the arena to at least that many blocks. -1 with errno when there is no memory. */
static int add_blocks(struct arena *arena, size_t least)
{
	size_t blocks = arena->blocks ? arena->blocks : 1;

	while (blocks < least)
		blocks = size_multiply(blocks, 2);
	if (shm_grow(&arena->shm, size_multiply(blocks, ARENA_BLOCK_SIZE)) < 0)
		return -1;
	arena->uses = mem_resize(arena->uses, blocks, sizeof *arena->uses);
	memset(arena->uses + arena->blocks, 0, (blocks - arena->blocks) * sizeof *arena->uses);
	arena->lengths = mem_resize(arena->lengths, blocks, sizeof *arena->lengths);
	arena->blocks = blocks;
	return 0;
}

size_t arena_take(struct arena *arena)
{
	return arena_take_run(arena, 1);
}

size_t arena_take_run(struct arena *arena, size_t length)
{
	size_t first = 0, end;

	/* The lowest gap that is long enough; it may begin with the last blocks and continue after them. */
	for (end = 0; end < arena->blocks && end - first < length; end++) {
		if (arena->uses[end])
			first = end + 1;
	}
	if (first + length > arena->blocks && add_blocks(arena, size_add(first, length)) < 0)
		return ARENA_NONE;
	for (end = first; end < first + length; end++)
		arena->uses[end] = 1;
	arena->lengths[first] = length;
	arena->used += length;
	return first;
}

bool arena_extend_run(struct arena *arena, size_t first, size_t length)
{
	size_t end = first + arena->lengths[first], block;

	for (block = end; block < arena->blocks && block < first + length; block++) {
		if (arena->uses[block])
			return false;
	}
	if (first + length > arena->blocks && add_blocks(arena, first + length) < 0)
		return false;
	for (block = end; block < first + length; block++)
		arena->uses[block] = 1;
	arena->used += first + length - end;
	arena->lengths[first] = length;
	return true;
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
	size_t end;

	if (!arena->uses[block])
		BUG("a block dropped more often than held");
	if (--arena->uses[block])
		return;
	end = block + arena->lengths[block];
	arena->used -= end - block;
	for (; block < end; block++) {
		arena->uses[block] = 0;
		if (block >= WARM_BLOCKS)
			shm_discard(&arena->shm, block * ARENA_BLOCK_SIZE, ARENA_BLOCK_SIZE);
	}
}

size_t arena_used(const struct arena *arena)
{
	return arena->used;
}

void arena_release(struct arena *arena)
{
	shm_release(&arena->shm);
	free(arena->uses);
	free(arena->lengths);
	arena->uses = NULL;
	arena->lengths = NULL;
}
