/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The roll: the tasks that a journal names, 16 bytes each. What they are is in the journal, and is read again where it
 * is asked for; here is where.
 *
 *   tasks are found by | through
 *   -------------------+-----------------------------------------------------------------------------------
 *   their index        | nothing as long as the input was never edited: the entry of index I is the I-th;
 *                      | else a list of entries
 *   their identity     | a table of entries, which is made when it is needed first: a run that goes on with
 *                      | the same input finds its tasks by their index
 */
#ifndef JOURNAL_DURABLE_ROLL_H
#define JOURNAL_DURABLE_ROLL_H

#include "base/dialect.h"
#include "base/error.h"
#include "journal/durable/reread.h"
#include "journal/key.h"

/* What the roll can say of a journal, an output, and a task's output, in bytes; and of tasks and their indexes. */
#define ROLL_NOTE_END (UINT64_C(1) << 40)
#define ROLL_PLACE_END (UINT64_C(1) << 44)
#define ROLL_SIZE_END (UINT64_C(1) << 40)
#define ROLL_END (UINT32_MAX - 1)

/* No entry. */
#define ROLL_NONE UINT32_MAX

enum roll_state {
	/* Free: what it names has not been read. */
	ROLL_FREE,
	/* The task has ended; it may have begun; it has not. */
	ROLL_ENDED,
	ROLL_BEGUN,
	ROLL_SKIPPED,
};

struct roll_entry {
	/* The offset of its latest note "task" or "begun", or of its piece of a note "tasks". */
	uint64_t note : 40;
	/* Where its output begins, and its size. */
	uint64_t place : 44;
	uint64_t size : 40;
	/* An enum roll_state. */
	uint64_t state : 2;
	/* True if place is in the run's output, else it is in the outputs file. */
	uint64_t is_out : 1;
	/* True if a task of this session has this identity. */
	uint64_t is_taken : 1;
} __attribute__((packed));

/* All zero but for reread.scroll: empty. */
struct roll {
	struct roll_entry *entries;
	size_t count;
	size_t capacity;
	/* The entry of each index, ROLL_NONE if there is none. NULL as long as it is that of the same number. */
	uint32_t *by_index;
	size_t index_count;
	/*
	 * Entries by identity: one more than the entry's number, and above these bits some of its identity; 0 if free.
	 * NULL until it is needed; filled in part only while it is at most three quarters full.
	 */
	uint32_t *slots;
	size_t slot_count;
	size_t slot_used;
	uint32_t slot_bits;
	struct reread reread;
};

/* Sets the identity that a note says: its key with its ordinal; all zero without a key. False if it makes no sense. */
bool roll_identity(const struct note *note, struct key *identity);

/* Returns the entry of an index, ROLL_NONE if there is none. */
static inline uint32_t roll_at(const struct roll *roll, uint64_t index)
{
	if (roll->by_index)
		return index < roll->index_count ? roll->by_index[index] : ROLL_NONE;
	return index < roll->count && roll->entries[index].state ? (uint32_t)index : ROLL_NONE;
}

/* Makes an entry that of an index. */
void roll_set(struct roll *roll, uint64_t index, uint32_t entry);

/*
 * Finds the entry of an identity, which is probably that of index: ROLL_NONE in *entry if there is none. -1 with the
 * error.
 */
int roll_find(struct roll *roll, struct key identity, uint64_t index, uint32_t *entry, struct error *error) MUST_CHECK;

/* Finds out whether the entry of an index has this identity, as roll_find. -1 with the error. */
int roll_find_at(struct roll *roll, struct key identity, uint64_t index, uint32_t *entry,
		 struct error *error) MUST_CHECK;

/*
 * Adds an entry, which is all zero, for an identity that has none, and makes it that of index. There must be less than
 * ROLL_END. -1 with the error.
 */
int roll_add(struct roll *roll, struct key identity, uint64_t index, uint32_t *entry, struct error *error) MUST_CHECK;

void roll_release(struct roll *roll);

#endif
