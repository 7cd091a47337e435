/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kind of objects that are locks. */
#include "state/store/locks.h"

#include "base/number.h"
#include "state/store/owners.h"

enum { LINE_LOCK, LINE_SLEEP };

/* In the memo of a call of await: its time was up before it was notified. The rest is the count of its hold. */
#define AWAIT_IS_LATE (UINT64_C(1) << 63)

static bool lock_is_shared(const struct call *call)
{
	return call->request.options & OPTION_SHARED;
}

/* What an owner's ancestor holds does not block it. */
static bool lock_blocks(const struct hold *hold, const struct call *call)
{
	return !owner_is_within(call->owner, hold->owner) && !(hold->shared && lock_is_shared(call));
}

/* Returns the first hold that keeps a call waiting, or NULL. */
static const struct hold *lock_blocking(const struct object *object, const struct call *call)
{
	struct list *link;

	for (link = object->holds.next; link != &object->holds; link = link->next) {
		const struct hold *hold = container_of(link, struct hold, of_object);

		if (lock_blocks(hold, call))
			return hold;
	}
	return NULL;
}

static void lock_put_holders(const struct object *object, struct bytes *out)
{
	struct list *link;

	for (link = object->holds.next; link != &object->holds; link = link->next) {
		const struct hold *hold = container_of(link, struct hold, of_object);

		bytes_append_format(out, "%s%s", link == object->holds.next ? "" : ", ", hold->owner->label);
	}
}

static void lock_describe(const struct object *object, struct bytes *out)
{
	if (list_is_empty(&object->holds)) {
		bytes_append_text(out, "free");
		return;
	}
	bytes_append_text(out, "held by ");
	lock_put_holders(object, out);
}

static void lock_explain(const struct object *object, const struct call *call, struct bytes *out)
{
	size_t i;

	/* Of several, one that is not free. */
	for (i = 0; call->is_waiting && i < call->place_count && !lock_blocking(object, call); i++)
		object = call->places[i].object;
	if (call->request.verb->run == lock_await) {
		bytes_append_format(out, "\"%.*s\" was not notified", OBJECT_NAME(object));
		return;
	}
	bytes_append_format(out, "lock \"%.*s\" is held by ", OBJECT_NAME(object));
	lock_put_holders(object, out);
}

/* A lock that is free, and not waited for, is forgotten. */
static bool lock_is_void(const struct object *object)
{
	(void)object;
	return true;
}

static bool lock_all_free(const struct store *store, const struct call *call)
{
	size_t i;

	for (i = 0; i < call->request.count; i++) {
		if (lock_blocking(object_look_up(store, call_operand(call, i)), call))
			return false;
		if (call->request.verb->run == lock_await)
			break;
	}
	return true;
}

/* True if the operand was named before. */
static bool lock_is_repeated(const struct call *call, size_t index)
{
	size_t i;

	for (i = 0; i < index; i++) {
		if (slice_equals(call_operand(call, i), call_operand(call, index)))
			return true;
	}
	return false;
}

/* Gives the call its locks, which are free, and answers it. */
static void lock_take(struct store *store, struct call *call)
{
	size_t i;

	for (i = 0; i < call->request.count; i++) {
		struct object *object = object_look_up(store, call_operand(call, i));
		struct hold *hold = hold_find(object, call->owner);
		bool shared = lock_is_shared(call) && (!hold || hold->shared);

		hold_add(object, call->owner, 1)->shared = shared;
		object_changed(store, object);
	}
	answer_begin(call, ANSWER_NOTHING);
}

/* Gives a call of await back what it held, and answers it. */
static void lock_take_again(struct store *store, struct object *object, struct call *call)
{
	hold_add(object, call->owner, call->memo & ~AWAIT_IS_LATE);
	object_changed(store, object);
	if (call->memo & AWAIT_IS_LATE)
		answer_fail(call, CALL_NOT, "timed out: \"%.*s\" was not notified", OBJECT_NAME(object));
	else
		answer_begin(call, ANSWER_NOTHING);
}

/* True if a call for a shared lock is to let those before it that do not share go first. */
static bool lock_stands_back(const struct call *call)
{
	return lock_is_shared(call) && owner_has_nothing(call->owner);
}

/* True if a call that does not share waits for one of the same locks, and came before. */
static bool lock_is_preceded(const struct call *call)
{
	size_t i;

	for (i = 0; i < call->place_count; i++) {
		const struct object *object = call->places[i].object;
		const struct call *other = object_first(object, LINE_LOCK);

		for (; other != call; other = object_next(object, LINE_LOCK, other)) {
			if (!lock_is_shared(other))
				return true;
		}
	}
	return false;
}

static void lock_serve(struct store *store, struct object *object)
{
	struct call *call = object_first(object, LINE_LOCK), *next;

	for (; call; call = next) {
		next = object_next(object, LINE_LOCK, call);
		if (!lock_all_free(store, call) || (lock_stands_back(call) && lock_is_preceded(call)))
			continue;
		if (call->request.verb->run == lock_await)
			lock_take_again(store, object, call);
		else
			lock_take(store, call);
		call_finish(store, call);
	}
}

static bool lock_expire(struct store *store, struct object *object, struct call *call)
{
	if (call->places[0].line != LINE_SLEEP)
		return false;
	/* As in Python, it takes the lock again before it returns. */
	call_move(store, call, LINE_LOCK);
	call->memo |= AWAIT_IS_LATE;
	call->deadline = NSEC_FOREVER;
	lock_serve(store, object);
	return true;
}

const struct kind lock_kind = {
	.name = "a lock",
	.size = sizeof(struct object),
	.describe = lock_describe,
	.explain = lock_explain,
	.is_void = lock_is_void,
	.serve = lock_serve,
	.expire = lock_expire,
	.blocks = lock_blocks,
};

/* Removes the locks of a call that nobody holds or waits for. */
static void lock_settle_all(struct store *store, const struct call *call)
{
	size_t i;

	for (i = 0; i < call->request.count; i++) {
		struct object *object = object_look_up(store, call_operand(call, i));

		if (object && object->kind == &lock_kind)
			object_settle(store, object);
	}
}

/* True if a call that does not share waits for one of the locks. */
static bool lock_is_wanted_alone(const struct store *store, const struct call *call)
{
	size_t i;

	for (i = 0; i < call->request.count; i++) {
		const struct object *object = object_look_up(store, call_operand(call, i));
		struct call *other = NULL;

		while ((other = object_next(object, LINE_LOCK, other))) {
			if (!lock_is_shared(other))
				return true;
		}
	}
	return false;
}

/* Refuses a call that may not wait, because of a lock that is not free; all are if it has to stand back. */
static void lock_refuse(struct store *store, struct call *call)
{
	struct object *object;
	size_t i = 0;

	do
		object = object_look_up(store, call_operand(call, i++));
	while (!lock_blocking(object, call) && i < call->request.count);
	object_wait(store, object, LINE_LOCK, call);
}

/* Makes the call wait for its locks. */
static void lock_wait_for_all(struct store *store, struct call *call)
{
	size_t i;

	for (i = 0; i < call->request.count; i++) {
		if (!lock_is_repeated(call, i))
			object_wait(store, object_look_up(store, call_operand(call, i)), LINE_LOCK, call);
	}
}

void lock_lock(struct store *store, struct call *call)
{
	size_t i;

	for (i = 0; i < call->request.count; i++) {
		if (!object_make(store, call, call_operand(call, i), &lock_kind)) {
			lock_settle_all(store, call);
			return;
		}
	}
	if (lock_all_free(store, call) && !(lock_stands_back(call) && lock_is_wanted_alone(store, call))) {
		lock_take(store, call);
		return;
	}
	if (call->request.timeout) {
		lock_wait_for_all(store, call);
		return;
	}
	lock_refuse(store, call);
	lock_settle_all(store, call);
}

/* Returns the hold of the call's owner on an operand, or NULL, and the call has failed. */
static struct hold *lock_own(struct store *store, struct call *call, size_t index)
{
	struct slice name = call_operand(call, index);
	struct object *object = object_look_up(store, name);
	struct bytes holders = {.data = NULL};
	struct hold *hold;

	if (!object || (object->kind == &lock_kind && list_is_empty(&object->holds))) {
		answer_fail(call, CALL_USAGE, "lock \"%.*s\" is not held", (int)name.size, name.data);
		return NULL;
	}
	object = object_find(store, call, name, &lock_kind);
	hold = object ? hold_find(object, call->owner) : NULL;
	if (hold || !object)
		return hold;
	lock_put_holders(object, &holders);
	answer_fail(call, CALL_USAGE, "lock \"%.*s\" is held by %s, not by %s", OBJECT_NAME(object),
		    bytes_text(&holders), call->owner->label);
	bytes_release(&holders);
	return NULL;
}

void lock_unlock(struct store *store, struct call *call)
{
	size_t i;

	for (i = 0; i < call->request.count; i++) {
		if (!lock_own(store, call, i))
			return;
	}
	for (i = 0; i < call->request.count; i++) {
		struct object *object = object_look_up(store, call_operand(call, i));
		struct hold *hold = object ? hold_find(object, call->owner) : NULL;

		if (!hold || --hold->count)
			continue;
		hold_end(hold);
		object_changed(store, object);
		lock_serve(store, object);
		object_settle(store, object);
	}
}

void lock_await(struct store *store, struct call *call)
{
	struct hold *hold = lock_own(store, call, 0);
	struct object *object;

	if (!hold)
		return;
	object = hold->object;
	if (hold->shared) {
		answer_fail(call, CALL_USAGE, "lock \"%.*s\" is shared: lock it alone to wait", OBJECT_NAME(object));
		return;
	}
	call->memo = hold->count;
	object_wait(store, object, LINE_SLEEP, call);
	if (!call->is_waiting)
		return;
	hold_end(hold);
	lock_serve(store, object);
}

void lock_notify(struct store *store, struct call *call)
{
	struct slice text = call->request.count > 1 ? call_operand(call, 1) : slice_of("1");
	struct numeral most = {.whole = INT64_MAX};
	struct hold *hold = lock_own(store, call, 0);
	struct call *sleeper;
	int64_t woken = 0;

	if (!hold)
		return;
	if (!slice_equals(text, slice_of("all")) && (!numeral_parse(text, &most) || most.is_real || most.whole < 0)) {
		answer_fail(call, CALL_USAGE, "\"%.*s\" is neither a number nor \"all\"", (int)text.size, text.data);
		return;
	}
	for (; woken < most.whole && (sleeper = object_first(hold->object, LINE_SLEEP)); woken++) {
		call_move(store, sleeper, LINE_LOCK);
		sleeper->deadline = NSEC_FOREVER;
	}
	/* What the caller holds does not keep those waiting that it has started. */
	lock_serve(store, hold->object);
	answer_number(call, woken);
}
