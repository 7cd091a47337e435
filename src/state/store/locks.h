/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Locks, which an owner may take again, and the conditions that go with them.
 *
 * Several are taken all or none. A lock that is free is given to any call that finds all its locks free, so a call for
 * several keeps none of them free for itself, and waiting for it cannot close a circle.
 */
#ifndef STATE_STORE_LOCKS_H
#define STATE_STORE_LOCKS_H

#include "base/dialect.h"
#include "state/store/objects.h"

extern const struct kind lock_kind;

/* Verbs: see the table in store.c. */
void lock_lock(struct store *store, struct call *call);
void lock_unlock(struct store *store, struct call *call);
void lock_await(struct store *store, struct call *call);
void lock_notify(struct store *store, struct call *call);

#endif
