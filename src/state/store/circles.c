/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Searching for circles: only when a call begins to wait for an owner that waits, too. */
#include "state/store/circles.h"

#include "state/store/owners.h"

static struct call *call_of(struct list *link)
{
	return container_of(link, struct call, link);
}

/* Returns the next hold that keeps the call waiting, the first after NULL; NULL at the end. */
static struct hold *circle_next_hold(const struct call *call, size_t *place, struct list *link)
{
	for (; *place < call->place_count; ++*place, link = NULL) {
		struct object *object = call->places[*place].object;

		if (!object->kind->blocks || call->places[*place].line != 0)
			continue;
		for (link = link ? link->next : object->holds.next; link != &object->holds; link = link->next) {
			struct hold *hold = container_of(link, struct hold, of_object);

			if (object->kind->blocks(hold, call))
				return hold;
		}
	}
	return NULL;
}

/* Returns a stuck call of the owner or of a descendant, or NULL. */
static struct call *circle_stuck_call(const struct store *store, const struct owner *owner)
{
	struct list *link;

	if (!owner->waiting)
		return NULL;
	for (link = store->waiting.next; link != &store->waiting; link = link->next) {
		if (call_of(link)->is_stuck && owner_is_within(call_of(link)->owner, owner))
			return call_of(link);
	}
	return NULL;
}

/* True if the call is stuck as far as is known. *hold is one that has a stuck call, which is *next. */
static bool circle_is_stuck(const struct store *store, const struct call *call, struct hold **hold, struct call **next)
{
	bool any = call->place_count && call->places[0].object->kind->waits_for_any, found = false;
	struct hold *one = NULL;
	size_t place = 0;

	while ((one = circle_next_hold(call, &place, one ? &one->of_object : NULL))) {
		struct call *stuck = circle_stuck_call(store, one->owner);

		if (!stuck && any)
			return false;
		if (!stuck || found)
			continue;
		found = true;
		*hold = one;
		*next = stuck;
		if (!any)
			return true;
	}
	return found;
}

/* Marks the calls that are stuck. */
static void circle_mark(struct store *store)
{
	struct list *link;
	struct hold *hold;
	struct call *next;
	bool changed = true;

	for (link = store->waiting.next; link != &store->waiting; link = link->next)
		call_of(link)->is_stuck = call_of(link)->owner;
	while (changed) {
		changed = false;
		for (link = store->waiting.next; link != &store->waiting; link = link->next) {
			struct call *call = call_of(link);

			if (!call->is_stuck || circle_is_stuck(store, call, &hold, &next))
				continue;
			call->is_stuck = false;
			changed = true;
		}
	}
}

/* Returns the youngest call of the circle that a stuck call leads to. */
static struct call *circle_youngest(const struct store *store, struct call *call)
{
	struct call *slow = call, *youngest, *next = NULL;
	struct hold *hold;
	size_t i;

	/* As many steps as there are calls end within the circle. */
	for (i = 0; i < store->waiting_count && circle_is_stuck(store, slow, &hold, &next); i++)
		slow = next;
	youngest = slow;
	for (call = slow; circle_is_stuck(store, call, &hold, &next) && next != slow;) {
		call = next;
		if (call->sequence > youngest->sequence)
			youngest = call;
	}
	return youngest;
}

/* Appends the circle in words, from a call on. */
static void circle_describe(const struct store *store, struct call *first, struct bytes *out)
{
	struct call *call = first, *next = NULL;
	struct hold *hold = NULL;

	bytes_append_format(out, "deadlock: %s waits for ", call->owner->label);
	while (circle_is_stuck(store, call, &hold, &next)) {
		bytes_append_format(out, "\"%.*s\", held by %s", OBJECT_NAME(hold->object), hold->owner->label);
		if (next == first && hold->owner == first->owner)
			return;
		if (next->owner == hold->owner)
			bytes_append_text(out, ", which waits for ");
		else
			bytes_append_format(out, ", for which %s waits", next->owner->label);
		if (next == first)
			return;
		if (next->owner != hold->owner)
			bytes_append_text(out, " for ");
		call = next;
	}
}

/* Ends a wait with this status and reason. */
static void circle_break(struct store *store, struct call *call, struct bytes *reason)
{
	answer_fail(call, CALL_DEADLOCK, "%s", bytes_text(reason));
	bytes_release(reason);
	call_leave(store, call);
	call->answered(call);
}

/* True if an owner that keeps the call waiting waits, too. */
static bool circle_is_possible(const struct call *call)
{
	struct hold *hold = NULL;
	size_t place = 0;

	while ((hold = circle_next_hold(call, &place, hold ? &hold->of_object : NULL))) {
		if (hold->owner->waiting)
			return true;
	}
	return false;
}

void circles_check(struct store *store, struct call *call)
{
	struct bytes reason = {.data = NULL};

	if (!call->owner || !circle_is_possible(call))
		return;
	circle_mark(store);
	if (!call->is_stuck)
		return;
	call = circle_youngest(store, call);
	circle_describe(store, call, &reason);
	circle_break(store, call, &reason);
}

/* Returns the youngest call of an attempt, or NULL if an attempt does not wait, or a call ends by itself. */
static struct call *circle_last_hope(const struct store *store)
{
	struct call *youngest = NULL;
	struct list *link;

	for (link = store->owners.next; link != &store->owners; link = link->next) {
		const struct owner *owner = container_of(link, struct owner, link);

		if ((owner->is_over && list_is_empty(&owner->pendings)) || (owner->is_taker && owner->waiting))
			continue;
		/* Another client may wake them. */
		if ((owner->is_attempt && !owner->waiting) ||
		    (!owner->is_attempt && (!owner->parent || (owner->is_connection && !owner->waiting))))
			return NULL;
	}
	for (link = store->waiting.next; link != &store->waiting; link = link->next) {
		if (call_of(link)->deadline != NSEC_FOREVER || call_of(link)->is_watching)
			return NULL;
		if (!call_of(link)->owner || !call_of(link)->owner->is_taker)
			youngest = call_of(link);
	}
	return youngest;
}

void circles_check_outlook(struct store *store)
{
	struct bytes reason = {.data = NULL};
	struct call *call;

	if (!store->outlook.jobs || !store->attempts || store->attempts < store->outlook.jobs)
		return;
	call = circle_last_hope(store);
	if (!call)
		return;
	bytes_append_format(&reason, "nobody can end this wait: all tasks that run wait (%zu), and %s; ",
			    store->attempts,
			    store->outlook.input_ended ? "there is no input left" : "no more run at a time (-j)");
	call->places[0].object->kind->explain(call->places[0].object, call, &reason);
	circle_break(store, call, &reason);
}
