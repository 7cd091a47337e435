/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The chunks that a worker has claimed for a persistent command.
 *
 * They are in the order in which they are fed. There are two positions in them:
 *
 *   | answered ... | fed, not answered ...   | not fed ...              |
 *                  first                     fed                        end
 *
 * Answers come in the order of the records, so what is not answered is always the rest. When a command has ended,
 * hand_rewind moves the second position back to the first, and the next command gets the records again.
 */
#ifndef WORKER_PERSISTENT_HAND_H
#define WORKER_PERSISTENT_HAND_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/slice.h"
#include "worker/workplace.h"

/* The most chunks that are held. */
enum { HAND_ROWS = 1024 };

/* Bytes of answered rows that are kept at most, and their number. */
enum { HAND_KEPT = 256 * 1024, HAND_KEPT_ROWS = 64 };

struct hand_row {
	struct claim claim;
	/* The chunk's records from its first on, as in the chunk, and where they are in the arena. */
	struct slice bytes;
	size_t offset;
	/* The index of the first record of bytes. */
	uint64_t first;
	/* The width of the chunk: CHUNK_LINES, or another for commands that get records one by one. */
	uint32_t width;
	/* Bytes of the records that are answered. */
	size_t answered;
};

/* A position between two records, or within one that is being fed. */
struct hand_position {
	size_t row;
	/* Offset in the row's bytes. */
	size_t offset;
};

/* Consecutive records of one chunk. */
struct hand_stretch {
	/* Each with its delimiter. */
	struct slice bytes;
	uint64_t first;
	uint64_t count;
};

/* Prepared by hand_init. claim.next of a row is its first record that is not answered. */
struct hand {
	/* The rows, the oldest first; they move through memory for twice as many. */
	struct hand_row *rows;
	struct hand_row memory[2 * HAND_ROWS];
	size_t count;
	/* Where the next byte to be fed is. */
	struct hand_position fed;
	/* Where feeding ends: HAND_ROWS if there is no limit. */
	struct hand_position until;
	/* True if the first record that is not answered may have been fed, at least in part. */
	bool is_begun;
	/* The index after the last record of hand_take. */
	uint64_t taken;
	/* Bytes of all rows together. */
	size_t size;
	/* Copies of the first rows that the present command has answered: HAND_KEPT bytes at most. */
	struct bytes kept;
	struct hand_stretch kept_rows[HAND_KEPT_ROWS];
	size_t kept_count;
	/* True if rows that the present command has answered are not among them. */
	bool has_lost;
};

/* Makes an empty hand without a limit. */
void hand_init(struct hand *hand);

/* Empties the hand's copies: a command begins. */
void hand_begin(struct hand *hand);

/* Returns a kept row (below kept_count), valid until hand_answer. */
struct hand_stretch hand_kept_row(const struct hand *hand, size_t row);

/* Frees the hand's memory. */
void hand_release(struct hand *hand);

/* Adds the chunk in place->claim, which was just claimed. False if its memory cannot be reached. */
bool hand_add(struct hand *hand, struct workplace *place);

/* True if another chunk can be added. */
static inline bool hand_has_room(const struct hand *hand)
{
	return hand->count < HAND_ROWS;
}

/* Returns how many bytes are not answered, by the average of each row. */
size_t hand_unanswered(const struct hand *hand);

/* Returns how many records are not answered. */
uint64_t hand_records(const struct hand *hand);

/* Returns the index of the first record that is not answered. There must be one. */
static inline uint64_t hand_first(const struct hand *hand)
{
	return hand->rows[0].claim.next;
}

/* Returns how many records of the first row are not answered. */
static inline uint64_t hand_first_records(const struct hand *hand)
{
	return hand->rows[0].claim.end - hand->rows[0].claim.next;
}

/* Returns the delimiter of the records, which are lines. There must be one. */
static inline char hand_delimiter(const struct hand *hand)
{
	struct slice bytes = hand->rows[0].bytes;

	return bytes.data[bytes.size - 1];
}

/* Moves the fed position to the first record that is not answered. */
void hand_rewind(struct hand *hand);

/* Lets only the first count records that are not answered be fed; UINT64_MAX: all, those added later too. */
void hand_limit(struct hand *hand, uint64_t count);

/* Returns the bytes to be fed next: up to the limit or the end of their row; none at the limit. */
struct slice hand_unfed(const struct hand *hand);

/* Returns how many records may have been fed and are not answered: all of a row that was begun. */
uint64_t hand_fed_most(const struct hand *hand);

/* Moves the fed position over bytes of hand_unfed. */
void hand_feed(struct hand *hand, size_t size);

/* Reads the next record to be fed, and moves the fed position over it. False if there is none. */
bool hand_take(struct hand *hand, struct task *task);

/*
 * Takes the next records to be fed as they are, all of one row: as many whole ones as size bytes hold, but one at
 * least, and at most most. Moves the fed position over them. False if there are none. Rows of lines only.
 */
bool hand_take_lines(struct hand *hand, size_t size, uint64_t most, struct hand_stretch *stretch);

/* Returns how many records that are not answered come before the one with that index; UINT64_MAX if it is not held. */
uint64_t hand_before(const struct hand *hand, uint64_t index);

/* Returns how many records have been fed, wholly or in part, and are not answered. Counts them. */
uint64_t hand_fed_records(const struct hand *hand);

/* Gives the rows of which nothing was fed back to the queue. */
void hand_return_unfed(struct hand *hand, struct workplace *place);

/* Returns the index of the record after which count of those that are not answered have passed; count is not 0. */
uint64_t hand_index(const struct hand *hand, uint64_t count);

/* Makes the first row the workplace's claim, by which results are committed. */
void hand_select(const struct hand *hand, struct workplace *place);

/* Notes that count more records of the first row are answered. Removes the row if it was the rest. */
void hand_answer(struct hand *hand, uint64_t count);

/* Gives what is not answered back to the queue, and empties the hand. */
void hand_return(struct hand *hand, struct workplace *place);

#endif
