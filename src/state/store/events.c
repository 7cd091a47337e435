/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kinds of objects that have happened, or have not. */
#include "state/store/events.h"

#include "state/store/owners.h"

struct event {
	struct object object;
	bool is_set;
};

/* What is held is being done. */
struct once {
	struct object object;
	bool is_done;
};

static struct event *event_of(const struct object *object)
{
	return OBJECT_AS(event, object);
}

static struct once *once_of(const struct object *object)
{
	return OBJECT_AS(once, object);
}

static void event_describe(const struct object *object, struct bytes *out)
{
	bytes_append_text(out, event_of(object)->is_set ? "set" : "not set");
}

static void event_explain(const struct object *object, const struct call *call, struct bytes *out)
{
	(void)call;
	bytes_append_format(out, "event \"%.*s\" is not set", OBJECT_NAME(object));
}

static bool event_is_void(const struct object *object)
{
	return !event_of(object)->is_set;
}

static void event_serve(struct store *store, struct object *object)
{
	struct call *call;

	while (event_of(object)->is_set && (call = object_first(object, 0))) {
		answer_begin(call, ANSWER_NOTHING);
		call_finish(store, call);
	}
}

const struct kind event_kind = {
	.name = "an event",
	.size = sizeof(struct event),
	.describe = event_describe,
	.explain = event_explain,
	.is_void = event_is_void,
	.serve = event_serve,
};

void event_event(struct store *store, struct call *call)
{
	struct slice action = call_operand(call, 0);
	bool waits = slice_equals(action, slice_of("wait")), sets = slice_equals(action, slice_of("set"));
	struct object *object;

	if (!waits && !sets && !slice_equals(action, slice_of("clear"))) {
		answer_fail(call, CALL_USAGE, "\"%.*s\" is not what an event does: set, clear or wait",
			    (int)action.size, action.data);
		return;
	}
	object = object_make(store, call, call_operand(call, 1), &event_kind);
	if (!object)
		return;
	if (waits && !event_of(object)->is_set) {
		object_wait(store, object, 0, call);
	} else if (!waits) {
		event_of(object)->is_set = sets;
		object_changed(store, object);
		event_serve(store, object);
	}
	object_settle(store, object);
}

static void once_describe(const struct object *object, struct bytes *out)
{
	if (once_of(object)->is_done)
		bytes_append_text(out, "done");
	else if (list_is_empty(&object->holds))
		bytes_append_text(out, "not done");
	else
		bytes_append_format(out, "being done by %s",
				    container_of(object->holds.next, struct hold, of_object)->owner->label);
}

static void once_explain(const struct object *object, const struct call *call, struct bytes *out)
{
	(void)call;
	bytes_append_format(out, "\"%.*s\" is ", OBJECT_NAME(object));
	once_describe(object, out);
}

static bool once_is_void(const struct object *object)
{
	return !once_of(object)->is_done;
}

static bool once_blocks(const struct hold *hold, const struct call *call)
{
	(void)hold;
	(void)call;
	return true;
}

/* Answers a call: whether it is to be done, or has been. */
static void once_answer(struct object *object, struct call *call)
{
	if (!once_of(object)->is_done)
		hold_add(object, call->owner, 1);
	answer_text(call, once_of(object)->is_done ? "done" : "run");
}

static void once_serve(struct store *store, struct object *object)
{
	struct call *call;

	while (list_is_empty(&object->holds) && (call = object_first(object, 0))) {
		once_answer(object, call);
		call_finish(store, call);
	}
	object_changed(store, object);
}

const struct kind once_kind = {
	.name = "a thing to be done once",
	.size = sizeof(struct once),
	.describe = once_describe,
	.explain = once_explain,
	.is_void = once_is_void,
	.serve = once_serve,
	.blocks = once_blocks,
};

/* Ends the hold of the one that did it. */
static void once_end(struct store *store, struct call *call)
{
	struct object *object = object_find(store, call, call_operand(call, 0), &once_kind);
	struct hold *hold = object ? hold_find(object, call->owner) : NULL;

	if (!object)
		return;
	if (!hold) {
		answer_fail(call, CALL_USAGE, "\"%.*s\" is not being done by %s", OBJECT_NAME(object),
			    call->owner->label);
		return;
	}
	once_of(object)->is_done = call->request.options & OPTION_DONE;
	hold_end(hold);
	once_serve(store, object);
	object_settle(store, object);
}

void once_once(struct store *store, struct call *call)
{
	struct object *object;

	if (call->request.options & (OPTION_DONE | OPTION_FAILED)) {
		once_end(store, call);
		return;
	}
	object = object_make(store, call, call_operand(call, 0), &once_kind);
	if (!object)
		return;
	if (!list_is_empty(&object->holds)) {
		object_wait(store, object, 0, call);
		return;
	}
	once_answer(object, call);
	object_changed(store, object);
}
