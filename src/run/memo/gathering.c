/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What tasks have written so far. */
#include "run/memo/gathering.h"

#include "base/mem.h"

/* The most bytes that are gathered of all tasks together. */
enum { GATHERED_MAX = 8 * PAGE_BODY_MAX };

/* Returns what a task has written, NULL if nothing. */
static struct gathered *find_gathered(const struct gathering *gathering, uint64_t index)
{
	size_t i;

	for (i = 0; i < gathering->count; i++) {
		if (gathering->list[i].index == index)
			return &gathering->list[i];
	}
	return NULL;
}

static uint64_t gathered_size(const struct gathered *gathered)
{
	uint64_t size = 0;
	size_t i;

	for (i = 0; i < PAGE_PARTS; i++)
		size += gathered->parts[i].size;
	return size;
}

/* Drops the bytes. */
static void drop_parts(struct gathering *gathering, struct gathered *gathered)
{
	size_t i;

	gathering->size -= gathered_size(gathered);
	for (i = 0; i < PAGE_PARTS; i++)
		bytes_release(&gathered->parts[i]);
}

/* Returns what an attempt has written, which is nothing if it is new. */
static struct gathered *reach_gathered(struct gathering *gathering, uint64_t index, uint32_t attempt)
{
	struct gathered *gathered = find_gathered(gathering, index);

	if (gathered && gathered->attempt == attempt)
		return gathered;
	if (gathered) {
		drop_parts(gathering, gathered);
	} else {
		gathering->list =
			mem_grow(gathering->list, gathering->count, &gathering->capacity, sizeof *gathering->list);
		gathered = &gathering->list[gathering->count++];
	}
	*gathered = (struct gathered){.index = index, .attempt = attempt};
	return gathered;
}

void gathering_put(struct gathering *gathering, uint64_t index, uint32_t attempt, enum stream stream,
		   struct slice bytes)
{
	struct gathered *gathered = reach_gathered(gathering, index, attempt);

	if (gathered->is_dropped)
		return;
	if (gathered_size(gathered) + bytes.size > PAGE_BODY_MAX || gathering->size + bytes.size > GATHERED_MAX) {
		drop_parts(gathering, gathered);
		gathered->is_dropped = true;
		return;
	}
	bytes_append(&gathered->parts[stream - STREAM_OUTPUT], bytes.data, bytes.size);
	gathering->size += bytes.size;
}

void gathering_forget(struct gathering *gathering, uint64_t index)
{
	struct gathered *gathered = find_gathered(gathering, index);

	if (!gathered)
		return;
	drop_parts(gathering, gathered);
	*gathered = gathering->list[--gathering->count];
}

bool gathering_read(const struct gathering *gathering, uint64_t index, uint32_t attempt, struct page *page)
{
	const struct gathered *gathered = find_gathered(gathering, index);
	size_t i;

	for (i = 0; i < PAGE_PARTS; i++) {
		page->parts[i] = (struct slice){.data = NULL};
		if (gathered && gathered->attempt == attempt)
			page->parts[i] = bytes_slice(&gathered->parts[i]);
	}
	return !gathered || gathered->attempt != attempt || !gathered->is_dropped;
}

void gathering_release(struct gathering *gathering)
{
	while (gathering->count)
		drop_parts(gathering, &gathering->list[--gathering->count]);
	free(gathering->list);
	*gathering = (struct gathering){.list = NULL};
}
