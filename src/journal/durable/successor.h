/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The successor of a journal: a file beside it, FILE.rewriting, that is written anew, stored, and then renamed to take
 * its place. Both are locked meanwhile. Until it is renamed the old journal is whole; a run that has locked the journal
 * may remove what another has left.
 */
#ifndef JOURNAL_DURABLE_SUCCESSOR_H
#define JOURNAL_DURABLE_SUCCESSOR_H

#include "base/bytes.h"
#include "base/dialect.h"
#include "journal/durable/scroll.h"

struct successor {
	/* What it takes the place of, and its own file, which is read like any journal. */
	struct scroll *old;
	struct scroll scroll;
	/* Their names, no symbolic links. Owned. */
	char *name;
	char *temporary;
};

/* Removes what an earlier one has left beside a journal that is locked. */
void successor_clear(const struct scroll *scroll);

/* Begins the successor of a journal that is locked. -1: the journal is not to be replaced, or cannot be. */
int successor_begin(struct successor *successor, struct scroll *old) MUST_CHECK;

/* Appends notes to it, and clears them. -1 with errno. */
int successor_append(struct successor *successor, struct bytes *notes) MUST_CHECK;

/* Has it stored. -1 with errno. */
int successor_store(struct successor *successor) MUST_CHECK;

/* Lets it take the journal's place, name and lock. -1 with errno: it did not. */
int successor_install(struct successor *successor) MUST_CHECK;

/* Ends it, and removes its file if it was not installed. */
void successor_release(struct successor *successor);

#endif
