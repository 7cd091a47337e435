/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Checksums of the outputs file: of each piece of it that a commit added. They cost no time when a run is resumed: a
 * piece is read and compared when something of it is needed first.
 */
#ifndef JOURNAL_DURABLE_SEALS_H
#define JOURNAL_DURABLE_SEALS_H

#include "base/dialect.h"
#include "journal/durable/note.h"

enum seals_state {
	/* It has not been compared. */
	SEALS_UNKNOWN,
	/* It has no checksum. */
	SEALS_NONE,
	SEALS_RIGHT,
	SEALS_WRONG,
};

/* A piece, which begins where the one before it ends. */
struct seals_piece {
	uint64_t end : 62;
	/* An enum seals_state. */
	uint64_t state : 2;
	uint32_t crc;
} __attribute__((packed));

/* All zero: none. */
struct seals {
	struct seals_piece *pieces;
	size_t count;
	size_t capacity;
};

/* Adds a piece that follows the others; what is between them has no checksum. */
void seals_add(struct seals *seals, uint64_t begin, uint64_t end, uint32_t crc);

/* Adds a piece whose checksum a note has as "added". False if it has none, or the piece does not follow the others. */
bool seals_take(struct seals *seals, const struct note *note, uint64_t begin, uint64_t end);

/* Returns the first piece with bytes between begin and end whose checksum is wrong, NULL if there is none. */
const struct seals_piece *seals_check(struct seals *seals, int fd, uint64_t begin, uint64_t end);

/* Returns where the last piece ends. */
static inline uint64_t seals_end(const struct seals *seals)
{
	return seals->count ? seals->pieces[seals->count - 1].end : 0;
}

/* Returns where a piece begins. */
static inline uint64_t seals_begin(const struct seals *seals, const struct seals_piece *piece)
{
	return piece > seals->pieces ? piece[-1].end : 0;
}

/* Sets the checksum of bytes of a file that follow those whose checksum is *crc. -1 with errno. */
int seals_read(int fd, uint64_t begin, uint64_t end, uint32_t *crc) MUST_CHECK;

void seals_release(struct seals *seals);

#endif
