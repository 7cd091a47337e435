/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks, and how many bytes of each are in use. */
#include "order/spill.h"

#include "base/fault.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/trace.h"

#include <errno.h>
#include <unistd.h>

#define NO_BLOCK SIZE_MAX

void spill_init(struct spill *spill, const char *directory, uint64_t limit)
{
	*spill = (struct spill){.directory = directory, .limit = limit, .fd = -1, .current = NO_BLOCK};
}

static int spill_open_file(struct spill *spill, struct error *error)
{
	if (spill->fd >= 0)
		return 0;
	spill->fd = fault_at("spill_open") ? -1 : file_open_nameless(spill->directory);
	if (spill->fd < 0)
		return error_set_errno(error, errno, "temporary file in %s", spill->directory);
	spill->tail = mem_new(SPILL_BLOCK, 1);
	trace_event("spill_open", "\"limit\":%llu", (unsigned long long)spill->limit);
	return 0;
}

uint64_t spill_used(const struct spill *spill)
{
	return (uint64_t)(spill->blocks - spill->free_blocks) * SPILL_BLOCK;
}

static bool can_take_block(const struct spill *spill)
{
	uint64_t limit = spill->exempt && spill->limit >= SPILL_BLOCK ? UINT64_MAX : spill->limit;

	return spill_used(spill) + SPILL_BLOCK <= limit;
}

bool spill_has_room(const struct spill *spill)
{
	return (spill->current != NO_BLOCK && spill->filled < SPILL_BLOCK) || can_take_block(spill);
}

/* Begins a free block, or a new one at the end of the file. */
static void take_block(struct spill *spill)
{
	size_t block = 0;

	if (spill->free_blocks) {
		while (spill->live[block])
			block++;
		spill->free_blocks--;
	} else {
		spill->live = mem_grow(spill->live, spill->blocks, &spill->capacity, sizeof *spill->live);
		block = spill->blocks++;
	}
	spill->live[block] = 0;
	spill->current = block;
	spill->filled = 0;
}

/* Writes the current block, which is full. Returns 0, or -1 with the error. */
static int finish_block(struct spill *spill, struct error *error)
{
	struct slice block = {.data = spill->tail, .size = SPILL_BLOCK};

	if (fault_at("spill_write") || file_write_at(spill->fd, (uint64_t)spill->current * SPILL_BLOCK, block) < 0)
		return error_set_errno(error, errno, "temporary file in %s", spill->directory);
	spill->current = NO_BLOCK;
	return 0;
}

ssize_t spill_write(struct spill *spill, struct slice bytes, uint64_t *offset, struct error *error)
{
	size_t size;

	if (spill->current == NO_BLOCK) {
		if (!can_take_block(spill))
			return 0;
		if (spill_open_file(spill, error) < 0)
			return -1;
		take_block(spill);
	}
	size = SPILL_BLOCK - spill->filled;
	size = bytes.size < size ? bytes.size : size;
	memcpy(spill->tail + spill->filled, bytes.data, size);
	*offset = (uint64_t)spill->current * SPILL_BLOCK + spill->filled;
	spill->live[spill->current] += (uint32_t)size;
	spill->filled += size;
	if (spill->filled == SPILL_BLOCK && finish_block(spill, error) < 0) {
		spill->filled -= size;
		spill_free(spill, *offset, size);
		return -1;
	}
	spill->total += size;
	return (ssize_t)size;
}

int spill_read(struct spill *spill, uint64_t offset, char *data, size_t size, struct error *error)
{
	if (offset / SPILL_BLOCK == spill->current) {
		memcpy(data, spill->tail + offset % SPILL_BLOCK, size);
		return 0;
	}
	if (fault_at("spill_read") || file_read_at(spill->fd, offset, data, size) < 0)
		return error_set_errno(error, errno, "temporary file in %s", spill->directory);
	return 0;
}

void spill_free(struct spill *spill, uint64_t offset, size_t size)
{
	size_t block = (size_t)(offset / SPILL_BLOCK);

	spill->live[block] -= (uint32_t)size;
	if (spill->live[block])
		return;
	if (block == spill->current)
		spill->current = NO_BLOCK;
	spill->free_blocks++;
}

void spill_release(struct spill *spill)
{
	if (spill->fd >= 0)
		close(spill->fd);
	spill->fd = -1;
	free(spill->live);
	free(spill->tail);
	spill->live = NULL;
	spill->tail = NULL;
}
