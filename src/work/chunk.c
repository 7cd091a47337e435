/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading tasks from the bytes of a chunk. */
#include "work/chunk.h"

/* The value that bytes begin with, with its NUL taken off; false when it has none. */
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

bool chunk_next(struct chunk_reader *reader, struct task *task)
{
	struct slice value;

	if (reader->next != reader->end && !reader->width) {
		*task = (struct task){.index = reader->next++, .record = reader->rest};
		return true;
	}
	if (reader->next == reader->end || !take_value(&reader->rest, &value))
		return false;
	*task = (struct task){.index = reader->next, .record = value, .value_count = 1};
	while (task->value_count < reader->width && take_value(&reader->rest, &value))
		task->value_count++;
	reader->next++;
	return true;
}
