/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The file beside a journal that keeps output which is not in the run's output, or cannot be read back from it. It has
 * no form: the journal says where each task's output lies in it. It is made when something is kept first. It has one of
 * two names: a journal that is written anew may be given a new one, without what no task needs.
 */
#ifndef JOURNAL_DURABLE_KEPT_H
#define JOURNAL_DURABLE_KEPT_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/error.h"

struct kept {
	/* Owned. */
	char *name;
	/* -1 until the file is needed. */
	int fd;
	/* Bytes in the file. */
	uint64_t stored;
	/* Bytes that follow these. */
	struct bytes buffer;
	/* True if something was written that is not stored. */
	bool is_dirty;
	/* Where the bytes begin whose checksum kept_added sets, and that; it is not known once some were dropped. */
	uint64_t added_from;
	uint32_t crc;
	bool is_unknown;
};

/* Begins with nothing kept; what a file of this name has is dropped once something is kept. */
void kept_begin(struct kept *kept, const char *journal, bool is_second);

/* Removes the file that is not in use, if there is one. */
void kept_clear(const char *journal, bool is_second);

/* Continues with the first size bytes that were kept. -1 with the error: there are fewer, NULs instead if forced. */
int kept_resume(struct kept *kept, uint64_t size, bool forces, struct error *error) MUST_CHECK;

/* Returns how many bytes are kept: where the next ones will be. */
static inline uint64_t kept_end(const struct kept *kept)
{
	return kept->stored + kept->buffer.size;
}

/* Keeps bytes. -1 with the error. */
int kept_put(struct kept *kept, struct slice bytes, struct error *error) MUST_CHECK;

/* Drops what follows the first size bytes, as far as kept_added has not counted it. */
void kept_drop(struct kept *kept, uint64_t size);

/* Reads bytes back. -1 with the error. */
int kept_get(struct kept *kept, uint64_t offset, char *data, size_t size, struct error *error) MUST_CHECK;

/* Writes what is buffered, and has it stored if syncs. -1 with the error. */
int kept_flush(struct kept *kept, bool syncs, struct error *error) MUST_CHECK;

/*
 * Sets the checksum of what was kept since the last call or kept_resume; all of it has been flushed. Returns 1, 0 if
 * that is nothing, -1 with the error.
 */
int kept_added(struct kept *kept, uint32_t *crc, struct error *error) MUST_CHECK;

/* Removes the file: nothing of it is needed any more. */
void kept_remove(struct kept *kept);

void kept_close(struct kept *kept);

#endif
