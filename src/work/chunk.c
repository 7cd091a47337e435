/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading tasks from the bytes of a chunk. */
#include "work/chunk.h"

bool chunk_next(struct chunk_reader *reader, struct task *task)
{
	const char *end;
	size_t size;

	if (reader->next == reader->end || !reader->rest.size)
		return false;
	end = memchr(reader->rest.data, '\0', reader->rest.size);
	if (!end)
		return false;
	size = (size_t)(end - reader->rest.data);
	*task = (struct task){.index = reader->next, .record = {.data = reader->rest.data, .size = size}};
	reader->rest.data += size + 1;
	reader->rest.size -= size + 1;
	reader->next++;
	return true;
}
