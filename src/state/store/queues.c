/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kind of objects that are queues. */
#include "state/store/queues.h"

#include "base/mem.h"
#include "state/store/owners.h"
#include "state/store/pending.h"

enum { LINE_POP, LINE_PUSH, LINE_JOIN };

struct queue {
	struct object object;
	/* Items that can be popped, in the order of their numbers. */
	struct list items;
	size_t count;
	/* Items that owners have and have not acknowledged. */
	size_t held;
};

struct item {
	/* Link in the queue, or in what an owner has. */
	struct list link;
	struct queue *queue;
	/* The order in which items were pushed. */
	uint64_t sequence;
	struct value *value;
};

/* What an attempt has pushed, and acknowledged. */
struct queue_pending {
	struct pending pending;
	/* Items without a place in the queue. */
	struct list pushed;
	size_t pushed_count;
	/* Items that count as not done. */
	struct list done;
	size_t done_count;
};

static struct queue *queue_of(const struct object *object)
{
	return OBJECT_AS(queue, object);
}

static void queue_init_object(struct object *object)
{
	list_init(&queue_of(object)->items);
}

static void item_free(struct store *store, struct item *item)
{
	store_discharge(store, STORE_OVERHEAD + item->value->size);
	list_remove(&item->link);
	free(item->value);
	free(item);
}

static struct item *item_at(struct list *link)
{
	return container_of(link, struct item, link);
}

static void queue_release_items(struct store *store, struct object *object)
{
	struct queue *queue = queue_of(object);

	while (!list_is_empty(&queue->items))
		item_free(store, item_at(queue->items.next));
}

static void queue_init_pending(struct pending *pending)
{
	list_init(&PENDING_AS(queue_pending, pending)->pushed);
	list_init(&PENDING_AS(queue_pending, pending)->done);
}

/* Returns what the owner's attempt has pushed and acknowledged, or NULL. */
static struct queue_pending *queue_kept(const struct object *object, struct owner *owner)
{
	return PENDING_AS(queue_pending, pending_find(object, owner));
}

size_t queue_length(const struct object *object, struct owner *owner)
{
	const struct queue_pending *kept = queue_kept(object, owner);

	return queue_of(object)->count + (kept ? kept->pushed_count : 0);
}

static void queue_describe(const struct object *object, struct bytes *out)
{
	const struct queue *queue = queue_of(object);

	bytes_append_format(out, "%zu", queue->count);
	if (queue->held)
		bytes_append_format(out, ", %zu not done", queue->held);
}

static void queue_explain(const struct object *object, const struct call *call, struct bytes *out)
{
	const struct queue *queue = queue_of(object);

	bytes_append_format(out, "queue \"%.*s\" ", OBJECT_NAME(object));
	if (call->request.verb->run == queue_pop)
		bytes_append_text(out, "is empty");
	else if (call->request.verb->run == queue_push)
		bytes_append_format(out, "is full: it has %zu", queue->count);
	else
		bytes_append_format(out, "has %zu, and %zu not done", queue->count, queue->held);
}

static bool queue_is_void(const struct object *object)
{
	return !queue_of(object)->count && !queue_of(object)->held;
}

/* True if owners have items of it. */
static bool queue_is_lent(const struct object *object)
{
	return queue_of(object)->held;
}

/* Gives the first item to a call. */
static void queue_give(struct store *store, struct queue *queue, struct call *call)
{
	struct item *item = item_at(queue->items.next);

	answer_value(call, item->value->kind, value_slice(item->value));
	queue->count--;
	if (!(call->request.options & OPTION_ACK)) {
		item_free(store, item);
		return;
	}
	list_remove(&item->link);
	list_append(&call->owner->items, &item->link);
	queue->held++;
}

/* Returns a new item, which is accounted for. */
static struct item *item_new(struct queue *queue, const struct operand *operand)
{
	struct item *item = mem_new(1, sizeof *item);

	item->queue = queue;
	item->value = value_new(operand->kind, operand->text);
	list_init(&item->link);
	return item;
}

/* Puts an item, which is nowhere, at the end of its queue. */
static void item_append(struct store *store, struct item *item)
{
	item->sequence = ++store->sequence;
	list_append(&item->queue->items, &item->link);
	item->queue->count++;
}

/* Appends the value of a call of push, or keeps it with its attempt. The call fails if there is no room. */
static void queue_take(struct store *store, struct queue *queue, struct call *call)
{
	const struct operand *operand = &call->request.operands[1];
	size_t size = STORE_OVERHEAD + operand->text.size;
	struct queue_pending *kept;

	if (!owner_atomic(call->owner)) {
		if (!store_charge(store, call, size))
			return;
		item_append(store, item_new(queue, operand));
	} else {
		if (!pending_make(store, call, &queue->object, size))
			return;
		kept = queue_kept(&queue->object, call->owner);
		list_append(&kept->pushed, &item_new(queue, operand)->link);
		kept->pushed_count++;
	}
	answer_begin(call, ANSWER_NOTHING);
}

/* True if the call of push finds room in the queue. */
static bool queue_has_room(const struct queue *queue, const struct call *call)
{
	return !(call->request.options & OPTION_MAX) || queue->count < (uint64_t)call->request.max;
}

/* Lets the first call of push that waits go on, if it can. */
static bool queue_admit(struct store *store, struct queue *queue)
{
	struct call *call = object_first(&queue->object, LINE_PUSH);

	if (!call || !queue_has_room(queue, call))
		return false;
	queue_take(store, queue, call);
	call_finish(store, call);
	return true;
}

/* True if nothing is left that a call of join waits for: what its own attempt has acknowledged is done. */
static bool queue_is_joined(const struct object *object, const struct call *call)
{
	const struct queue_pending *kept = queue_kept(object, call->owner);

	return !queue_of(object)->count && queue_of(object)->held == (kept ? kept->done_count : 0);
}

static void queue_serve(struct store *store, struct object *object)
{
	struct queue *queue = queue_of(object);
	struct call *call, *next;

	do {
		while (queue->count && (call = object_first(object, LINE_POP))) {
			queue_give(store, queue, call);
			call_finish(store, call);
		}
	} while (queue_admit(store, queue));
	for (call = object_first(object, LINE_JOIN); call; call = next) {
		next = object_next(object, LINE_JOIN, call);
		if (!queue_is_joined(object, call))
			continue;
		answer_begin(call, ANSWER_NOTHING);
		call_finish(store, call);
	}
}

/* Puts an item back to its place among those that can be popped. */
static void item_return(struct item *item)
{
	struct queue *queue = item->queue;
	struct list *link = queue->items.next;

	while (link != &queue->items && item_at(link)->sequence < item->sequence)
		link = link->next;
	list_remove(&item->link);
	/* Before the link. */
	list_append(link, &item->link);
	queue->held--;
	queue->count++;
}

/* Appends what an attempt has pushed that ended well, and forgets what it has acknowledged; or else the opposite. */
static void queue_conclude(struct store *store, struct pending *pending, bool well)
{
	struct queue_pending *kept = PENDING_AS(queue_pending, pending);
	struct queue *queue = queue_of(pending->object);
	struct item *item;

	while (!list_is_empty(&kept->pushed)) {
		item = item_at(kept->pushed.next);
		list_remove(&item->link);
		if (well)
			item_append(store, item);
		else
			item_free(store, item);
	}
	while (!list_is_empty(&kept->done)) {
		item = item_at(kept->done.next);
		if (!well) {
			item_return(item);
			continue;
		}
		item_free(store, item);
		queue->held--;
	}
	kept->pushed_count = kept->done_count = 0;
	object_changed(store, pending->object);
	queue_serve(store, pending->object);
}

const struct kind queue_kind = {
	.name = "a queue",
	.size = sizeof(struct queue),
	.init = queue_init_object,
	.release = queue_release_items,
	.describe = queue_describe,
	.explain = queue_explain,
	.is_void = queue_is_void,
	.is_lent = queue_is_lent,
	.serve = queue_serve,
	.pending_size = sizeof(struct queue_pending),
	.pending_init = queue_init_pending,
	.conclude = queue_conclude,
};

/* Serves the lines after a change, and reports it. */
static void queue_changed(struct store *store, struct queue *queue)
{
	object_changed(store, &queue->object);
	queue_serve(store, &queue->object);
	object_settle(store, &queue->object);
}

void queue_push(struct store *store, struct call *call)
{
	struct object *object = object_make(store, call, call_operand(call, 0), &queue_kind);
	struct queue *queue;

	if (!object)
		return;
	queue = queue_of(object);
	/* Those that came before are first. */
	if (!queue_has_room(queue, call) || object_first(object, LINE_PUSH)) {
		object_wait(store, object, LINE_PUSH, call);
		return;
	}
	queue_take(store, queue, call);
	queue_changed(store, queue);
}

void queue_pop(struct store *store, struct call *call)
{
	struct object *object = object_make(store, call, call_operand(call, 0), &queue_kind);
	struct queue *queue;

	if (!object)
		return;
	queue = queue_of(object);
	if (!queue->count) {
		object_wait(store, object, LINE_POP, call);
		object_settle(store, object);
		return;
	}
	queue_give(store, queue, call);
	queue_changed(store, queue);
}

/* Returns the oldest item of the queue that the call's owner has, or NULL, and the call has failed. */
static struct item *queue_held(struct store *store, struct call *call)
{
	struct object *object = object_find(store, call, call_operand(call, 0), &queue_kind);
	struct list *link;

	if (!object)
		return NULL;
	for (link = call->owner->items.next; link != &call->owner->items; link = link->next) {
		if (item_at(link)->queue == queue_of(object))
			return item_at(link);
	}
	answer_fail(call, CALL_USAGE, "%s has no item of queue \"%.*s\" that is not done (pop --ack gives one)",
		    call->owner->label, OBJECT_NAME(object));
	return NULL;
}

void queue_done(struct store *store, struct call *call)
{
	struct item *item = queue_held(store, call);
	struct queue_pending *kept;
	struct queue *queue;

	if (!item)
		return;
	queue = item->queue;
	if (owner_atomic(call->owner)) {
		if (!pending_make(store, call, &queue->object, 0))
			return;
		kept = queue_kept(&queue->object, call->owner);
		list_remove(&item->link);
		list_append(&kept->done, &item->link);
		kept->done_count++;
	} else {
		item_free(store, item);
		queue->held--;
	}
	queue_changed(store, queue);
}

void queue_back(struct store *store, struct call *call)
{
	struct item *item = queue_held(store, call);

	if (!item)
		return;
	item_return(item);
	queue_changed(store, item->queue);
}

void queue_take_back(struct store *store, struct owner *owner)
{
	while (!list_is_empty(&owner->items)) {
		struct item *item = item_at(owner->items.next);
		struct queue *queue = item->queue;

		item_return(item);
		queue_changed(store, queue);
	}
}

void queue_join(struct store *store, struct call *call)
{
	struct object *object = object_look_up(store, call_operand(call, 0));

	/* A queue without anything is forgotten. */
	if (!object)
		return;
	object = object_find(store, call, call_operand(call, 0), &queue_kind);
	if (object && !queue_is_joined(object, call))
		object_wait(store, object, LINE_JOIN, call);
}
