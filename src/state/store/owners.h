/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Owners: attempts of tasks, processes and connections, to which holds and items belong until they end.
 *
 * A process that is started by another owner's process has that as its parent: what an ancestor has locked does not
 * keep it waiting.
 */
#ifndef STATE_STORE_OWNERS_H
#define STATE_STORE_OWNERS_H

#include "base/dialect.h"
#include "base/list.h"
#include "state/store/call.h"

struct owner {
	/* Link in the store's list. */
	struct list link;
	/* In words: "task 17", "process 4711 (bash)". */
	char *label;
	struct owner *parent;
	/* Holds (of_owner), and items that are not acknowledged. */
	struct list holds;
	struct list items;
	/* What is kept with this attempt (of_owner). */
	struct list pendings;
	/* Number of waiting calls of this owner and of its descendants. */
	size_t waiting;
	/* True for an attempt of a task. */
	bool is_attempt;
	/* True for an attempt whose effects count only if it ends well, and of which none may be final. */
	bool is_atomic;
	/* True for an attempt that does nothing more, and whose verdict is awaited. */
	bool is_over;
	/* True for a run that takes items of a queue: it waits for nothing else. */
	bool is_taker;
	/* True for a connection: a thread, beside which others of its process may run. */
	bool is_connection;
};

/* Makes an owner. The label is copied; parent may be NULL. */
struct owner *owner_new(struct store *store, const char *label, struct owner *parent);

/* Frees an owner that has nothing. Its children become those of its parent. */
void owner_free(struct store *store, struct owner *owner);

/* True if the owner is ancestor, or is descended from it. */
bool owner_is_within(const struct owner *owner, const struct owner *ancestor);

/* Returns the attempt with which the owner's effects are kept: itself or an ancestor; NULL if they count at once. */
struct owner *owner_atomic(struct owner *owner);

/* True if neither the owner nor an ancestor has anything that another could wait for. */
bool owner_has_nothing(const struct owner *owner);

/* Counts a call that begins to wait (1) or ends waiting (-1). */
void owner_count(struct owner *owner, int change);

#endif
