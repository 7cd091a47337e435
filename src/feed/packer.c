/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chunks of tasks, put together in blocks. */
#include "feed/packer.h"

void packer_init(struct packer *packer, struct session *session)
{
	*packer = (struct packer){.session = session, .block = ARENA_NONE, .remaining = UINT64_MAX};
}

void packer_submit(struct packer *packer)
{
	struct chunk chunk = {
		.first = packer->session->submitted,
		.count = packer->open_count,
		.block = packer->block,
		.offset = (uint32_t)packer->open_offset,
		.size = (uint32_t)(packer->filled - packer->open_offset),
		.attempt = 1,
		.width = packer->width,
	};

	if (chunk.count) {
		arena_hold(&packer->session->arena, packer->block);
		session_submit(packer->session, &chunk);
	}
	packer->open_offset = packer->filled;
	packer->open_count = 0;
}

char *packer_reserve(struct packer *packer, size_t size)
{
	struct arena *arena = &packer->session->arena;
	size_t length = (size + ARENA_BLOCK_SIZE - 1) / ARENA_BLOCK_SIZE, next;

	if (packer->block == ARENA_NONE || packer->room - packer->filled < size) {
		packer_submit(packer);
		length = length ? length : 1;
		session_expect_size(packer->session, length);
		next = arena_take_run(arena, length);
		if (next == ARENA_NONE)
			return NULL;
		if (packer->block != ARENA_NONE)
			arena_drop(arena, packer->block);
		packer->block = next;
		packer->room = length * ARENA_BLOCK_SIZE;
		packer->filled = packer->open_offset = 0;
	}
	return arena_block(arena, packer->block) + packer->filled;
}

void packer_add(struct packer *packer, size_t size, uint32_t width)
{
	if (packer->open_count && width != packer->width)
		packer_submit(packer);
	packer->width = width;
	packer->filled += size;
	packer->open_count++;
	if (width == CHUNK_RAW || packer->open_count >= pace_chunk(&packer->session->pace, packer->remaining))
		packer_submit(packer);
}
