/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counting a byte in many: 64 at a time, each compared in a lane of its own that counts up to 255. To search for each
 * occurrence instead takes three times as long where records are short.
 */
#include "base/count.h"

#include <string.h>

/* As wide as what every processor of an architecture has. */
typedef uint8_t lanes __attribute__((vector_size(16)));

enum {
	VECTORS = 4,
	BATCH = VECTORS * sizeof(lanes),
	/* Batches after which a lane may be full. */
	ROUNDS = UINT8_MAX,
};

/* Counts in whole batches, at most ROUNDS of them. */
static size_t count_batches(const char *data, size_t batches, lanes wanted)
{
	lanes counts[VECTORS] = {{0}};
	uint8_t each[BATCH];
	size_t total = 0, i;

	for (; batches; batches--, data += BATCH) {
		lanes bytes[VECTORS];

		memcpy(bytes, data, sizeof bytes);
		/* A lane that compares equal is all ones: -1. */
		for (i = 0; i < VECTORS; i++)
			counts[i] -= (lanes)(bytes[i] == wanted);
	}
	memcpy(each, counts, sizeof each);
	for (i = 0; i < BATCH; i++)
		total += each[i];
	return total;
}

size_t count_bytes(const char *data, size_t size, char byte)
{
	lanes wanted = (lanes){0} + (uint8_t)byte;
	size_t total = 0;

	while (size >= BATCH) {
		size_t batches = size / BATCH < ROUNDS ? size / BATCH : ROUNDS;

		total += count_batches(data, batches, wanted);
		data += batches * BATCH;
		size -= batches * BATCH;
	}
	for (; size; size--)
		total += *data++ == byte;
	return total;
}

/* Bytes that are counted before the byte is searched for among them. */
enum { STRIDE = 4096 };

size_t count_find(const char *data, size_t size, char byte, uint64_t count)
{
	const char *at = data, *end = data + size;

	while (count && (size_t)(end - at) > STRIDE) {
		size_t found = count_bytes(at, STRIDE, byte);

		if (found >= count)
			break;
		count -= found;
		at += STRIDE;
	}
	for (; count; count--) {
		at = memchr(at, byte, (size_t)(end - at));
		if (!at)
			BUG("a byte that is not there so often");
		at++;
	}
	return (size_t)(at - data);
}
