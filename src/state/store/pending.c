/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keeping what attempts add; each kind knows what that is. */
#include "state/store/pending.h"

#include "base/mem.h"
#include "state/store/owners.h"

static struct pending *pending_of_object(struct list *link)
{
	return container_of(link, struct pending, of_object);
}

static struct pending *pending_of_owner(struct list *link)
{
	return container_of(link, struct pending, of_owner);
}

struct pending *pending_find(const struct object *object, struct owner *owner)
{
	struct owner *attempt = owner_atomic(owner);
	struct list *mine, *others;

	if (!attempt)
		return NULL;
	/* It is in both lists, if there is one: the shorter list decides how long this takes. */
	for (mine = attempt->pendings.next, others = object->pendings.next;
	     mine != &attempt->pendings && others != &object->pendings; mine = mine->next, others = others->next) {
		if (pending_of_owner(mine)->object == object)
			return pending_of_owner(mine);
		if (pending_of_object(others)->owner == attempt)
			return pending_of_object(others);
	}
	return NULL;
}

/* Returns what it costs besides what is added: itself, and a value that is made when it counts. */
static size_t pending_cost(const struct object *object)
{
	return 2 * (size_t)STORE_OVERHEAD + object->kind->pending_size;
}

struct pending *pending_make(struct store *store, struct call *call, struct object *object, size_t size)
{
	struct pending *pending = pending_find(object, call->owner);

	if (!store_charge(store, call, size + (pending ? 0 : pending_cost(object))))
		return NULL;
	if (pending)
		return pending;
	pending = mem_new(1, object->kind->pending_size);
	pending->object = object;
	pending->owner = owner_atomic(call->owner);
	list_init(&pending->of_object);
	list_append(&object->pendings, &pending->of_object);
	list_init(&pending->of_owner);
	list_append(&pending->owner->pendings, &pending->of_owner);
	if (object->kind->pending_init)
		object->kind->pending_init(pending);
	return pending;
}

void pending_conclude(struct store *store, struct owner *attempt, bool well)
{
	while (!list_is_empty(&attempt->pendings)) {
		struct pending *pending = pending_of_owner(attempt->pendings.next);
		struct object *object = pending->object;

		object->kind->conclude(store, pending, well);
		list_remove(&pending->of_object);
		list_remove(&pending->of_owner);
		store_discharge(store, pending_cost(object));
		free(pending);
		object_settle(store, object);
	}
}
