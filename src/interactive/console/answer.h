/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The answer to a command: written at once to a pipe or file; gathered for a terminal, in memory or in a file, and then
 * shown.
 */
#ifndef INTERACTIVE_CONSOLE_ANSWER_H
#define INTERACTIVE_CONSOLE_ANSWER_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/error.h"
#include "base/slice.h"

struct answer {
	/* The part in memory, which follows the part in the file. */
	struct bytes text;
	/* The file, -1 if none. */
	int fd;
	/* True if the answer is written at once. */
	bool is_direct;
	size_t lines;
	char last;
	/* The first error. */
	struct error error;
	/* The directory in which the file without a name is made. */
	const char *directory;
};

enum answer_kind { ANSWER_GATHERED, ANSWER_DIRECT };

void answer_init(struct answer *answer, enum answer_kind kind, const char *directory);

void answer_put(struct answer *answer, struct slice bytes);

/* True if all of it is in memory, without an error. */
bool answer_is_small(const struct answer *answer);

/* Writes all of the answer to its file, and rewinds the file. Returns -1 with the error, also an earlier one. */
int answer_to_file(struct answer *answer, struct error *error) MUST_CHECK;

void answer_release(struct answer *answer);

#endif
