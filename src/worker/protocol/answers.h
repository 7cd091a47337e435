/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Splitting what a filter writes into answers: records that end with the delimiter. Pure: knows no descriptor.
 *
 * Bytes are counted once as they come, in lanes; where a record ends is searched for only at a cut. The buffer has a
 * fixed size: the beginning of an answer that does not fit is handed out in pieces.
 */
#ifndef WORKER_PROTOCOL_ANSWERS_H
#define WORKER_PROTOCOL_ANSWERS_H

#include "base/dialect.h"
#include "base/slice.h"

/* Bytes of answers that are kept at most. */
enum { ANSWERS_SIZE = 256 * 1024 };

/* What has been read and not been taken. All zero at the start. */
struct answers {
	/* ANSWERS_SIZE bytes; NULL before the first answers_room. Owned. */
	char *data;
	/* Where the bytes begin and end. */
	size_t from;
	size_t to;
	/* Number of delimiters in these bytes. */
	uint64_t whole;
	/* The byte that ends an answer. */
	char delimiter;
	/* True if the beginning of the first answer was taken as pieces. */
	bool is_midway;
};

/* Drops everything, and begins with answers that end with the delimiter. Keeps the memory. */
void answers_begin(struct answers *answers, char delimiter);

/* Returns where the next bytes can be stored, and in *size how many: 0 if some must be taken before. */
char *answers_room(struct answers *answers, size_t *size);

/* Counts bytes that were stored there. */
void answers_add(struct answers *answers, size_t size);

/* Ends the last answer with a delimiter, if it has none: at end of file. There must be room for a byte. */
void answers_end(struct answers *answers);

/* Returns the bytes that are not whole answers. */
size_t answers_unfinished(const struct answers *answers);

/*
 * Takes whole answers off the front: at most most of them, in at most size bytes. Returns how many, and in *bytes a
 * view of them, valid until answers_room; 0 if there is none, or the first is larger than size.
 */
uint64_t answers_take(struct answers *answers, uint64_t most, size_t size, struct slice *bytes);

/*
 * Takes the beginning of the first answer, at most size bytes, if it cannot be taken as a whole within size bytes or
 * the buffer. Returns false if the first answer is whole and fits, or there is still room for more of it.
 */
bool answers_take_piece(struct answers *answers, size_t size, struct slice *bytes);

void answers_release(struct answers *answers);

#endif
