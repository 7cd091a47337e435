/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where owners meet: semaphores and barriers. */
#ifndef STATE_STORE_MEETINGS_H
#define STATE_STORE_MEETINGS_H

#include "base/dialect.h"
#include "state/store/objects.h"

extern const struct kind semaphore_kind, barrier_kind;

/* Verbs: see the table in store.c. */
void semaphore_acquire(struct store *store, struct call *call);
void semaphore_release(struct store *store, struct call *call);
void barrier_meet(struct store *store, struct call *call);

#endif
