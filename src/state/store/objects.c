/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding objects, accounting for memory, holds, and the lines of calls that wait. */
#include "state/store/objects.h"

#include "base/mem.h"
#include "state/store/owners.h"

bool name_is_valid(struct call *call, struct slice name)
{
	if (!name.size)
		answer_fail(call, CALL_USAGE, "a name is empty");
	else if (name.size > NAME_MAX_SIZE)
		answer_fail(call, CALL_USAGE, "a name of %zu bytes is too long: at most %d", name.size, NAME_MAX_SIZE);
	else
		return true;
	return false;
}

bool store_charge(struct store *store, struct call *call, size_t size)
{
	if (size <= store->memory_limit && store->memory <= store->memory_limit - size) {
		store->memory += size;
		return true;
	}
	answer_fail(call, CALL_NOT,
		    "the state is full: %zu bytes more are over its limit of %llu (--state-memory, serve --memory)",
		    size, (unsigned long long)store->memory_limit);
	return false;
}

void store_discharge(struct store *store, size_t size)
{
	store->memory -= size;
}

struct object *object_look_up(const struct store *store, struct slice name)
{
	struct entry *entry = table_find(&store->objects, name);

	return entry ? entry->value : NULL;
}

/* Returns an object that is there. Sets *failed, and the call has failed, if its kind is another. */
static struct object *object_of_kind(struct store *store, struct call *call, struct slice name, const struct kind *kind,
				     bool *failed)
{
	struct object *object = object_look_up(store, name);

	*failed = !name_is_valid(call, name);
	if (*failed || !object || object->kind == kind)
		return object;
	answer_fail(call, CALL_USAGE, "\"%.*s\" is %s, not %s", OBJECT_NAME(object), object->kind->name, kind->name);
	*failed = true;
	return NULL;
}

struct object *object_find(struct store *store, struct call *call, struct slice name, const struct kind *kind)
{
	bool failed;
	struct object *object = object_of_kind(store, call, name, kind, &failed);

	if (failed)
		return NULL;
	if (!object)
		answer_fail(call, CALL_NOT, "nothing is called \"%.*s\"", (int)name.size, name.data);
	return object;
}

struct object *object_make(struct store *store, struct call *call, struct slice name, const struct kind *kind)
{
	bool failed;
	struct object *object = object_of_kind(store, call, name, kind, &failed);
	unsigned line;

	if (failed || object)
		return failed ? NULL : object;
	if (!store_charge(store, call, STORE_OVERHEAD + kind->size + name.size))
		return NULL;
	object = mem_new(1, kind->size);
	object->kind = kind;
	object->entry = table_add(&store->objects, name);
	object->entry->value = object;
	for (line = 0; line < OBJECT_LINES; line++)
		list_init(&object->lines[line]);
	list_init(&object->holds);
	list_init(&object->pendings);
	if (kind->init)
		kind->init(object);
	return object;
}

static bool object_is_used(const struct object *object)
{
	unsigned line;

	for (line = 0; line < OBJECT_LINES; line++) {
		if (!list_is_empty(&object->lines[line]))
			return true;
	}
	return !list_is_empty(&object->holds) || !list_is_empty(&object->pendings) ||
	       (object->kind->is_lent && object->kind->is_lent(object));
}

static void object_free(struct store *store, struct object *object)
{
	store_discharge(store, STORE_OVERHEAD + object->kind->size + object->entry->size);
	if (object->kind->release)
		object->kind->release(store, object);
	table_remove(&store->objects, object->entry);
	free(object);
}

void object_settle(struct store *store, struct object *object)
{
	if (object->kind->is_void(object) && !object_is_used(object))
		object_free(store, object);
}

bool object_remove(struct store *store, struct call *call, struct object *object)
{
	if (!list_is_empty(&object->pendings)) {
		answer_fail(call, CALL_NOT, "\"%.*s\" is in use: %s adds to it, and has not ended", OBJECT_NAME(object),
			    container_of(object->pendings.next, struct pending, of_object)->owner->label);
		return false;
	}
	if (object_is_used(object)) {
		answer_fail(call, CALL_NOT, "\"%.*s\" is in use: it, or an item of it, is held, or it is waited for",
			    OBJECT_NAME(object));
		return false;
	}
	object_free(store, object);
	return true;
}

void object_describe(const struct object *object, struct bytes *out)
{
	const char *name = strchr(object->kind->name, ' ');

	bytes_append_text(out, name ? name + 1 : object->kind->name);
	bytes_append_text(out, " ");
	object->kind->describe(object, out);
}

/* Reports an object to one of the calls that watch. */
static void call_show(struct call *call, const struct object *object, struct slice description)
{
	if (call->request.count && !slice_equals(call_operand(call, 0), object_name(object)))
		return;
	if (!call->answer.count)
		answer_begin(call, ANSWER_PAIRS);
	answer_add(call, VALUE_STRING, object_name(object));
	answer_add(call, VALUE_STRING, description);
	call->answered(call);
}

void object_changed(struct store *store, struct object *object)
{
	struct bytes description = {.data = NULL};
	struct list *link;

	if (!store->watching)
		return;
	object_describe(object, &description);
	for (link = store->waiting.next; link != &store->waiting; link = link->next) {
		struct call *call = container_of(link, struct call, link);

		if (call->is_watching)
			call_show(call, object, bytes_slice(&description));
	}
	bytes_release(&description);
}

/* Answers a call that may wait no longer. */
static void call_refuse(struct call *call, const struct object *object)
{
	struct bytes reason = {.data = NULL};

	object->kind->explain(object, call, &reason);
	answer_fail(call, CALL_NOT, "%s%s", call->request.timeout > 0 ? "timed out: " : "", bytes_text(&reason));
	bytes_release(&reason);
}

void object_wait(struct store *store, struct object *object, unsigned line, struct call *call)
{
	struct place *place;

	if (call->request.timeout == 0) {
		call_refuse(call, object);
		return;
	}
	if (!call->is_waiting) {
		call->is_waiting = true;
		call->sequence = ++store->sequence;
		call->place_count = 0;
		list_append(&store->waiting, &call->link);
		store->waiting_count++;
		owner_count(call->owner, 1);
		if (call->request.timeout != NSEC_FOREVER)
			call->deadline = store->now + call->request.timeout;
		if (call->deadline < store->next_deadline)
			store->next_deadline = call->deadline;
		/* Places are linked, so they must not move. */
		call->places = mem_resize(call->places, call->request.count ? call->request.count : 1, sizeof *place);
	}
	place = &call->places[call->place_count++];
	*place = (struct place){.call = call, .object = object, .line = line};
	list_init(&place->link);
	list_append(&object->lines[line], &place->link);
}

void call_move(struct store *store, struct call *call, unsigned line)
{
	struct place *place = &call->places[0];

	(void)store;
	list_remove(&place->link);
	place->line = line;
	list_append(&place->object->lines[line], &place->link);
}

/* Takes a call out of its lines. */
static void call_unlink(struct store *store, struct call *call)
{
	size_t i;

	for (i = 0; i < call->place_count; i++)
		list_remove(&call->places[i].link);
	list_remove(&call->link);
	call->is_waiting = false;
	store->waiting_count--;
	store->watching -= call->is_watching;
	owner_count(call->owner, -1);
}

void call_finish(struct store *store, struct call *call)
{
	call_unlink(store, call);
	call->answered(call);
}

void call_leave(struct store *store, struct call *call)
{
	size_t count = call->place_count, i;

	call_unlink(store, call);
	call->place_count = 0;
	for (i = 0; i < count; i++) {
		struct object *object = call->places[i].object;

		if (object->kind->left)
			object->kind->left(store, object, call);
		object->kind->serve(store, object);
		object_settle(store, object);
	}
}

void call_watch(struct store *store, struct call *call)
{
	call->is_waiting = call->is_watching = true;
	call->place_count = 0;
	list_append(&store->waiting, &call->link);
	store->waiting_count++;
	store->watching++;
	owner_count(call->owner, 1);
}

void call_expire(struct store *store, struct call *call)
{
	struct object *object = call->places[0].object;

	if (object->kind->expire && object->kind->expire(store, object, call))
		return;
	call_refuse(call, object);
	call_leave(store, call);
	call->answered(call);
}

static struct call *call_at(const struct object *object, unsigned line, struct list *link)
{
	return link == &object->lines[line] ? NULL : container_of(link, struct place, link)->call;
}

struct call *object_first(const struct object *object, unsigned line)
{
	return call_at(object, line, object->lines[line].next);
}

struct call *object_next(const struct object *object, unsigned line, const struct call *call)
{
	size_t i;

	if (!call)
		return object_first(object, line);
	for (i = 0; i < call->place_count; i++) {
		if (call->places[i].object == object)
			return call_at(object, line, call->places[i].link.next);
	}
	BUG("a call has no place in a line");
}

struct hold *hold_find(const struct object *object, const struct owner *owner)
{
	struct list *link;

	for (link = object->holds.next; link != &object->holds; link = link->next) {
		struct hold *hold = container_of(link, struct hold, of_object);

		if (hold->owner == owner)
			return hold;
	}
	return NULL;
}

struct hold *hold_add(struct object *object, struct owner *owner, uint64_t count)
{
	struct hold *hold = hold_find(object, owner);

	if (!hold) {
		hold = mem_new(1, sizeof *hold);
		hold->object = object;
		hold->owner = owner;
		list_init(&hold->of_object);
		list_append(&object->holds, &hold->of_object);
		list_init(&hold->of_owner);
		list_append(&owner->holds, &hold->of_owner);
	}
	hold->count += count;
	return hold;
}

void hold_end(struct hold *hold)
{
	list_remove(&hold->of_object);
	list_remove(&hold->of_owner);
	free(hold);
}
