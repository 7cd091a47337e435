/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is kept with an attempt until it ends: what it has added to an object, which counts if it ends well, and is
 * dropped else.
 *
 * The object is there as long as that is, and room for all of it is accounted for when it is kept, so that it cannot
 * fail to count.
 */
#ifndef STATE_STORE_PENDING_H
#define STATE_STORE_PENDING_H

#include "base/dialect.h"
#include "state/store/objects.h"

/* Returns what is kept of the object with the owner's attempt, or NULL. The owner may be NULL. */
struct pending *pending_find(const struct object *object, struct owner *owner);

/*
 * Returns the same for the call's owner, whose attempt is atomic, and makes it if there is none. So many bytes more are
 * accounted for. NULL, and the call has failed, if that would be over the limit.
 */
struct pending *pending_make(struct store *store, struct call *call, struct object *object, size_t size);

/* Lets count, or drops, all that is kept with an attempt, in the order in which it first came to its objects. */
void pending_conclude(struct store *store, struct owner *attempt, bool well);

/* The struct of a kind, which begins with what is kept; of NULL, NULL. */
#define PENDING_AS(type, pending) ((struct type *)(uintptr_t)(pending))

#endif
