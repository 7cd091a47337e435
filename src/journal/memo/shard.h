/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A shard: a file of pages, which is only appended to, and where they are in it. Whatever else is in the file is passed
 * over, such as a page that was not written to its end, or is damaged. Of pages with one key the last counts.
 */
#ifndef JOURNAL_MEMO_SHARD_H
#define JOURNAL_MEMO_SHARD_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "journal/key.h"
#include "journal/memo/page.h"

struct shard {
	/* A table by the high halves of keys. */
	struct shard_slot {
		uint64_t high;
		/* The place of the page, from 1; 0 in an empty slot, SHARD_GONE if its page is damaged. */
		uint64_t place;
	} * slots;
	/* Slots that are not empty, and slots: a power of two, or 0. */
	size_t count;
	size_t capacity;
	/* Bytes of the file whose pages are in the table. */
	uint64_t end;
};

#define SHARD_GONE UINT64_MAX

/* Enters the pages that the file has from shard->end on to size, and moves that after the last. -1 with errno. */
int shard_follow(struct shard *shard, int fd, uint64_t size) MUST_CHECK;

/* Notes that a page of this key is at offset. */
void shard_enter(struct shard *shard, struct key key, uint64_t offset);

/* True if there is a page of the key, whole or not. */
bool shard_has(const struct shard *shard, struct key key);

/*
 * Reads the page of a key from the file into the buffer, and sets page to views of it. False if there is none that is
 * whole.
 */
bool shard_read(struct shard *shard, int fd, struct key key, struct bytes *buffer, struct page *page);

/* Forgets all pages. */
void shard_release(struct shard *shard);

#endif
