/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tape: blocks are filled in memory, moved to the file, and dropped. */
#include "journal/tape.h"

#include "base/fault.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/trace.h"

#include <errno.h>

#define NO_WINDOW UINT64_MAX

void tape_init(struct tape *tape, const char *directory, uint64_t disk)
{
	*tape = (struct tape){
		.directory = directory, .disk = disk / TAPE_BLOCK, .fd = -1, .window_position = NO_WINDOW};
}

static struct tape_block *block_at(const struct tape *tape, uint64_t number)
{
	return &tape->blocks[number & (tape->capacity - 1)];
}

uint64_t tape_memory(const struct tape *tape)
{
	return (tape->end - tape->first_in_memory) * TAPE_BLOCK + tape->capacity * sizeof *tape->blocks;
}

/* Makes room for one more block in the table. */
static void tape_grow(struct tape *tape)
{
	size_t capacity = tape->capacity ? size_multiply(tape->capacity, 2) : 16;
	struct tape_block *blocks;
	uint64_t number;

	if (tape->end - tape->first < tape->capacity)
		return;
	blocks = mem_new(capacity, sizeof *blocks);
	for (number = tape->first; number < tape->end; number++)
		blocks[number & (capacity - 1)] = *block_at(tape, number);
	free(tape->blocks);
	tape->blocks = blocks;
	tape->capacity = capacity;
}

size_t tape_append(struct tape *tape, struct slice bytes)
{
	size_t offset = (size_t)(tape->head % TAPE_BLOCK), size = TAPE_BLOCK - offset;

	if (tape->head == tape->end * TAPE_BLOCK) {
		tape_grow(tape);
		*block_at(tape, tape->end) = (struct tape_block){.data = mem_resize(NULL, TAPE_BLOCK, 1)};
		tape->end++;
	}
	size = bytes.size < size ? bytes.size : size;
	memcpy(block_at(tape, tape->end - 1)->data + offset, bytes.data, size);
	tape->head += size;
	return size;
}

/* Drops the oldest block. */
static void tape_drop_first(struct tape *tape)
{
	struct tape_block *block = block_at(tape, tape->first);

	tape->marks_gone += block->marks;
	free(block->data);
	*block = (struct tape_block){.data = NULL};
	tape->first++;
	if (tape->first_in_memory < tape->first)
		tape->first_in_memory = tape->first;
}

static void close_file(struct tape *tape)
{
	if (tape->fd >= 0)
		close(tape->fd);
	tape->fd = -1;
	tape->window_position = NO_WINDOW;
}

/* Returns the offset of a block in the file. */
static uint64_t offset_of(const struct tape *tape, uint64_t number)
{
	return (number - tape->file_first) % tape->disk * TAPE_BLOCK;
}

/* Moves the oldest block in memory to its place in the file. -1 with errno. */
static int write_out(struct tape *tape)
{
	uint64_t number = tape->first_in_memory;
	struct tape_block *block = block_at(tape, number);
	struct slice bytes;

	if (tape->fd < 0) {
		tape->fd = fault_at("spill_open") ? -1 : file_open_nameless(tape->directory);
		if (tape->fd < 0)
			return -1;
		tape->file_first = number;
		trace_event("spill_open", "\"limit\":%llu", (unsigned long long)tape->disk * TAPE_BLOCK);
	}
	bytes = (struct slice){.data = block->data, .size = TAPE_BLOCK};
	if (fault_at("spill_write") || file_write_at(tape->fd, offset_of(tape, number), bytes) < 0)
		return -1;
	free(block->data);
	block->data = NULL;
	tape->first_in_memory++;
	return 0;
}

/* Handles a block that cannot be written: the file grows no further, or is given up with all that is in it. */
static void limit_file(struct tape *tape)
{
	uint64_t written = tape->fd < 0 ? 0 : tape->first_in_memory - tape->file_first;

	tape->disk = written < tape->disk ? written : 0;
	if (tape->disk)
		return;
	close_file(tape);
	while (tape->first < tape->first_in_memory)
		tape_drop_first(tape);
	tape_drop_first(tape);
}

bool tape_give_way(struct tape *tape, struct error *error)
{
	bool full = tape->end - tape->first_in_memory > TAPE_BLOCKS_MIN;

	if (!full && tape->first == tape->first_in_memory)
		return false;
	if (!full || tape->first_in_memory - tape->first == tape->disk)
		tape_drop_first(tape);
	if (!full || !tape->disk || write_out(tape) == 0)
		return true;
	error_set_errno(error, errno, "temporary file in %s", tape->directory);
	limit_file(tape);
	return true;
}

/* Reads at most *size bytes from a block in the file, and sets *size to how many. -1 with errno. */
static int read_from_file(struct tape *tape, uint64_t position, char *data, size_t *size)
{
	uint64_t window = position - position % TAPE_WINDOW, end = window + TAPE_WINDOW;
	uint64_t offset = offset_of(tape, window / TAPE_BLOCK) + window % TAPE_BLOCK;

	if (*size >= TAPE_WINDOW) {
		uint64_t rest = TAPE_BLOCK - position % TAPE_BLOCK;

		*size = rest < *size ? (size_t)rest : *size;
		return file_read_at(tape->fd, offset + position % TAPE_WINDOW, data, *size);
	}
	if (tape->window_position != window) {
		tape->window_position = NO_WINDOW;
		if (file_read_at(tape->fd, offset, tape->window, TAPE_WINDOW) < 0)
			return -1;
		tape->window_position = window;
	}
	*size = end - position < *size ? (size_t)(end - position) : *size;
	memcpy(data, tape->window + position % TAPE_WINDOW, *size);
	return 0;
}

int tape_read(struct tape *tape, uint64_t position, void *data, size_t size, struct error *error)
{
	char *to = data;

	if (position < tape_tail(tape) || size > tape->head - position)
		BUG("read outside the tape");
	while (size) {
		const struct tape_block *block = block_at(tape, position / TAPE_BLOCK);
		size_t offset = (size_t)(position % TAPE_BLOCK), now = size;

		if (block->data) {
			now = now < TAPE_BLOCK - offset ? now : TAPE_BLOCK - offset;
			memcpy(to, block->data + offset, now);
		} else if (read_from_file(tape, position, to, &now) < 0) {
			return error_set_errno(error, errno, "temporary file in %s", tape->directory);
		}
		to += now;
		position += now;
		size -= now;
	}
	return 0;
}

void tape_mark(struct tape *tape, uint64_t position)
{
	if (position < tape_tail(tape))
		tape->marks_gone++;
	else
		block_at(tape, position / TAPE_BLOCK)->marks++;
}

void tape_unmark(struct tape *tape, uint64_t position)
{
	if (position >= tape_tail(tape))
		block_at(tape, position / TAPE_BLOCK)->marks--;
}

void tape_clear(struct tape *tape)
{
	uint64_t gone = tape->marks_gone;

	while (tape->first < tape->end)
		tape_drop_first(tape);
	tape->marks_gone = gone;
	tape->head = tape->end * TAPE_BLOCK;
	close_file(tape);
}

void tape_release(struct tape *tape)
{
	tape_clear(tape);
	free(tape->blocks);
	tape->blocks = NULL;
	tape->capacity = 0;
}
