/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes codec/block: messages of an adapter that come in pieces are those of the whole, each is one of the protocol or
 * malformed, and its parts are within it.
 *
 * The input is that of fuzz_pieces: its own byte and its limit have no meaning.
 */
#include "fuzz.h"

#include "base/mem.h"
#include "codec/block.h"

/* Checks a message that takes so many bytes. */
static void check_message(const struct block_message *message, struct slice bytes, size_t size)
{
	size_t parts = 0, i;

	for (i = 0; i < BLOCK_PARTS; i++) {
		struct slice part = message->parts[i];

		hold(part.size <= BLOCK_PART_MAX && !part.data == !part.size);
		hold(!part.size || (part.data > bytes.data && part.data + part.size <= bytes.data + size));
		parts += part.size;
	}
	hold(parts < size && size - parts <= BLOCK_HEADER_MAX && bytes.data[size - parts - 1] == '\n');
	switch (message->kind) {
	case BLOCK_OK:
		hold(message->count >= 1 && message->index < UINT64_MAX);
		break;
	case BLOCK_RESULT:
		hold(message->count == 1 && message->status >= -64 && message->status <= 255);
		hold(message->duration >= -1);
		break;
	case BLOCK_OUTPUT:
		hold(message->count == 1 && (message->stream == STREAM_OUTPUT || message->stream == STREAM_ERRORS));
		break;
	case BLOCK_FAIL:
		hold(message->status >= 1 && message->status <= 255);
		break;
	case BLOCK_HELLO:
		break;
	case BLOCK_MORE:
	case BLOCK_MALFORMED:
	default:
		BUG("a message of an unknown kind");
	}
}

/* Takes the message that bytes begin with. Returns its size, 0 if it is not whole; all that there is if malformed. */
static size_t take(struct slice bytes, size_t *wanted)
{
	/* Of exactly its size, so that a sanitizer sees reads beyond it. */
	struct slice copy = {.data = mem_copy(bytes.data, bytes.size), .size = bytes.size};
	struct block_message message;
	size_t size = block_take(copy, &message, wanted);

	if (message.kind == BLOCK_MORE) {
		hold(!size && (*wanted > bytes.size || *wanted == 1));
		hold(*wanted <= BLOCK_HEADER_MAX + BLOCK_PARTS * (size_t)BLOCK_PART_MAX);
	} else if (message.kind == BLOCK_MALFORMED) {
		hold(message.problem && *message.problem && size <= bytes.size);
		size = bytes.size;
	} else {
		hold(size <= bytes.size);
		check_message(&message, copy, size);
	}
	free((void *)(uintptr_t)copy.data);
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_pieces pieces;
	size_t come = 0, at = 0, wanted = 1;

	if (!fuzz_pieces_begin(&pieces, data, size))
		return 0;
	while (come < pieces.text.size) {
		come += fuzz_pieces_next(&pieces, pieces.text.size - come);
		while (at < come && come - at >= wanted) {
			struct slice rest = {.data = pieces.text.data + at, .size = come - at};
			struct slice all = {.data = rest.data, .size = pieces.text.size - at};
			size_t taken = take(rest, &wanted), ignored;

			if (!taken)
				break;
			/* A malformed message is the last. */
			hold(taken == rest.size || take(all, &ignored) == taken);
			at += taken;
			wanted = 1;
		}
	}
	return 0;
}
