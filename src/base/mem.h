/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory: allocation that succeeds or ends the process, with sizes that saturate instead of wrapping.
 *
 * The lack of memory ends a process by design: the parent reports workers that die, and results that were written
 * remain.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include "base/dialect.h"

/* Return a + b and a * b, or SIZE_MAX, which no allocation can satisfy, if that does not fit. */
static inline size_t size_add(size_t a, size_t b)
{
	size_t sum;

	return __builtin_add_overflow(a, b, &sum) ? SIZE_MAX : sum;
}

static inline size_t size_multiply(size_t a, size_t b)
{
	size_t product;

	return __builtin_mul_overflow(a, b, &product) ? SIZE_MAX : product;
}

/* Returns count zeroed elements of the given size, owned by the caller (free). Never NULL. */
void *mem_new(size_t count, size_t size);

/* Resizes the block at memory (NULL for a new one) to count elements; new ones are not zeroed. Never NULL. */
void *mem_resize(void *memory, size_t count, size_t size);

/* Return a copy of bytes, of a text, of two joined texts, and a formatted text, owned by the caller (free). Never NULL.
 */
void *mem_copy(const void *data, size_t size);
char *mem_string(const char *text);
char *mem_join(const char *first, const char *second);
char *mem_format(const char *format, ...) PRINTF_LIKE(1, 2);

/*
 * Makes room for at least one more element after the length elements in use of an array. Returns the array, which may
 * have moved, with *capacity updated.
 */
void *mem_grow(void *array, size_t length, size_t *capacity, size_t size);

#endif
