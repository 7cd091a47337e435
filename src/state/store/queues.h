/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Queues. An item that is popped to be acknowledged belongs to its owner until that says that it is done; when the
 * owner ends before, it goes back to its place in the queue.
 */
#ifndef STATE_STORE_QUEUES_H
#define STATE_STORE_QUEUES_H

#include "base/dialect.h"
#include "state/store/objects.h"

extern const struct kind queue_kind;

/* Verbs: see the table in store.c. */
void queue_push(struct store *store, struct call *call);
void queue_pop(struct store *store, struct call *call);
void queue_done(struct store *store, struct call *call);
void queue_back(struct store *store, struct call *call);
void queue_join(struct store *store, struct call *call);

/* Returns the number of items that can be popped, and of those that the owner's attempt has pushed. */
size_t queue_length(const struct object *object, struct owner *owner);

/* Gives back all items of an owner that ends. */
void queue_take_back(struct store *store, struct owner *owner);

#endif
