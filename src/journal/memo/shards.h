/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The folder of --memo: pages in 256 shards, by the lowest byte of their keys.
 *
 *   DIR/mpmap-memo   names the format
 *   DIR/shard-HH     pages, one after the other
 *
 * Any number of runs may use a folder at a time. A shard is read without a lock: pages do not change, and each is
 * checked. It is appended to under flock(2): what others have appended is entered first, then what follows the last
 * whole page is cut off, as a run that was killed leaves it, then all that is new is written at once.
 */
#ifndef JOURNAL_MEMO_SHARDS_H
#define JOURNAL_MEMO_SHARDS_H

#include "base/dialect.h"
#include "base/error.h"
#include "journal/key.h"
#include "journal/memo/page.h"

struct shards;

/*
 * Opens the folder, which is made if it is absent. NULL with the error: it cannot be used, or is another's. name
 * outlives it.
 */
struct shards *shards_open(const char *name, struct error *error) MUST_CHECK;

/* Finds the page of a key. page has views, valid until the next call. False if there is none. */
bool shards_find(struct shards *shards, struct key key, struct page *page);

/* Adds a copy of a page, which is written by the next shards_flush. */
void shards_add(struct shards *shards, const struct page *page);

/* Returns the bytes of pages that were added and not written yet. */
size_t shards_waiting(const struct shards *shards);

/*
 * Writes the pages that were added, but for those of a shard that another run is appending to: these wait. -1 with the
 * error.
 */
int shards_flush(struct shards *shards, struct error *error) MUST_CHECK;

/* Writes them all; gives up a shard that another run keeps for a second. -1 with the error. */
int shards_finish(struct shards *shards, struct error *error) MUST_CHECK;

/* Closes the folder; what was not written is lost. NULL is allowed. */
void shards_close(struct shards *shards);

#endif
