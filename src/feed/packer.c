/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chunks of tasks, put together in blocks. */
#include "feed/packer.h"

#include "base/mem.h"

/* The most blocks that are extended to: a chunk's offset in them has 32 bits. */
enum { EXTENDED_MAX = UINT32_MAX / ARENA_BLOCK_SIZE };

void packer_init(struct packer *packer, struct arena *arena, struct packer_sink *sink)
{
	*packer = (struct packer){.sink = sink, .arena = arena, .block = ARENA_NONE};
}

/* Moves the group and the unread bytes to a new block with room for least bytes more. -1 with errno. */
static int packer_next_block(struct packer *packer, size_t least)
{
	size_t group = packer->taken - packer->group, rest = group + packer_unread_size(packer);
	size_t wanted = size_add(rest, rest > least ? rest : least);
	size_t blocks = (wanted - 1) / ARENA_BLOCK_SIZE + 1, next;

	packer_submit(packer);
	packer->sink->expect_size(packer->sink, blocks);
	next = arena_take_run(packer->arena, blocks);
	if (next == ARENA_NONE)
		return -1;
	if (packer->block != ARENA_NONE) {
		const char *from = arena_block(packer->arena, packer->block);
		char *to = arena_block(packer->arena, next);

		memcpy(to, from + packer->group, group);
		memcpy(to + group, from + packer->unread, rest - group);
		arena_drop(packer->arena, packer->block);
	}
	packer->block = next;
	packer->size = blocks * ARENA_BLOCK_SIZE;
	packer->taken = packer->unread = group;
	packer->filled = rest;
	packer->tasks = packer->group = 0;
	return 0;
}

/* Makes the block longer, with room for least bytes more, if most of it is group and unread bytes: they do not move. */
static bool packer_extend_block(struct packer *packer, size_t least)
{
	size_t rest = packer->filled - packer->group, blocks;

	if (packer->group > rest)
		return false;
	blocks = (size_add(packer->filled, rest > least ? rest : least) - 1) / ARENA_BLOCK_SIZE + 1;
	if (blocks > EXTENDED_MAX || !arena_extend_run(packer->arena, packer->block, blocks))
		return false;
	packer->sink->expect_size(packer->sink, blocks);
	packer->size = blocks * ARENA_BLOCK_SIZE;
	return true;
}

char *packer_room(struct packer *packer, size_t least, size_t *size)
{
	bool is_full = packer->block == ARENA_NONE;

	least = least ? least : 1;
	if (!is_full && packer->size - packer->filled < least)
		is_full = !packer_extend_block(packer, least);
	if (is_full && packer_next_block(packer, least) < 0)
		return NULL;
	*size = packer->size - packer->filled;
	return arena_block(packer->arena, packer->block) + packer->filled;
}

void packer_fill(struct packer *packer, size_t size)
{
	packer->filled += size;
}

char *packer_unread(const struct packer *packer, size_t *size)
{
	*size = packer_unread_size(packer);
	return packer->block == ARENA_NONE ? NULL : arena_block(packer->arena, packer->block) + packer->unread;
}

void packer_cut(struct packer *packer, size_t size)
{
	packer->filled = packer->unread + size;
}

/* Drops a hole before which the chunk has no bytes. */
static void packer_drop_hole(struct packer *packer)
{
	if (packer->tasks == packer->taken)
		packer->tasks = packer->group = packer->taken = packer->unread;
}

void packer_take_part(struct packer *packer, size_t kept, size_t size)
{
	char *block = arena_block(packer->arena, packer->block);

	packer_drop_hole(packer);
	if (packer->taken != packer->unread)
		memmove(block + packer->taken, block + packer->unread, kept);
	packer->taken += kept;
	packer->unread += size;
}

/* Drops the task that the group is if the sink knows it. */
static bool packer_recall(struct packer *packer, uint32_t width)
{
	struct slice bytes = {.data = arena_block(packer->arena, packer->block) + packer->group,
			      .size = packer->taken - packer->group};
	struct chunk_reader reader = chunk_read(bytes, packer_index(packer), 1, width);
	struct task task;

	if (!chunk_next(&reader, &task))
		BUG("a task that cannot be read");
	if (!packer->sink->knows(packer->sink, &task))
		return false;
	packer_submit(packer);
	packer->sink->recall(packer->sink, &task);
	packer->taken = packer->group;
	packer_drop_hole(packer);
	return true;
}

void packer_close(struct packer *packer, uint32_t width, uint64_t remaining)
{
	if (packer->group == packer->taken)
		BUG("a task without bytes");
	if (packer->sink->knows && packer_recall(packer, width))
		return;
	if (packer->count && width != packer->width)
		packer_submit(packer);
	if (!packer->count)
		packer->first = packer->sink->index(packer->sink);
	packer->width = width;
	packer->group = packer->taken;
	packer->count++;
	if (width == CHUNK_RAW || packer->count >= packer->sink->chunk_size(packer->sink, remaining))
		packer_submit(packer);
}

void packer_add(struct packer *packer, size_t size, uint32_t width, uint64_t remaining)
{
	packer_fill(packer, size);
	packer_take(packer, size);
	packer_close(packer, width, remaining);
}

void packer_close_lines(struct packer *packer, size_t size, uint32_t count)
{
	if (packer->tasks != packer->unread || !size || !count)
		BUG("records beside an open task");
	packer->first = packer->sink->index(packer->sink);
	packer->width = CHUNK_LINES;
	packer->count = count;
	packer_take(packer, size);
	packer->group = packer->unread;
	packer_submit(packer);
}

void packer_gap(struct packer *packer, size_t size)
{
	if (packer->group != packer->taken)
		BUG("a gap within a task");
	packer_submit(packer);
	packer->unread += size;
	packer_drop_hole(packer);
}

void packer_submit(struct packer *packer)
{
	struct chunk chunk = {
		.first = packer->first,
		.count = packer->count,
		.block = packer->block,
		.offset = (uint32_t)packer->tasks,
		.size = (uint32_t)(packer->group - packer->tasks),
		.attempt = 1,
		.width = packer->width,
	};

	if (!chunk.count)
		return;
	if (packer->sink->index(packer->sink) != chunk.first)
		BUG("an index was given away while a chunk was open");
	packer->tasks = packer->group;
	packer->count = 0;
	packer_drop_hole(packer);
	arena_hold(packer->arena, chunk.block);
	packer->sink->submit(packer->sink, &chunk);
}

uint64_t packer_index(const struct packer *packer)
{
	return packer->sink->index(packer->sink) + packer->count;
}
