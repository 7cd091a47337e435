/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Blocks of small allocations, and large ones by themselves. jansson's release function gets neither a size nor a
 * context, so the address says what it is: small ones are at odd multiples of 8, large ones at multiples of 16.
 */
#include "codec/json/element_memory.h"

#include <assert.h>

enum {
	/* The alignment of blocks and of large allocations. */
	ALIGNMENT = 16,
	/* The offset of a small allocation from a multiple of ALIGNMENT. */
	SMALL_OFFSET = 8,
	/* The size from which an allocation is large. */
	LARGE_SIZE = 4096,
	/* The size of a block, and of the first, which is never freed. */
	BLOCK_SIZE = 1 << 20,
	FIRST_SIZE = 16384,
};

/* The beginning of a block, and of a large allocation. */
struct memory_header {
	/* The block before; NULL in a large allocation. */
	struct memory_header *before;
	/* The size with this header, bytes. */
	size_t size;
};

static_assert(sizeof(struct memory_header) <= ALIGNMENT, "what follows a header is aligned");

/* The state is global, since jansson's functions for memory have no context. */
static struct {
	/* Number of allocations that have not been released. */
	size_t count;
	/* Bytes of blocks and large allocations. */
	size_t used;
	/* True if an allocation has been refused. */
	bool was_short;
	/* The current block, NULL for the first, and the offset of its room. */
	struct memory_header *block;
	size_t filled;
} memory_state = {.filled = SMALL_OFFSET};

static _Alignas(ALIGNMENT) char first_block[FIRST_SIZE];

/* Returns size bytes with a header before them, or NULL. */
static struct memory_header *take_from_system(size_t size)
{
	struct memory_header *header = NULL;

	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT + ALIGNMENT;
	if (size <= ELEMENT_MEMORY_MAX && memory_state.used <= ELEMENT_MEMORY_MAX - size)
		header = aligned_alloc(ALIGNMENT, size);
	if (!header)
		return NULL;
	*header = (struct memory_header){.size = size};
	memory_state.used += size;
	return header;
}

static void return_to_system(struct memory_header *header)
{
	memory_state.used -= header->size;
	free(header);
}

/* Returns a small piece of the current block, or of a new one; NULL if there is no memory. */
static void *take_small(size_t size)
{
	size_t footprint = size ? (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT : ALIGNMENT;
	size_t end = memory_state.block ? memory_state.block->size : FIRST_SIZE;
	struct memory_header *header;

	if (memory_state.filled + footprint > end) {
		header = take_from_system(BLOCK_SIZE);
		if (!header)
			return NULL;
		header->before = memory_state.block;
		memory_state.block = header;
		memory_state.filled = ALIGNMENT + SMALL_OFFSET;
	}
	memory_state.filled += footprint;
	return (memory_state.block ? (char *)memory_state.block : first_block) + memory_state.filled - footprint;
}

void *element_memory_take(size_t size)
{
	struct memory_header *large = NULL;
	void *memory;

	if (size < LARGE_SIZE) {
		memory = take_small(size);
	} else {
		large = size <= ELEMENT_MEMORY_MAX ? take_from_system(size) : NULL;
		memory = large ? (char *)large + ALIGNMENT : NULL;
	}
	memory_state.count += memory != NULL;
	memory_state.was_short |= !memory;
	return memory;
}

/* Frees all blocks but the first. */
static void release_blocks(void)
{
	while (memory_state.block) {
		struct memory_header *before = memory_state.block->before;

		return_to_system(memory_state.block);
		memory_state.block = before;
	}
	memory_state.filled = SMALL_OFFSET;
}

void element_memory_release(void *memory)
{
	if (!memory)
		return;
	if ((uintptr_t)memory % ALIGNMENT == 0)
		return_to_system((struct memory_header *)(void *)((char *)memory - ALIGNMENT));
	if (!--memory_state.count)
		release_blocks();
}

bool element_memory_was_short(void)
{
	bool was_short = memory_state.was_short;

	memory_state.was_short = false;
	return was_short;
}
