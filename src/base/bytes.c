/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Growable byte buffers and the cursor that reads them back. */
#include "base/bytes.h"

#include "base/mem.h"

#include <endian.h>
#include <stdarg.h>

char *bytes_reserve(struct bytes *bytes, size_t size)
{
	size_t needed = size_add(bytes->size, size);

	if (needed > bytes->capacity) {
		size_t doubled = size_multiply(bytes->capacity, 2);

		bytes->capacity = needed > doubled ? needed : doubled;
		if (bytes->capacity < 64)
			bytes->capacity = 64;
		bytes->data = mem_resize(bytes->data, bytes->capacity, 1);
	}
	return bytes->data + bytes->size;
}

void bytes_append(struct bytes *bytes, const void *data, size_t size)
{
	if (!size)
		return;
	memcpy(bytes_reserve(bytes, size), data, size);
	bytes->size += size;
}

void bytes_append_text(struct bytes *bytes, const char *text)
{
	bytes_append(bytes, text, strlen(text));
}

void bytes_append_format(struct bytes *bytes, const char *format, ...)
{
	va_list arguments, again;
	int length;

	va_start(arguments, format);
	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0)
		BUG("a format that cannot be printed");
	vsnprintf(bytes_reserve(bytes, (size_t)length + 1), (size_t)length + 1, format, again);
	va_end(again);
	bytes->size += (size_t)length;
}

void bytes_consume(struct bytes *bytes, size_t size)
{
	if (size > bytes->size)
		BUG("more bytes consumed than the buffer holds");
	bytes->size -= size;
	if (bytes->size && size)
		memmove(bytes->data, bytes->data + size, bytes->size);
}

const char *bytes_text(struct bytes *bytes)
{
	*bytes_reserve(bytes, 1) = '\0';
	return bytes->data;
}

void bytes_release(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){.data = NULL};
}

void bytes_put_u8(struct bytes *bytes, uint8_t value)
{
	bytes_append(bytes, &value, sizeof value);
}

void bytes_put_u32(struct bytes *bytes, uint32_t value)
{
	value = htole32(value);
	bytes_append(bytes, &value, sizeof value);
}

void bytes_put_u64(struct bytes *bytes, uint64_t value)
{
	value = htole64(value);
	bytes_append(bytes, &value, sizeof value);
}

void bytes_set_u32(struct bytes *bytes, size_t offset, uint32_t value)
{
	value = htole32(value);
	memcpy(bytes->data + offset, &value, sizeof value);
}

void bytes_put_slice(struct bytes *bytes, struct slice value)
{
	if (value.size > UINT32_MAX)
		BUG("a slice too long for its length field");
	bytes_put_u32(bytes, (uint32_t)value.size);
	bytes_append(bytes, value.data, value.size);
}

void bytes_put_text(struct bytes *bytes, const char *text)
{
	bytes_put_slice(bytes, slice_of(text));
}

struct cursor cursor_of(struct slice bytes)
{
	return (struct cursor){.at = bytes.data, .end = bytes.size ? bytes.data + bytes.size : bytes.data};
}

struct slice cursor_slice(struct cursor *cursor)
{
	size_t size = cursor_u32(cursor);
	const char *at = cursor_take(cursor, size);

	return at ? (struct slice){.data = at, .size = size} : (struct slice){.data = NULL};
}

char *cursor_text(struct cursor *cursor)
{
	struct slice value = cursor_slice(cursor);
	char *text;

	if (cursor->failed)
		return NULL;
	if (value.size && memchr(value.data, '\0', value.size)) {
		cursor->failed = true;
		return NULL;
	}
	text = mem_resize(NULL, value.size + 1, 1);
	if (value.size)
		memcpy(text, value.data, value.size);
	text[value.size] = '\0';
	return text;
}
