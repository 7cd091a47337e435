/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages in a file. */
#include "journal/memo/shard.h"

#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <unistd.h>

enum {
	/* Bytes that are read at a time to find pages. */
	WINDOW = 1 << 16,
	/* Bytes that are read at once for a page: most have fewer. */
	FIRST_READ = 4096,
	/* Slots of the first table. */
	SLOTS_MIN = 64,
};

/* Returns the slot of a key, or the empty one where it would be. The table has an empty one. */
static struct shard_slot *find_slot(const struct shard *shard, uint64_t high)
{
	size_t i = (size_t)high & (shard->capacity - 1);

	while (shard->slots[i].place && shard->slots[i].high != high)
		i = (i + 1) & (shard->capacity - 1);
	return &shard->slots[i];
}

/* Makes the table twice as large. */
static void grow_table(struct shard *shard)
{
	struct shard old = *shard;
	size_t i;

	shard->capacity = old.capacity ? 2 * old.capacity : SLOTS_MIN;
	shard->slots = mem_new(shard->capacity, sizeof *shard->slots);
	for (i = 0; i < old.capacity; i++) {
		if (old.slots[i].place)
			*find_slot(shard, old.slots[i].high) = old.slots[i];
	}
	free(old.slots);
}

void shard_enter(struct shard *shard, struct key key, uint64_t offset)
{
	struct shard_slot *slot;

	if (shard->count >= shard->capacity / 4 * 3)
		grow_table(shard);
	slot = find_slot(shard, key.high);
	shard->count += !slot->place;
	*slot = (struct shard_slot){.high = key.high, .place = offset + 1};
}

bool shard_has(const struct shard *shard, struct key key)
{
	const struct shard_slot *slot = shard->capacity ? find_slot(shard, key.high) : NULL;

	return slot && slot->place && slot->place != SHARD_GONE;
}

/* A part of the file in memory. */
struct shard_window {
	int fd;
	/* The end of what is looked at. */
	uint64_t size;
	/* Where the part begins. */
	uint64_t at;
	struct bytes bytes;
};

/* Returns the bytes of the file from at on, at least least of them unless it ends before. Without data on an error. */
static struct slice window_from(struct shard_window *window, uint64_t at, size_t least)
{
	uint64_t left = window->size - at, offset = at - window->at;

	if (least > left)
		least = (size_t)left;
	if (at < window->at || offset + least > window->bytes.size) {
		bytes_clear(&window->bytes);
		window->at = at;
		offset = 0;
		bytes_reserve(&window->bytes, WINDOW);
		left = left < WINDOW ? left : WINDOW;
		if (file_read_at(window->fd, at, window->bytes.data, (size_t)left) < 0)
			return (struct slice){.data = NULL};
		window->bytes.size = (size_t)left;
	}
	return (struct slice){.data = window->bytes.data + offset, .size = window->bytes.size - (size_t)offset};
}

/* Sets *at to where the next page is, from there on, and its head. 0 if there is none that is whole, -1 with errno. */
static int find_page(struct shard_window *window, uint64_t *at, struct page_head *head)
{
	while (window->size - *at >= PAGE_HEAD) {
		struct slice bytes = window_from(window, *at, PAGE_HEAD);
		size_t skipped;

		if (!bytes.data)
			return -1;
		if (page_read_head(bytes, head) && head->body <= window->size - *at - PAGE_HEAD)
			return 1;
		skipped = page_seek(bytes, 1);
		/* A beginning may be cut by the end of the window. */
		if (skipped == bytes.size && bytes.size < window->size - *at)
			skipped -= PAGE_HEAD - 1;
		*at += skipped;
	}
	return 0;
}

int shard_follow(struct shard *shard, int fd, uint64_t size)
{
	struct shard_window window = {.fd = fd, .size = size};
	uint64_t at = shard->end;
	struct page_head head;
	int found;

	if (size <= at)
		return 0;
	while ((found = find_page(&window, &at, &head)) > 0) {
		shard_enter(shard, head.key, at);
		at += PAGE_HEAD + head.body;
		shard->end = at;
	}
	bytes_release(&window.bytes);
	return found;
}

/* Reads what the file has from an offset on, at most size bytes. Returns how many, or -1 with errno. */
static ssize_t read_some(int fd, uint64_t offset, char *data, size_t size)
{
	ssize_t got;

	do
		got = pread(fd, data, size, (off_t)offset);
	while (got < 0 && errno == EINTR);
	return got;
}

/* Reads the page at an offset. False if it is not there, or is damaged. */
static bool read_page(int fd, uint64_t offset, struct bytes *buffer, struct page *page)
{
	struct page_head head;
	size_t size;
	ssize_t got;

	bytes_clear(buffer);
	bytes_reserve(buffer, FIRST_READ);
	got = read_some(fd, offset, buffer->data, FIRST_READ);
	if (got < PAGE_HEAD || !page_read_head((struct slice){.data = buffer->data, .size = (size_t)got}, &head))
		return false;
	size = PAGE_HEAD + (size_t)head.body;
	if (size > (size_t)got) {
		buffer->size = (size_t)got;
		bytes_reserve(buffer, size - (size_t)got);
		if (file_read_at(fd, offset + (uint64_t)got, buffer->data + got, size - (size_t)got) < 0)
			return false;
	}
	buffer->size = size;
	return page_read_body(&head, buffer->data + PAGE_HEAD, page);
}

bool shard_read(struct shard *shard, int fd, struct key key, struct bytes *buffer, struct page *page)
{
	struct shard_slot *slot;

	if (!shard_has(shard, key))
		return false;
	slot = find_slot(shard, key.high);
	if (read_page(fd, slot->place - 1, buffer, page)) {
		/* Two keys may share half of their bits. */
		return page->key.low == key.low && page->key.high == key.high;
	}
	slot->place = SHARD_GONE;
	return false;
}

void shard_release(struct shard *shard)
{
	free(shard->slots);
	*shard = (struct shard){.slots = NULL};
}
