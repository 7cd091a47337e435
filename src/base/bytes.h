/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Growable byte buffers, and the cursor that reads values back: the only home of integer encoding.
 *
 * Integers are little-endian and of fixed size; a slice is its 32-bit length and its bytes. After the first value that
 * does not fit, every function of a cursor returns 0 or empty and cursor_failed returns true.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include "base/dialect.h"
#include "base/slice.h"

#include <endian.h>

/* A buffer, empty if all zero. It owns data, which moves when it grows. */
struct bytes {
	char *data;
	size_t size;
	size_t capacity;
};

/* A reading position in bytes of another owner. */
struct cursor {
	const char *at;
	const char *end;
	bool failed;
};

/* Returns room for size bytes after the contents. The caller adds what it used to bytes->size. */
char *bytes_reserve(struct bytes *bytes, size_t size);

/* Append bytes, a C string without its NUL, and a formatted text. */
void bytes_append(struct bytes *bytes, const void *data, size_t size);
void bytes_append_text(struct bytes *bytes, const char *text);
void bytes_append_format(struct bytes *bytes, const char *format, ...) PRINTF_LIKE(2, 3);

/* Drops the first size bytes and moves the rest to the front. */
void bytes_consume(struct bytes *bytes, size_t size);

/* Returns the contents as a NUL-terminated string, valid until the next change. */
const char *bytes_text(struct bytes *bytes);

/* Returns a view of the contents, valid until the next change. */
static inline struct slice bytes_slice(const struct bytes *bytes)
{
	return (struct slice){.data = bytes->data, .size = bytes->size};
}

/* Empties the buffer and keeps its memory. */
static inline void bytes_clear(struct bytes *bytes)
{
	bytes->size = 0;
}

/* Frees the memory; the buffer is empty and may be used again. */
void bytes_release(struct bytes *bytes);

/* Append an encoded value. */
void bytes_put_u8(struct bytes *bytes, uint8_t value);
void bytes_put_u32(struct bytes *bytes, uint32_t value);
void bytes_put_u64(struct bytes *bytes, uint64_t value);
void bytes_put_slice(struct bytes *bytes, struct slice value);
void bytes_put_text(struct bytes *bytes, const char *text);

/* Overwrites the encoded value at offset, which must be inside the contents. */
void bytes_set_u32(struct bytes *bytes, size_t offset, uint32_t value);

/* Returns a cursor at the beginning of bytes. */
struct cursor cursor_of(struct slice bytes);

/* Returns the next size bytes and moves past them, or returns NULL with the cursor failed. */
static inline const char *cursor_take(struct cursor *cursor, size_t size)
{
	const char *at = cursor->at;

	if (cursor->failed || size > (size_t)(cursor->end - at)) {
		cursor->failed = true;
		return NULL;
	}
	cursor->at = at + size;
	return at;
}

/* Return the next value and move past it. In this header, since the parent reads twenty of them for each result. */
static inline uint8_t cursor_u8(struct cursor *cursor)
{
	const char *at = cursor_take(cursor, 1);

	return at ? (uint8_t)*at : 0;
}

static inline uint32_t cursor_u32(struct cursor *cursor)
{
	const char *at = cursor_take(cursor, sizeof(uint32_t));
	uint32_t value;

	if (!at)
		return 0;
	memcpy(&value, at, sizeof value);
	return le32toh(value);
}

static inline uint64_t cursor_u64(struct cursor *cursor)
{
	const char *at = cursor_take(cursor, sizeof(uint64_t));
	uint64_t value;

	if (!at)
		return 0;
	memcpy(&value, at, sizeof value);
	return le64toh(value);
}

/* Returns the next slice, a view of the cursor's bytes. */
struct slice cursor_slice(struct cursor *cursor);
/* Returns the next slice as a new C string (free), or NULL if the cursor fails or the slice contains a NUL. */
char *cursor_text(struct cursor *cursor);

/* True if a value did not fit. */
static inline bool cursor_failed(const struct cursor *cursor)
{
	return cursor->failed;
}

#endif
