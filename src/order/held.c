/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of pieces, in memory or on disk, and the memory that they take. */
#include "order/held.h"

#include "base/mem.h"
#include "order/order.h"

/* The most that is read back from disk at a time, bytes. */
enum { READ_SIZE = 65536 };

struct piece {
	struct piece *next;
	enum stream stream;
	bool on_disk;
	/* The size of the piece, bytes. */
	size_t size;
	/* Bytes of a piece on disk that have been passed on. */
	size_t done;
	/* The place of the piece on disk. */
	uint64_t offset;
	/* The bytes of a piece in memory. */
	char data[];
};

void held_init(struct held *held, uint64_t memory, const char *directory, uint64_t disk)
{
	*held = (struct held){.memory = memory};
	spill_init(&held->spill, directory, disk);
}

static void held_add_piece(struct held *held, struct held_output *output, struct piece *piece)
{
	piece->next = NULL;
	if (output->last)
		output->last->next = piece;
	else
		output->first = piece;
	output->last = piece;
	held->overhead += sizeof *piece;
}

static void hold_in_memory(struct held *held, struct held_output *output, enum stream stream, struct slice bytes)
{
	struct piece *piece = mem_resize(NULL, size_add(sizeof *piece, bytes.size), 1);

	*piece = (struct piece){.stream = stream, .size = bytes.size};
	memcpy(piece->data, bytes.data, bytes.size);
	held->data += bytes.size;
	held_add_piece(held, output, piece);
}

/* Stores bytes on disk while there is room, and takes those stored off *bytes. */
static void hold_on_disk(struct held *held, struct held_output *output, enum stream stream, struct slice *bytes)
{
	while (bytes->size && !held->refusal.text) {
		uint64_t offset = 0;
		ssize_t stored = spill_write(&held->spill, *bytes, &offset, &held->refusal);
		struct piece *piece;

		if (stored <= 0)
			return;
		piece = mem_new(1, sizeof *piece);
		*piece = (struct piece){.stream = stream, .on_disk = true, .size = (size_t)stored, .offset = offset};
		held_add_piece(held, output, piece);
		bytes->data += stored;
		bytes->size -= (size_t)stored;
	}
}

void held_put(struct held *held, struct held_output *output, enum stream stream, struct slice bytes)
{
	if (held->data + bytes.size > held->memory)
		hold_on_disk(held, output, stream, &bytes);
	/* A producer that puts in more than is accepted has no choice, and memory takes the rest. */
	if (bytes.size)
		hold_in_memory(held, output, stream, bytes);
}

/* Passes on a piece on disk while the sink has room. Returns true at its end. */
static bool hand_on_from_disk(struct held *held, struct piece *piece, struct order_sink *sink,
			      const struct held_task *task)
{
	char data[READ_SIZE];

	while (piece->done < piece->size && sink->has_room(sink)) {
		size_t size = piece->size - piece->done < sizeof data ? piece->size - piece->done : sizeof data;
		uint64_t offset = piece->offset + piece->done;

		if (held->loss.text || spill_read(&held->spill, offset, data, size, &held->loss) < 0)
			return false;
		sink->data(sink, task->index, task->label, piece->stream, (struct slice){.data = data, .size = size});
		spill_free(&held->spill, offset, size);
		piece->done += size;
	}
	return piece->done == piece->size;
}

/* Frees the first piece, which has been passed on. */
static void held_drop_first(struct held *held, struct held_output *output)
{
	struct piece *piece = output->first;

	output->first = piece->next;
	if (!output->first)
		output->last = NULL;
	held->overhead -= sizeof *piece;
	if (!piece->on_disk)
		held->data -= piece->size;
	free(piece);
}

static void hand_on_from_memory(const struct piece *piece, struct order_sink *sink, const struct held_task *task)
{
	sink->data(sink, task->index, task->label, piece->stream,
		   (struct slice){.data = piece->data, .size = piece->size});
}

bool held_hand_on(struct held *held, struct held_output *output, struct order_sink *sink, const struct held_task *task)
{
	while (output->first && sink->has_room(sink)) {
		if (!output->first->on_disk)
			hand_on_from_memory(output->first, sink, task);
		else if (!hand_on_from_disk(held, output->first, sink, task))
			break;
		held_drop_first(held, output);
	}
	return !output->first;
}

bool held_hand_over(struct held *held, struct held_output *output, struct order_sink *sink,
		    const struct held_task *task)
{
	const struct piece *piece;

	for (piece = output->first; piece; piece = piece->next) {
		if (piece->on_disk)
			return false;
	}
	while (output->first) {
		hand_on_from_memory(output->first, sink, task);
		held_drop_first(held, output);
	}
	return true;
}

void held_drop(struct held *held, struct held_output *output)
{
	while (output->first) {
		struct piece *piece = output->first;

		output->first = piece->next;
		held->overhead -= sizeof *piece;
		if (piece->on_disk)
			spill_free(&held->spill, piece->offset + piece->done, piece->size - piece->done);
		else
			held->data -= piece->size;
		free(piece);
	}
	output->last = NULL;
}

void held_release(struct held *held)
{
	spill_release(&held->spill);
	error_release(&held->refusal);
	error_release(&held->loss);
}
