/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading single notes of a journal again, by their offsets. What is near each other is read at once, since the order
 * of the input is nearly that of the journal.
 */
#ifndef JOURNAL_DURABLE_REREAD_H
#define JOURNAL_DURABLE_REREAD_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/error.h"
#include "journal/durable/note.h"
#include "journal/range.h"
#include "journal/durable/scroll.h"

struct reread_block;

/* All zero but for the journal: nothing has been read yet. */
struct reread {
	/* Offsets before its size are read. */
	const struct scroll *scroll;
	/* A place for each of some blocks of the file; NULL until the first is read. */
	struct reread_block *blocks;
	/* A note that is too long for them. */
	struct bytes line;
	/* The last note, and its offset; 0 if there is none, since no task is named there. */
	struct note note;
	uint64_t offset;
};

/*
 * Finds what an offset is of: returns 1 with the task of a note "tasks" if that is there, 0 if a note is. -1 with the
 * error.
 */
int reread_task(struct reread *reread, uint64_t offset, struct range_task *task, struct error *error) MUST_CHECK;

/* Returns the note at an offset. Valid until the next is read. NULL with the error. */
const struct note *reread_note(struct reread *reread, uint64_t offset, struct error *error) MUST_CHECK;

void reread_release(struct reread *reread);

#endif
