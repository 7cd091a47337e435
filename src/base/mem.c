/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Allocation on malloc(3). */
#include "base/mem.h"

#include "base/fatal.h"

#include <stdarg.h>

static void NORETURN out_of_memory(size_t count, size_t size)
{
	fatal("out of memory (%zu bytes wanted)", size_multiply(count, size));
}

void *mem_new(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size ? size : 1);

	if (!memory)
		out_of_memory(count, size);
	return memory;
}

void *mem_resize(void *memory, size_t count, size_t size)
{
	size_t bytes = size_multiply(count, size);
	void *moved = bytes == SIZE_MAX ? NULL : realloc(memory, bytes ? bytes : 1);

	if (!moved)
		out_of_memory(count, size);
	return moved;
}

void *mem_copy(const void *data, size_t size)
{
	void *copy = mem_resize(NULL, size, 1);

	if (size)
		memcpy(copy, data, size);
	return copy;
}

char *mem_string(const char *text)
{
	return mem_copy(text, strlen(text) + 1);
}

char *mem_join(const char *first, const char *second)
{
	size_t length = strlen(first), size = strlen(second) + 1;
	char *text = mem_resize(NULL, size_add(length, size), 1);

	memcpy(text, first, length);
	memcpy(text + length, second, size);
	return text;
}

char *mem_format(const char *format, ...)
{
	char *text = NULL;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		out_of_memory(1, strlen(format));
	return text;
}

void *mem_grow(void *array, size_t length, size_t *capacity, size_t size)
{
	if (length < *capacity)
		return array;
	*capacity = *capacity ? size_multiply(*capacity, 2) : 16;
	return mem_resize(array, *capacity, size);
}
