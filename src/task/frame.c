/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing and reading frames. */
#include "task/frame.h"

#include "base/number.h"

#include <inttypes.h>

/* Bytes of the length at the beginning of a frame. */
enum { LENGTH_SIZE = 4 };

size_t frame_begin(struct bytes *bytes, enum frame_kind kind)
{
	size_t begun = bytes->size;

	bytes_put_u32(bytes, 0);
	bytes_put_u8(bytes, (uint8_t)kind);
	return begun;
}

void frame_put(struct bytes *bytes, enum field field, struct slice value)
{
	bytes_put_u8(bytes, (uint8_t)field);
	bytes_put_slice(bytes, value);
	bytes_append(bytes, "", 1);
}

void frame_put_number(struct bytes *bytes, enum field field, uint64_t value)
{
	char digits[24];

	snprintf(digits, sizeof digits, "%" PRIu64, value);
	frame_put(bytes, field, slice_of(digits));
}

void frame_end(struct bytes *bytes, size_t begun)
{
	bytes_set_u32(bytes, begun, (uint32_t)(bytes->size - begun - LENGTH_SIZE));
}

struct slice frame_first(struct slice bytes)
{
	struct cursor cursor = cursor_of(bytes);
	struct slice body = cursor_slice(&cursor);

	if (cursor_failed(&cursor))
		return (struct slice){.data = NULL};
	return (struct slice){.data = bytes.data, .size = body.size + LENGTH_SIZE};
}

struct frame_reader frame_read(struct slice frame)
{
	struct frame_reader reader = {.cursor = cursor_of(frame)};

	cursor_u32(&reader.cursor);
	reader.kind = (enum frame_kind)cursor_u8(&reader.cursor);
	return reader;
}

bool frame_next(struct frame_reader *reader, enum field *field, struct slice *value)
{
	if (reader->cursor.at == reader->cursor.end)
		return false;
	*field = (enum field)cursor_u8(&reader->cursor);
	*value = cursor_slice(&reader->cursor);
	/* The NUL after it. */
	return cursor_u8(&reader->cursor) == 0 && !cursor_failed(&reader->cursor);
}

bool frame_find(struct slice frame, enum field field, struct slice *value)
{
	struct frame_reader reader = frame_read(frame);
	enum field found;

	*value = (struct slice){.data = NULL};
	while (frame_next(&reader, &found, value)) {
		if (found == field)
			return true;
	}
	*value = (struct slice){.data = NULL};
	return false;
}

uint64_t frame_number(struct slice frame, enum field field)
{
	struct slice text;
	uint64_t value = 0;

	if (frame.size && frame_find(frame, field, &text) && number_parse(text.data, UINT64_MAX, &value) < 0)
		return 0;
	return value;
}
