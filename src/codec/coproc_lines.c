/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding the lines of a stream. */
#include "codec/coproc_lines.h"

/* The memory that is kept for the next bytes when all have been taken, bytes. */
enum { KEPT_MAX = 1 << 20 };

char *coproc_lines_reserve(struct coproc_lines *lines, size_t size)
{
	struct bytes *held = &lines->held;

	/* What was taken is dropped when it is half of everything, so that each byte is moved once at most, on average.
	 */
	if (lines->begin >= held->size - lines->begin) {
		bytes_consume(held, lines->begin);
		lines->searched -= lines->begin;
		lines->begin = 0;
	}
	if (!held->size && held->capacity > KEPT_MAX)
		bytes_release(held);
	return bytes_reserve(held, size);
}

void coproc_lines_add(struct coproc_lines *lines, size_t size)
{
	lines->held.size += size;
}

enum coproc_lines_event coproc_lines_next(struct coproc_lines *lines, struct slice *line)
{
	size_t unsearched = lines->held.size - lines->searched;
	const char *end = unsearched ? memchr(lines->held.data + lines->searched, '\n', unsearched) : NULL;

	*line = coproc_lines_rest(lines);
	if (end)
		line->size = (size_t)(end - line->data);
	if (line->size > lines->limit)
		return COPROC_LINES_LONG;
	lines->searched = end ? lines->begin + line->size + 1 : lines->held.size;
	if (!end)
		return COPROC_LINES_MORE;
	lines->begin = lines->searched;
	return COPROC_LINES_LINE;
}

struct slice coproc_lines_rest(const struct coproc_lines *lines)
{
	if (lines->begin == lines->held.size)
		return (struct slice){.data = NULL};
	return (struct slice){.data = lines->held.data + lines->begin, .size = lines->held.size - lines->begin};
}

void coproc_lines_reset(struct coproc_lines *lines)
{
	bytes_release(&lines->held);
	lines->begin = lines->searched = 0;
}
