/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What ends a record, or begins it: one byte, or several that stand together. */
#ifndef TASK_DELIMITER_H
#define TASK_DELIMITER_H

#include "base/dialect.h"

/* Bytes of the longest delimiter. */
enum { DELIMITER_MAX = 255 };

struct delimiter {
	char bytes[DELIMITER_MAX];
	/* Number of bytes, at least 1. */
	size_t size;
};

/*
 * Parses bytes as a user writes them, with the escapes \n \t \r \0 \\ \xHH; a backslash alone is one. Returns -1 with
 * the delimiter unchanged if text is empty, has another escape, or is too long.
 */
int delimiter_parse(struct delimiter *delimiter, const char *text) MUST_CHECK;

/* Returns the first place where the delimiter is in the bytes, or NULL. Takes time in proportion to size. */
const char *delimiter_find(const struct delimiter *delimiter, const char *bytes, size_t size);

/* True if the bytes begin with the delimiter. */
bool delimiter_begins(const struct delimiter *delimiter, const char *bytes, size_t size);

/* True if the bytes end with the delimiter. */
bool delimiter_ends(const struct delimiter *delimiter, const char *bytes, size_t size);

#endif
