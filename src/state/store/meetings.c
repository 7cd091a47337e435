/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kinds of objects at which owners meet. */
#include "state/store/meetings.h"

#include "state/store/owners.h"

struct semaphore {
	struct object object;
	/* How often it may be held. */
	uint64_t size;
	uint64_t held;
};

struct barrier {
	struct object object;
	/* How many have to come; 0 before the first has. */
	int64_t parties;
	int64_t present;
	/* Why it is broken; empty if it is not. */
	struct bytes broken;
};

static struct semaphore *semaphore_of(const struct object *object)
{
	return OBJECT_AS(semaphore, object);
}

static struct barrier *barrier_of(const struct object *object)
{
	return OBJECT_AS(barrier, object);
}

static bool meeting_blocks(const struct hold *hold, const struct call *call)
{
	(void)hold;
	(void)call;
	return true;
}

static void semaphore_describe(const struct object *object, struct bytes *out)
{
	const struct semaphore *semaphore = semaphore_of(object);

	bytes_append_format(out, "%llu of %llu held", (unsigned long long)semaphore->held,
			    (unsigned long long)semaphore->size);
}

static void semaphore_explain(const struct object *object, const struct call *call, struct bytes *out)
{
	(void)call;
	bytes_append_format(out, "semaphore \"%.*s\" is held %llu times", OBJECT_NAME(object),
			    (unsigned long long)semaphore_of(object)->size);
}

/* Its size is kept. */
static bool semaphore_is_void(const struct object *object)
{
	return semaphore_of(object)->size == 0;
}

/* Brings the sum of the holds up to date. */
static void semaphore_count(struct semaphore *semaphore)
{
	struct list *link;

	semaphore->held = 0;
	for (link = semaphore->object.holds.next; link != &semaphore->object.holds; link = link->next)
		semaphore->held += container_of(link, struct hold, of_object)->count;
}

static void semaphore_serve(struct store *store, struct object *object)
{
	struct semaphore *semaphore = semaphore_of(object);
	struct call *call;

	semaphore_count(semaphore);
	while (semaphore->held < semaphore->size && (call = object_first(object, 0))) {
		hold_add(object, call->owner, 1);
		semaphore->held++;
		answer_begin(call, ANSWER_NOTHING);
		call_finish(store, call);
	}
	object_changed(store, object);
}

const struct kind semaphore_kind = {
	.name = "a semaphore",
	.size = sizeof(struct semaphore),
	.describe = semaphore_describe,
	.explain = semaphore_explain,
	.is_void = semaphore_is_void,
	.serve = semaphore_serve,
	.blocks = meeting_blocks,
	.waits_for_any = true,
};

void semaphore_acquire(struct store *store, struct call *call)
{
	struct object *object = object_make(store, call, call_operand(call, 0), &semaphore_kind);
	uint64_t size = call->request.options & OPTION_OF ? (uint64_t)call->request.of : 0;
	struct semaphore *semaphore;

	if (!object)
		return;
	semaphore = semaphore_of(object);
	if (!semaphore->size && !size)
		answer_fail(call, CALL_USAGE, "semaphore \"%.*s\" is new: say how often it may be held (--of N)",
			    OBJECT_NAME(object));
	else if (semaphore->size && size && semaphore->size != size)
		answer_fail(call, CALL_USAGE, "semaphore \"%.*s\" is of %llu, not of %llu", OBJECT_NAME(object),
			    (unsigned long long)semaphore->size, (unsigned long long)size);
	if (call->answer.status) {
		object_settle(store, object);
		return;
	}
	semaphore->size = size ? size : semaphore->size;
	if (semaphore->held == semaphore->size) {
		object_wait(store, object, 0, call);
		return;
	}
	hold_add(object, call->owner, 1);
	semaphore->held++;
	object_changed(store, object);
}

void semaphore_release(struct store *store, struct call *call)
{
	struct object *object = object_find(store, call, call_operand(call, 0), &semaphore_kind);
	struct hold *hold = object ? hold_find(object, call->owner) : NULL;

	if (!object)
		return;
	if (!hold) {
		answer_fail(call, CALL_USAGE, "semaphore \"%.*s\" is not held by %s", OBJECT_NAME(object),
			    call->owner->label);
		return;
	}
	if (!--hold->count)
		hold_end(hold);
	semaphore_serve(store, object);
}

static void barrier_release(struct store *store, struct object *object)
{
	(void)store;
	bytes_release(&barrier_of(object)->broken);
}

static void barrier_describe(const struct object *object, struct bytes *out)
{
	const struct barrier *barrier = barrier_of(object);

	bytes_append_format(out, "%lld of %lld present%s", (long long)barrier->present, (long long)barrier->parties,
			    barrier->broken.size ? ", broken" : "");
}

static void barrier_explain(const struct object *object, const struct call *call, struct bytes *out)
{
	const struct barrier *barrier = barrier_of(object);

	(void)call;
	bytes_append_format(out, "barrier \"%.*s\": %lld of %lld came", OBJECT_NAME(object),
			    (long long)barrier->present, (long long)barrier->parties);
}

static bool barrier_is_void(const struct object *object)
{
	return !barrier_of(object)->broken.size;
}

static void barrier_answer_broken(struct call *call, const struct object *object)
{
	const struct bytes *broken = &barrier_of(object)->broken;

	answer_fail(call, CALL_BROKEN, "barrier \"%.*s\" is broken: %.*s (del \"%.*s\" makes it anew)",
		    OBJECT_NAME(object), (int)broken->size, broken->data, OBJECT_NAME(object));
}

/* Answers all that stand in the barrier that it is broken. */
static void barrier_send_away(struct store *store, struct object *object)
{
	struct call *call;

	while ((call = object_first(object, 0))) {
		barrier_of(object)->present--;
		barrier_answer_broken(call, object);
		call_finish(store, call);
	}
	object_changed(store, object);
}

/* Breaks the barrier for all that stand in it. */
static void barrier_left(struct store *store, struct object *object, struct call *call)
{
	struct barrier *barrier = barrier_of(object);

	barrier->present--;
	if (!barrier->broken.size)
		bytes_append_format(&barrier->broken, "%s has left it", call->owner->label);
	barrier_send_away(store, object);
}

/* A barrier is served by those that come. */
static void barrier_serve(struct store *store, struct object *object)
{
	(void)store;
	(void)object;
}

const struct kind barrier_kind = {
	.name = "a barrier",
	.size = sizeof(struct barrier),
	.release = barrier_release,
	.describe = barrier_describe,
	.explain = barrier_explain,
	.is_void = barrier_is_void,
	.serve = barrier_serve,
	.left = barrier_left,
};

/* Answers all that stand in the barrier, and the last one that came, which does not wait. */
static void barrier_pass(struct store *store, struct object *object, struct call *last)
{
	struct call *call;
	int64_t index = 0;

	while ((call = object_first(object, 0))) {
		answer_number(call, index++);
		call_finish(store, call);
	}
	answer_number(last, index);
	barrier_of(object)->present = 0;
	object_changed(store, object);
}

/* Reads the number of parties. -1, and the call has failed, if it is no number, or more than can ever come. */
static int64_t barrier_parties(const struct store *store, struct call *call)
{
	struct slice text = call_operand(call, 1);
	struct numeral parties;

	if (!numeral_parse(text, &parties) || parties.is_real || parties.whole < 1) {
		answer_fail(call, CALL_USAGE, "\"%.*s\" is not a number of parties", (int)text.size, text.data);
		return -1;
	}
	if (store->outlook.jobs && call->owner->is_attempt && parties.whole > (int64_t)store->outlook.jobs) {
		answer_fail(call, CALL_DEADLOCK, "barrier \"%.*s\" needs %lld tasks at once, and no more than %zu %s",
			    (int)call_operand(call, 0).size, call_operand(call, 0).data, (long long)parties.whole,
			    store->outlook.jobs, store->outlook.input_ended ? "are left" : "run (-j)");
		return -1;
	}
	return parties.whole;
}

/* Breaks the barrier; then makes it whole again for those that come, if it is reset. */
static void barrier_break(struct store *store, struct call *call, bool is_reset)
{
	struct object *object = object_make(store, call, call_operand(call, 0), &barrier_kind);
	struct bytes *broken;

	if (!object)
		return;
	broken = &barrier_of(object)->broken;
	if (!broken->size)
		bytes_append_format(broken, "%s has %s it", call->owner->label, is_reset ? "reset" : "aborted");
	barrier_send_away(store, object);
	if (is_reset)
		bytes_clear(broken);
	object_settle(store, object);
}

void barrier_meet(struct store *store, struct call *call)
{
	bool is_reset = slice_equals(call_operand(call, 1), slice_of("reset"));
	struct object *object;
	struct barrier *barrier;
	int64_t parties;

	if (is_reset || slice_equals(call_operand(call, 1), slice_of("abort"))) {
		barrier_break(store, call, is_reset);
		return;
	}
	parties = barrier_parties(store, call);
	object = parties < 0 ? NULL : object_make(store, call, call_operand(call, 0), &barrier_kind);
	if (!object)
		return;
	barrier = barrier_of(object);
	if (barrier->broken.size) {
		barrier_answer_broken(call, object);
		return;
	}
	if (barrier->present && barrier->parties != parties) {
		answer_fail(call, CALL_USAGE, "barrier \"%.*s\" is for %lld, not for %lld", OBJECT_NAME(object),
			    (long long)barrier->parties, (long long)parties);
		return;
	}
	barrier->parties = parties;
	if (++barrier->present == parties) {
		barrier_pass(store, object, call);
	} else {
		object_wait(store, object, 0, call);
		if (call->is_waiting)
			object_changed(store, object);
		else
			barrier_left(store, object, call);
	}
	object_settle(store, object);
}
