/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The family of owners. */
#include "state/store/owners.h"

#include "base/mem.h"
#include "state/store/objects.h"

struct owner *owner_new(struct store *store, const char *label, struct owner *parent)
{
	struct owner *owner = mem_new(1, sizeof *owner);

	owner->label = mem_string(label);
	owner->parent = parent;
	list_init(&owner->holds);
	list_init(&owner->items);
	list_init(&owner->pendings);
	list_init(&owner->link);
	list_append(&store->owners, &owner->link);
	return owner;
}

void owner_free(struct store *store, struct owner *owner)
{
	struct list *link;

	list_remove(&owner->link);
	for (link = store->owners.next; link != &store->owners; link = link->next) {
		struct owner *other = container_of(link, struct owner, link);

		if (other->parent == owner)
			other->parent = owner->parent;
	}
	free(owner->label);
	free(owner);
}

bool owner_is_within(const struct owner *owner, const struct owner *ancestor)
{
	while (owner && owner != ancestor)
		owner = owner->parent;
	return owner;
}

struct owner *owner_atomic(struct owner *owner)
{
	while (owner && !owner->is_atomic)
		owner = owner->parent;
	return owner;
}

bool owner_has_nothing(const struct owner *owner)
{
	while (owner && list_is_empty(&owner->holds) && list_is_empty(&owner->items))
		owner = owner->parent;
	return !owner;
}

void owner_count(struct owner *owner, int change)
{
	for (; owner; owner = owner->parent)
		owner->waiting += (size_t)change;
}
