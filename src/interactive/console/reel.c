/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cuts a file into pieces. */
#include "interactive/console/reel.h"

#include "ipc/fd.h"
#include "interactive/console/screen.h"

enum {
	/* Bytes read at a time. */
	PIECE = 65536,
};

bool reel_is_on(const struct reel *reel)
{
	return reel->fd >= 0;
}

void reel_begin(struct reel *reel, int fd)
{
	reel->fd = fd;
}

/* Moves the whole lines that wait to text, or all that waits if that is a piece of a long line. */
static void reel_take_lines(struct reel *reel, struct bytes *text)
{
	const char *last = memrchr(reel->waiting.data, '\n', reel->waiting.size);
	size_t size = last ? (size_t)(last - reel->waiting.data) + 1 : reel->waiting.size;

	if (!last && size < PIECE)
		return;
	screen_clean(text, (struct slice){.data = reel->waiting.data, .size = size});
	if (!last)
		bytes_append_text(text, "\n");
	bytes_consume(&reel->waiting, size);
}

int reel_next(struct reel *reel, struct bytes *text)
{
	ssize_t got;

	while (!text->size) {
		got = fd_read(reel->fd, bytes_reserve(&reel->waiting, PIECE), PIECE);
		if (got <= 0)
			return (int)got;
		reel->waiting.size += (size_t)got;
		reel_take_lines(reel, text);
	}
	return 1;
}

void reel_end(struct reel *reel)
{
	fd_close(&reel->fd);
	bytes_release(&reel->waiting);
}
