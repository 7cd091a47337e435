/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading tasks from the bytes of a chunk. */
#include "task/chunk.h"

#include "task/frame.h"

/* Takes the first value and its NUL off the bytes. Returns false if there is no NUL. */
static bool take_value(struct slice *rest, struct slice *value)
{
	const char *end = rest->size ? memchr(rest->data, '\0', rest->size) : NULL;

	if (!end)
		return false;
	*value = (struct slice){.data = rest->data, .size = (size_t)(end - rest->data)};
	rest->data += value->size + 1;
	rest->size -= value->size + 1;
	return true;
}

/* Takes the values of a task off the bytes. */
static bool take_values(struct slice *rest, uint32_t width, struct task *task)
{
	struct slice value;

	if (!take_value(rest, &task->record))
		return false;
	for (task->value_count = 1; task->value_count < width && take_value(rest, &value);)
		task->value_count++;
	return true;
}

/* Takes the first record and its delimiter off the bytes, whose last byte is the delimiter. False without bytes. */
static bool take_line(struct slice *rest, struct task *task)
{
	const char *end;

	if (!rest->size)
		return false;
	end = memchr(rest->data, rest->data[rest->size - 1], rest->size);
	task->record = (struct slice){.data = rest->data, .size = (size_t)(end - rest->data)};
	task->value_count = 1;
	task->is_line = true;
	rest->data += task->record.size + 1;
	rest->size -= task->record.size + 1;
	return true;
}

bool chunk_next(struct chunk_reader *reader, struct task *task)
{
	struct slice rest = reader->rest;

	if (reader->next == reader->end)
		return false;
	*task = (struct task){.index = reader->next};
	if (reader->width == CHUNK_RAW) {
		task->record = rest;
		rest = (struct slice){.data = rest.data + rest.size};
	} else if (reader->width == CHUNK_FRAMES) {
		task->frame = frame_first(rest);
		if (!task->frame.size)
			return false;
		rest.data += task->frame.size;
		rest.size -= task->frame.size;
	} else if (reader->width == CHUNK_LINES) {
		if (!take_line(&rest, task))
			return false;
	} else if (!take_values(&rest, reader->width, task)) {
		return false;
	}
	task->bytes = (struct slice){.data = reader->rest.data, .size = reader->rest.size - rest.size};
	reader->rest = rest;
	reader->next++;
	return true;
}
