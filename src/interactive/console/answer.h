/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a command answers: written as it comes to a pipe or file; on a terminal gathered, in a file when it is much, and
 * shown. */
#ifndef INTERACTIVE_CONSOLE_ANSWER_H
#define INTERACTIVE_CONSOLE_ANSWER_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"

struct answer {
	/* What there is of it in memory. */
	struct bytes text;
	/* Where the rest is, before that; -1: it is all there. */
	int fd;
	/* It goes out at once. */
	bool is_direct;
	size_t lines;
	char last;
	/* The first thing that went wrong. */
	struct error error;
	/* For a file without a name. */
	const char *directory;
};

enum answer_kind { ANSWER_GATHERED, ANSWER_DIRECT };

void answer_init(struct answer *answer, enum answer_kind kind, const char *directory);

void answer_put(struct answer *answer, struct slice bytes);

/* Whether it is in memory, all of it. */
bool answer_is_small(const struct answer *answer);

/* Puts all of it into its file, which is at its beginning then. -1 with the error: that, or what went wrong before. */
int answer_to_file(struct answer *answer, struct error *error) MUST_CHECK;

void answer_release(struct answer *answer);

#endif
