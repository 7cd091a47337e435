/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers and texts under a name, and waiting until one has become what is wanted. */
#ifndef STATE_STORE_VALUES_H
#define STATE_STORE_VALUES_H

#include "base/dialect.h"
#include "state/store/objects.h"

extern const struct kind value_kind;

/* Verbs: see the table in store.c. */
void value_add(struct store *store, struct call *call);
void value_get(struct store *store, struct call *call);
void value_set(struct store *store, struct call *call);
void value_max(struct store *store, struct call *call);
void value_min(struct store *store, struct call *call);
void value_cas(struct store *store, struct call *call);
void value_wait(struct store *store, struct call *call);

#endif
