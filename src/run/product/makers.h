/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files that the tasks of a run have: which task was the first to have one. A table of hashes, 16 bytes each: 64
 * bits of the hash are compared, and 24 more beside the index of the task.
 */
#ifndef RUN_PRODUCT_MAKERS_H
#define RUN_PRODUCT_MAKERS_H

#include "base/dialect.h"
#include "base/slice.h"

/* A place in the table. */
struct maker {
	uint64_t low;
	/* 24 bits of the hash, and the index plus one; 0 if the place is free. */
	uint64_t rest;
};

struct makers {
	struct maker *table;
	size_t count;
	/* The number of places, a power of two. */
	size_t capacity;
};

/* Notes that a task has the file of that name. Returns the index of the first task that has it. */
uint64_t makers_add(struct makers *makers, struct slice name, uint64_t index);

void makers_release(struct makers *makers);

#endif
