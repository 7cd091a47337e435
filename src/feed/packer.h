/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Putting tasks together in chunks: their values are written into blocks of shared memory, and submitted in time. */
#ifndef FEED_PACKER_H
#define FEED_PACKER_H

#include "base/dialect.h"
#include "run/session.h"

struct packer {
	struct session *session;
	/* The block that is being filled (ARENA_NONE at first), how much it holds, and how much of that is taken. */
	size_t block;
	size_t room;
	size_t filled;
	/* Tasks that have not been submitted: so many, from here on. */
	size_t open_offset;
	uint32_t open_count;
	/* How many values each task has. */
	uint32_t width;
	/* A guess how many tasks are still to come; UINT64_MAX: unknown. */
	uint64_t remaining;
};

void packer_init(struct packer *packer, struct session *session);

/* Room for so many bytes on end: where to write them. NULL with errno when there is no memory. */
char *packer_reserve(struct packer *packer, size_t size) MUST_CHECK;

/* What was written there, size bytes of width values (or CHUNK_...), is a task. */
void packer_add(struct packer *packer, size_t size, uint32_t width);

/* Submits what is open. */
void packer_submit(struct packer *packer);

#endif
