/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A view of bytes of another owner. */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include "base/dialect.h"

struct slice {
	const char *data;
	size_t size;
};

/* Returns the bytes of a C string, without its NUL. */
static inline struct slice slice_of(const char *text)
{
	return (struct slice){.data = text, .size = strlen(text)};
}

/* True if both hold the same bytes. */
static inline bool slice_equals(struct slice a, struct slice b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

#endif
