/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events, and what is done once. */
#ifndef STATE_STORE_EVENTS_H
#define STATE_STORE_EVENTS_H

#include "base/dialect.h"
#include "state/store/objects.h"

extern const struct kind event_kind, once_kind;

/* Verbs: see the table in store.c. */
void event_event(struct store *store, struct call *call);
void once_once(struct store *store, struct call *call);

#endif
