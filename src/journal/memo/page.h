/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A page: what a task that succeeded has written, under its key, as a shard has it. Numbers are little-endian.
 *
 *   bytes  contents
 *       8  "mpmemo1\n"
 *       8  checksum of the next 48 bytes
 *      16  the key, its low half first
 *       8  checksum of the body
 *    3x 8  bytes of standard output, standard error, and the value
 *          the body: these, one after the other
 *
 * A checksum is the low half of XXH3-128. A page is found by its beginning among damaged bytes.
 */
#ifndef JOURNAL_MEMO_PAGE_H
#define JOURNAL_MEMO_PAGE_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"
#include "journal/key.h"
#include "task/task.h"

enum {
	/* Bytes before the body. */
	PAGE_HEAD = 64,
	/* The most bytes of a body. */
	PAGE_BODY_MAX = 16 << 20,
	/* The parts of a body, in the order of enum stream. */
	PAGE_PARTS = STREAM_VALUE,
};

struct page {
	struct key key;
	struct slice parts[PAGE_PARTS];
};

/* The bytes before a body. */
struct page_head {
	struct key key;
	uint64_t checksum;
	uint64_t sizes[PAGE_PARTS];
	/* The sum of these. */
	uint64_t body;
};

/* Appends a page, whose parts have PAGE_BODY_MAX bytes at most. */
void page_put(struct bytes *out, const struct page *page);

/* Reads the head at the beginning of the bytes. False if there is none. */
bool page_read_head(struct slice bytes, struct page_head *head);

/* Sets page to views of a body, which has head->body bytes. False if it is damaged. */
bool page_read_body(const struct page_head *head, const char *body, struct page *page);

/* Returns where the next page may begin in the bytes, from offset on; bytes.size if nowhere in them. */
size_t page_seek(struct slice bytes, size_t offset);

#endif
