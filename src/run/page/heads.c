/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list, since no more tasks are under way than there are workers. */
#include "run/page/heads.h"

#include "base/mem.h"

/* Returns the place of a task, count if it has none. */
static size_t heads_place(const struct heads *heads, uint64_t index)
{
	size_t i;

	for (i = 0; i < heads->count && heads->list[i].index != index; i++)
		;
	return i;
}

void heads_put(struct heads *heads, const struct recorder_piece *piece)
{
	size_t place, room;
	struct head *head;

	if (piece->stream != STREAM_ERRORS)
		return;
	place = heads_place(heads, piece->index);
	if (place == heads->count) {
		heads->list = mem_grow(heads->list, heads->count, &heads->capacity, sizeof *heads->list);
		heads->list[heads->count++] = (struct head){.index = piece->index};
	}
	head = &heads->list[place];
	if (head->attempt != piece->attempt)
		bytes_clear(&head->text);
	head->attempt = piece->attempt;
	room = HEAD_SIZE - head->text.size;
	bytes_append(&head->text, piece->bytes.data, piece->bytes.size < room ? piece->bytes.size : room);
}

void heads_forget(struct heads *heads, uint64_t index)
{
	size_t place = heads_place(heads, index);

	if (place == heads->count)
		return;
	bytes_release(&heads->list[place].text);
	heads->list[place] = heads->list[--heads->count];
}

struct slice heads_find(const struct heads *heads, uint64_t index)
{
	size_t place = heads_place(heads, index);

	return place < heads->count ? bytes_slice(&heads->list[place].text) : (struct slice){.data = NULL};
}

void heads_release(struct heads *heads)
{
	size_t i;

	for (i = 0; i < heads->count; i++)
		bytes_release(&heads->list[i].text);
	free(heads->list);
	*heads = (struct heads){.list = NULL};
}
