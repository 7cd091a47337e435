/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks of a journal: each has one place where it can be, by its number. */
#include "journal/durable/reread.h"

#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <inttypes.h>

enum {
	REREAD_BLOCKS = 32,
	REREAD_BLOCK = 8192,
	/* Bytes that are read behind a block, for the note that begins at its end. */
	REREAD_MARGIN = 1024,
};

struct reread_block {
	/* Its number plus one, and its bytes with those of the margin; 0 if it was not read. */
	uint64_t number;
	size_t size;
	char data[REREAD_BLOCK + REREAD_MARGIN];
};

/* Returns the block with an offset. NULL with errno. */
static const struct reread_block *reread_block_of(struct reread *reread, uint64_t offset)
{
	uint64_t number = offset / REREAD_BLOCK, begin = number * REREAD_BLOCK, left = reread->scroll->size - begin;
	struct reread_block *block;

	if (!reread->blocks)
		reread->blocks = mem_new(REREAD_BLOCKS, sizeof *reread->blocks);
	block = &reread->blocks[number % REREAD_BLOCKS];
	if (block->number == number + 1)
		return block;
	block->number = 0;
	block->size = left < sizeof block->data ? (size_t)left : sizeof block->data;
	if (file_read_at(reread->scroll->fd, begin, block->data, block->size) < 0)
		return NULL;
	block->number = number + 1;
	return block;
}

/* Reads a long line at an offset. -1 with errno. */
static int reread_long(struct reread *reread, uint64_t offset, struct slice *line)
{
	struct bytes *bytes = &reread->line;
	const char *end = NULL;

	bytes_clear(bytes);
	while (!end) {
		uint64_t next = offset + bytes->size, left = reread->scroll->size - next;
		size_t size = left < REREAD_BLOCK ? (size_t)left : REREAD_BLOCK;
		char *data = bytes_reserve(bytes, size);

		if (!size) {
			errno = EIO;
			return -1;
		}
		if (file_read_at(reread->scroll->fd, next, data, size) < 0)
			return -1;
		end = memchr(data, '\n', size);
		bytes->size += size;
	}
	*line = (struct slice){.data = bytes->data, .size = (size_t)(end - bytes->data)};
	return 0;
}

/* Reads the line at an offset. -1 with errno. */
static int reread_line(struct reread *reread, uint64_t offset, struct slice *line)
{
	const struct reread_block *block = reread_block_of(reread, offset);
	size_t at = (size_t)(offset % REREAD_BLOCK);
	const char *end;

	if (!block)
		return -1;
	end = memchr(block->data + at, '\n', block->size - at);
	if (!end)
		return reread_long(reread, offset, line);
	*line = (struct slice){.data = block->data + at, .size = (size_t)(end - block->data) - at};
	return 0;
}

/* Sets the error for a place that is not as it was. */
static void refuse_change(const struct reread *reread, uint64_t offset, struct error *error)
{
	error_set(error, "--journal: %s was changed at byte %" PRIu64 " while it was in use", reread->scroll->name,
		  offset);
}

int reread_task(struct reread *reread, uint64_t offset, struct range_task *task, struct error *error)
{
	const struct reread_block *block = reread_block_of(reread, offset);
	size_t at = (size_t)(offset % REREAD_BLOCK);
	struct slice bytes;

	if (!block)
		return error_set_errno(error, errno, "--journal: cannot read %s", reread->scroll->name);
	bytes = (struct slice){.data = block->data + at, .size = block->size - at};
	if (!range_is_at(bytes))
		return 0;
	if (range_take(&bytes, task))
		return 1;
	refuse_change(reread, offset, error);
	return -1;
}

const struct note *reread_note(struct reread *reread, uint64_t offset, struct error *error)
{
	const char *name = reread->scroll->name;
	struct slice line;

	if (offset && reread->offset == offset)
		return &reread->note;
	reread->offset = offset;
	if (reread_line(reread, offset, &line) < 0)
		error_set_errno(error, errno, "--journal: cannot read %s", name);
	else if (note_read(line, &reread->note))
		return &reread->note;
	else
		refuse_change(reread, offset, error);
	reread->offset = 0;
	return NULL;
}

void reread_release(struct reread *reread)
{
	free(reread->blocks);
	bytes_release(&reread->line);
	*reread = (struct reread){.blocks = NULL};
}
