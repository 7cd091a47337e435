/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A long answer that is shown without a pager: piece by piece, as the terminal takes it. */
#ifndef INTERACTIVE_CONSOLE_REEL_H
#define INTERACTIVE_CONSOLE_REEL_H

#include "base/bytes.h"
#include "base/dialect.h"

struct reel {
	/* The file, -1 if none is shown. */
	int fd;
	/* The beginning of a line whose end was not read yet. */
	struct bytes waiting;
};

bool reel_is_on(const struct reel *reel);

/* Begins to show a file, which the reel closes. */
void reel_begin(struct reel *reel, int fd);

/*
 * Appends the next whole lines, escaped as by screen_clean; a very long line comes in pieces. Returns 1, 0 at the end
 * of the file, or -1 with errno.
 */
int reel_next(struct reel *reel, struct bytes *text);

/* Ends it, wherever it is. */
void reel_end(struct reel *reel);

#endif
