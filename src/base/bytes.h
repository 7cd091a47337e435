/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Growable byte buffers, and the cursor that reads back what was put in: the only home of integer encoding.
 *
 * Integers are little-endian and of fixed size; a slice is its 32-bit length and its bytes. A cursor fails softly:
 * after the first get that does not fit, every get returns zero or empty and cursor_failed says so.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include "base/dialect.h"
#include "base/slice.h"

/* All zero is an empty buffer. data is owned by the buffer and moves when it grows. */
struct bytes {
	char *data;
	size_t size;
	size_t capacity;
};

/* A reading position in somebody else's bytes. */
struct cursor {
	const char *at;
	const char *end;
	bool failed;
};

/* At least size bytes of room after the contents: returns where they begin. Add what was used to size. */
char *bytes_reserve(struct bytes *bytes, size_t size);

void bytes_append(struct bytes *bytes, const void *data, size_t size);
void bytes_append_text(struct bytes *bytes, const char *text);
void bytes_append_format(struct bytes *bytes, const char *format, ...) PRINTF_LIKE(2, 3);

/* Drops the first size bytes and moves the rest to the front. */
void bytes_consume(struct bytes *bytes, size_t size);

/* The contents as a NUL-terminated string, valid until the next change. */
const char *bytes_text(struct bytes *bytes);

static inline struct slice bytes_slice(const struct bytes *bytes)
{
	return (struct slice){.data = bytes->data, .size = bytes->size};
}

/* Empties the buffer, keeping its memory for reuse. */
static inline void bytes_clear(struct bytes *bytes)
{
	bytes->size = 0;
}

/* Frees the memory; the buffer is empty and usable again. */
void bytes_release(struct bytes *bytes);

void bytes_put_u8(struct bytes *bytes, uint8_t value);
void bytes_put_u32(struct bytes *bytes, uint32_t value);
void bytes_put_u64(struct bytes *bytes, uint64_t value);
/* Puts a value over four bytes that are there. */
void bytes_set_u32(struct bytes *bytes, size_t offset, uint32_t value);
void bytes_put_slice(struct bytes *bytes, struct slice value);
void bytes_put_text(struct bytes *bytes, const char *text);

struct cursor cursor_of(struct slice bytes);
uint8_t cursor_u8(struct cursor *cursor);
uint32_t cursor_u32(struct cursor *cursor);
uint64_t cursor_u64(struct cursor *cursor);
/* A view into the cursor's bytes. */
struct slice cursor_slice(struct cursor *cursor);
/* A slice as a new C string (free), or NULL when the cursor failed or the slice holds a NUL. */
char *cursor_text(struct cursor *cursor);
static inline bool cursor_failed(const struct cursor *cursor)
{
	return cursor->failed;
}

#endif
