/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes of a page. */
#include "journal/memo/page.h"

#include <endian.h>

static const char beginning[8] = {'m', 'p', 'm', 'e', 'm', 'o', '1', '\n'};

/* Places in a head. */
enum { AT_CHECKSUM = 8, AT_CHECKED = 16 };

static uint64_t page_checksum(const char *data, size_t size)
{
	return key_of_bytes((struct slice){.data = data, .size = size}).low;
}

void page_put(struct bytes *out, const struct page *page)
{
	size_t start = out->size, i;
	uint64_t checksum;

	bytes_append(out, beginning, sizeof beginning);
	bytes_put_u64(out, 0);
	bytes_put_u64(out, page->key.low);
	bytes_put_u64(out, page->key.high);
	bytes_put_u64(out, 0);
	for (i = 0; i < PAGE_PARTS; i++)
		bytes_put_u64(out, page->parts[i].size);
	for (i = 0; i < PAGE_PARTS; i++)
		bytes_append(out, page->parts[i].data, page->parts[i].size);
	checksum = htole64(page_checksum(out->data + start + PAGE_HEAD, out->size - start - PAGE_HEAD));
	memcpy(out->data + start + AT_CHECKED + sizeof page->key, &checksum, sizeof checksum);
	checksum = htole64(page_checksum(out->data + start + AT_CHECKED, PAGE_HEAD - AT_CHECKED));
	memcpy(out->data + start + AT_CHECKSUM, &checksum, sizeof checksum);
}

bool page_read_head(struct slice bytes, struct page_head *head)
{
	struct cursor cursor = cursor_of(bytes);
	size_t i;

	if (bytes.size < PAGE_HEAD || memcmp(bytes.data, beginning, sizeof beginning) != 0)
		return false;
	cursor_u64(&cursor);
	if (cursor_u64(&cursor) != page_checksum(bytes.data + AT_CHECKED, PAGE_HEAD - AT_CHECKED))
		return false;
	head->key.low = cursor_u64(&cursor);
	head->key.high = cursor_u64(&cursor);
	head->checksum = cursor_u64(&cursor);
	head->body = 0;
	for (i = 0; i < PAGE_PARTS; i++) {
		head->sizes[i] = cursor_u64(&cursor);
		if (head->sizes[i] > PAGE_BODY_MAX)
			return false;
		head->body += head->sizes[i];
	}
	return head->body <= PAGE_BODY_MAX;
}

bool page_read_body(const struct page_head *head, const char *body, struct page *page)
{
	size_t i;

	if (page_checksum(body, head->body) != head->checksum)
		return false;
	page->key = head->key;
	for (i = 0; i < PAGE_PARTS; i++) {
		page->parts[i] = (struct slice){.data = body, .size = head->sizes[i]};
		body += head->sizes[i];
	}
	return true;
}

size_t page_seek(struct slice bytes, size_t offset)
{
	const char *found = offset < bytes.size
				    ? memmem(bytes.data + offset, bytes.size - offset, beginning, sizeof beginning)
				    : NULL;

	return found ? (size_t)(found - bytes.data) : bytes.size;
}
