/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chains: pieces are found from the last back, then read from the first that is kept. */
#include "journal/chain.h"

#include "base/mem.h"

#include <errno.h>

enum { READ_SIZE = 65536 };

/* Follows the bytes of a piece on the tape. */
struct trailer {
	/* The chain before this piece. */
	struct chain before;
	uint32_t size;
	uint32_t stream;
};

/* The kept bytes of a piece. */
struct span {
	uint64_t position;
	uint32_t size;
	uint32_t stream;
};

struct spans {
	struct span *span;
	size_t count;
	size_t capacity;
};

void chain_add(struct chain *chain, struct tape *tape, enum stream stream, uint32_t size)
{
	struct trailer trailer = {.before = *chain, .size = size, .stream = stream};
	struct slice rest = {.data = (const char *)&trailer, .size = sizeof trailer};

	while (rest.size) {
		size_t now = tape_append(tape, rest);

		rest.data += now;
		rest.size -= now;
	}
	chain->last = tape->head;
	chain->written[stream - 1] += size;
}

/* True if a trailer that ends its piece at end is consistent. */
static bool is_sane(const struct trailer *trailer, uint64_t end)
{
	return trailer->size <= end && trailer->before.last <= end - trailer->size && trailer->stream &&
	       trailer->stream <= CHAIN_STREAMS;
}

/* Removes the pieces from the chain, down to the tail, and collects those of these streams. What remains of the chain
 * was dropped. -1 with the error. */
static int find_spans(struct chain *chain, struct tape *tape, unsigned streams, struct spans *spans,
		      struct error *error)
{
	uint64_t tail = tape_tail(tape), gone;
	struct trailer trailer;

	while (chain->last >= tail + sizeof trailer) {
		uint64_t end = chain->last - sizeof trailer;

		if (tape_read(tape, end, &trailer, sizeof trailer, error) < 0)
			return -1;
		if (!is_sane(&trailer, end))
			return error_set_errno(error, EIO, "temporary file in %s", tape->directory);
		gone = end - trailer.size < tail ? tail - (end - trailer.size) : 0;
		*chain = trailer.before;
		chain->written[trailer.stream - 1] += gone;
		if (!(streams >> trailer.stream & 1) || gone == trailer.size)
			continue;
		spans->span = mem_grow(spans->span, spans->count, &spans->capacity, sizeof *spans->span);
		spans->span[spans->count++] = (struct span){
			.position = end - trailer.size + gone,
			.size = trailer.size - (uint32_t)gone,
			.stream = trailer.stream,
		};
	}
	return 0;
}

/* Passes the bytes of the spans to take, from the last (the oldest) to the first. -1 with the error. */
static int hand_on(struct spans *spans, struct tape *tape, const struct chain_reading *reading, struct error *error)
{
	char data[READ_SIZE];

	while (spans->count) {
		struct span *span = &spans->span[spans->count - 1];
		size_t size = span->size < sizeof data ? span->size : sizeof data;

		if (tape_read(tape, span->position, data, size, error) < 0)
			return -1;
		reading->take(reading->context, (enum stream)span->stream, (struct slice){.data = data, .size = size});
		span->position += size;
		span->size -= (uint32_t)size;
		if (!span->size)
			spans->count--;
	}
	return 0;
}

int chain_read(const struct chain *chain, struct tape *tape, struct chain_reading *reading, struct error *error)
{
	struct chain rest = *chain;
	struct spans spans = {.span = NULL};
	int result = find_spans(&rest, tape, reading->streams, &spans, error);
	size_t i;

	reading->missing = 0;
	for (i = 0; i < CHAIN_STREAMS; i++)
		reading->missing += reading->streams >> (i + 1) & 1 ? rest.written[i] : 0;
	if (result == 0 && reading->take)
		result = hand_on(&spans, tape, reading, error);
	free(spans.span);
	return result;
}
