/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory: allocate or die, with sizes that saturate instead of wrapping.
 *
 * Running out of memory ends the process by design: workers die, the parent sees it and says so; results already
 * written stay written.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include "base/dialect.h"

/* a + b and a * b, or SIZE_MAX (which no allocation can satisfy) when that does not fit. */
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

/* count zeroed elements of the given size; the caller owns them (free). Never NULL. */
void *mem_new(size_t count, size_t size);

/* The block at memory (may be NULL) resized to count elements; new ones are not zeroed. Never NULL. */
void *mem_resize(void *memory, size_t count, size_t size);

/* Copies owned by the caller (free). Never NULL. */
void *mem_copy(const void *data, size_t size);
char *mem_string(const char *text);
char *mem_join(const char *first, const char *second);
char *mem_format(const char *format, ...) PRINTF_LIKE(1, 2);

/*
 * Makes room for at least one more element in a growable array: returns the array, perhaps moved, with *capacity
 * updated. length is the number of elements in use.
 */
void *mem_grow(void *array, size_t length, size_t *capacity, size_t size);

#endif
