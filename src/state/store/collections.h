/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dictionaries and lists. */
#ifndef STATE_STORE_COLLECTIONS_H
#define STATE_STORE_COLLECTIONS_H

#include "base/dialect.h"
#include "state/store/objects.h"

extern const struct kind map_kind, list_kind;

/* Verbs: see the table in store.c. */
void map_put(struct store *store, struct call *call);
void map_get(struct store *store, struct call *call);
void map_del(struct store *store, struct call *call);
void map_keys(struct store *store, struct call *call);
void map_items(struct store *store, struct call *call);
void list_append_value(struct store *store, struct call *call);
void list_at(struct store *store, struct call *call);

/* Return how many keys or values an object of the kind has, as an owner sees it; NULL is nobody's attempt. */
size_t map_length(const struct object *object, struct owner *owner);
size_t list_length(const struct object *object, struct owner *owner);

#endif
