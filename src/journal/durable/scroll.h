/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The file of a journal: notes that are appended in groups. A group ends with a note "commit", and only what a commit
 * ends counts; what follows the last is a group that was being written when its writer was killed, and is cut off.
 *
 *   the last commit is followed by     | it is
 *   -----------------------------------+---------------------------------------------------------------------
 *   nothing                            | whole
 *   whole notes, a part of one, NULs   | torn: what follows is cut off before anything is appended
 *   a bad note, then a whole one       | damaged: refused, with the offset of the bad one
 *
 * The lock is fcntl(2)'s on the file itself. It ends with the process that has it: one of flock(2) would also be that
 * of a child between fork and exec. Within this process a list says which journals are open.
 */
#ifndef JOURNAL_DURABLE_SCROLL_H
#define JOURNAL_DURABLE_SCROLL_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "base/error.h"
#include "journal/durable/note.h"

/* The format that is written; older ones are read. */
enum { SCROLL_FORMAT = 1 };

struct scroll {
	/* The caller's. */
	const char *name;
	/* -1 if not open. */
	int fd;
	/* Bytes up to the end of the last commit, 0 if there is none. */
	uint64_t size;
	/* True if the file was made by scroll_open. */
	bool is_new;
	/* The notes of the open group. */
	struct bytes group;
	/* The file, and the next of those that this process has locked. */
	uint64_t device;
	uint64_t inode;
	struct scroll *next;
	bool is_locked;
	/* Other descriptors of the locked file, which are closed with it. */
	int *others;
	size_t other_count;
	size_t other_capacity;
};

enum scroll_wish {
	/* Write a new one: what exists is refused, unless nothing was committed to it. */
	SCROLL_CREATE,
	/* Write a new one in place of what exists. */
	SCROLL_REPLACE,
	/* Continue one that exists. */
	SCROLL_RESUME,
	/* The same, without what follows a damage. */
	SCROLL_SALVAGE,
	/* Read one that exists, and may be in use. */
	SCROLL_LOOK,
};

/*
 * Opens and locks a journal, and finds the end of its last commit. Nothing is changed by this but that a missing file
 * is created. -1 with the error.
 */
int scroll_open(struct scroll *scroll, const char *name, enum scroll_wish wish, struct error *error) MUST_CHECK;

/* Receives the notes of a journal, each with its offset. Embedded in its owner. -1 with the error. */
struct scroll_reader {
	int (*note)(struct scroll_reader *reader, const struct note *note, uint64_t offset, struct error *error);
};

/* Notes which file it is. -1 with the error. */
int scroll_identify(struct scroll *scroll, struct error *error) MUST_CHECK;

/*
 * Closes the file. If another run of this process has it locked, that is left until its journal is closed: closing any
 * descriptor of a file ends all locks that the process has on it.
 */
void scroll_close_file(struct scroll *scroll);

/* Locks the file for writing. -1 with the error: another run has it. */
int scroll_lock(struct scroll *scroll, struct error *error) MUST_CHECK;

/* The same for a file that is no journal yet. -1 with errno. */
int scroll_lock_file(int fd) MUST_CHECK;

/* Takes the journal off the list of those that this process has locked; its file is to be closed. */
void scroll_unlock(struct scroll *scroll);

/* Continues in the file of another, which is locked; that has none then. */
void scroll_continue(struct scroll *scroll, struct scroll *other);

/* Reads all notes up to the last commit. -1 with the error. */
int scroll_read(const struct scroll *scroll, struct scroll_reader *reader, struct error *error) MUST_CHECK;

/* Cuts off what follows the last commit, or everything. -1 with the error. */
int scroll_cut(struct scroll *scroll, bool all, struct error *error) MUST_CHECK;

/* Appends the open group, which ends with a commit, and has it stored if syncs. -1 with the error, nothing appended. */
int scroll_append(struct scroll *scroll, bool syncs, struct error *error) MUST_CHECK;

/* Has the name of a new file stored, too. -1 with the error. */
int scroll_sync_folder(const char *name, struct error *error) MUST_CHECK;

/* Returns the process that has the journal open for writing, 0 if there is none. */
pid_t scroll_holder(const struct scroll *scroll);

/* Removes the file, if scroll_open has made it. */
void scroll_discard(struct scroll *scroll);

/* Closes the file and thereby unlocks it. */
void scroll_close(struct scroll *scroll);

#endif
