/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of verbs, and the way of a request. */
#include "state/store/store.h"

#include "base/mem.h"
#include "state/store/circles.h"
#include "state/store/collections.h"
#include "state/store/events.h"
#include "state/store/locks.h"
#include "state/store/meetings.h"
#include "state/store/pending.h"
#include "state/store/queues.h"
#include "state/store/values.h"

/* The most locks of one call. */
enum { LOCKS_MOST = 64 };

static void store_get(struct store *store, struct call *call)
{
	if (call->request.count == 1)
		value_get(store, call);
	else
		map_get(store, call);
}

static void store_del(struct store *store, struct call *call)
{
	struct slice name = call_operand(call, 0);
	struct object *object = object_look_up(store, name);

	if (call->request.count == 2)
		map_del(store, call);
	else if (object)
		object_remove(store, call, object);
	else
		answer_fail(call, CALL_NOT, "nothing is called \"%.*s\"", (int)name.size, name.data);
}

static void store_len(struct store *store, struct call *call)
{
	static const struct {
		const struct kind *kind;
		size_t (*length)(const struct object *object, struct owner *owner);
	} rows[] = {{&queue_kind, queue_length}, {&list_kind, list_length}, {&map_kind, map_length}};
	struct object *object = object_look_up(store, call_operand(call, 0));
	size_t i;

	/* What is empty is forgotten. */
	if (!object) {
		answer_number(call, 0);
		return;
	}
	for (i = 0; i < countof(rows); i++) {
		if (rows[i].kind == object->kind) {
			answer_number(call, (int64_t)rows[i].length(object, call->owner));
			return;
		}
	}
	answer_fail(call, CALL_USAGE, "\"%.*s\" is %s, and has no length", OBJECT_NAME(object), object->kind->name);
}

static void store_list(struct store *store, struct call *call)
{
	struct bytes description = {.data = NULL};
	struct entry *entry = NULL;

	answer_begin(call, ANSWER_PAIRS);
	while ((entry = table_next(&store->objects, entry))) {
		bytes_clear(&description);
		object_describe(entry->value, &description);
		answer_add(call, VALUE_STRING, entry_name(entry));
		answer_add(call, VALUE_STRING, bytes_slice(&description));
	}
	bytes_release(&description);
}

#define TIMEOUT "[--timeout S]"

const struct verb state_verbs[] = {
	{"add", value_add, 1, 2, 0, false, false, "NAME [N]", "add N (1) to a number, and print it"},
	{"get", store_get, 1, 2, 0, false, false, "NAME | MAP KEY", "print a value"},
	{"set", value_set, 2, 2, 0, true, false, "NAME VALUE", "set a value"},
	{"del", store_del, 1, 2, 0, false, false, "NAME | MAP KEY", "delete what has that name, or a key"},
	{"max", value_max, 2, 2, 0, false, false, "NAME N", "set a number to N if that is larger, and print it"},
	{"min", value_min, 2, 2, 0, false, false, "NAME N", "set a number to N if that is smaller, and print it"},
	{"cas", value_cas, 3, 3, 0, true, false, "NAME OLD NEW", "set a value to NEW if it is OLD"},
	{"put", map_put, 3, 3, 0, true, false, "MAP KEY VALUE", "set a key of a dictionary"},
	{"keys", map_keys, 1, 1, 0, false, false, "MAP", "print the keys"},
	{"items", map_items, 1, 1, 0, false, false, "MAP", "print the keys and their values"},
	{"append", list_append_value, 2, 2, 0, true, false, "LIST VALUE", "append a value, and print the length"},
	{"at", list_at, 2, 2, 0, false, false, "LIST I", "print value I, from 0; -1 is the last"},
	{"len", store_len, 1, 1, 0, false, false, "NAME", "print the length of a list, a queue or a dictionary"},
	{"push", queue_push, 2, 2, OPTION_MAX | OPTION_TIMEOUT, true, false, "QUEUE [VALUE|-] [--max N] " TIMEOUT,
	 "append an item"},
	{"pop", queue_pop, 1, 1, OPTION_ACK | OPTION_TIMEOUT, false, true, "QUEUE [--ack] " TIMEOUT,
	 "take the first item, and print it"},
	{"done", queue_done, 1, 1, 0, false, true, "QUEUE", "acknowledge the oldest item of pop --ack"},
	{"back", queue_back, 1, 1, 0, false, true, "QUEUE", "give the oldest item of pop --ack back"},
	{"join", queue_join, 1, 1, OPTION_TIMEOUT, false, false, "QUEUE " TIMEOUT, "wait until all items are done"},
	{"lock", lock_lock, 1, LOCKS_MOST, OPTION_SHARED | OPTION_TIMEOUT, false, true,
	 "NAME... [--shared] " TIMEOUT " [-- COMMAND...]", "take locks, all or none"},
	{"unlock", lock_unlock, 1, LOCKS_MOST, 0, false, true, "NAME...", "release locks"},
	{"acquire", semaphore_acquire, 1, 1, OPTION_OF | OPTION_TIMEOUT, false, true, "SEM [--of N] " TIMEOUT,
	 "take one of the N places of a semaphore"},
	{"release", semaphore_release, 1, 1, 0, false, true, "SEM", "give it back"},
	{"barrier", barrier_meet, 2, 2, OPTION_TIMEOUT, false, true, "NAME PARTIES|abort|reset " TIMEOUT,
	 "wait until so many have come, and print which of them this is, from 0"},
	{"event", event_event, 2, 2, OPTION_TIMEOUT, false, false, "set|clear|wait NAME " TIMEOUT,
	 "set or clear an event, or wait until it is set"},
	{"wait", value_wait, 3, 3, OPTION_TIMEOUT, true, false, "NAME OP VALUE " TIMEOUT,
	 "wait until a value is = != < <= > or >= VALUE, and print it"},
	{"notify", lock_notify, 1, 2, 0, false, true, "NAME [N|all]", "wake N (1) that await, and print how many"},
	{"await", lock_await, 1, 1, OPTION_TIMEOUT, false, true, "NAME " TIMEOUT,
	 "release a lock, wait until notified, and take it again"},
	{"once", once_once, 1, 1, OPTION_DONE | OPTION_FAILED | OPTION_TIMEOUT, false, true,
	 "NAME " TIMEOUT " -- COMMAND...", "run COMMAND, unless one has succeeded"},
	{"list", store_list, 0, 0, 0, false, false, "", "print what there is"},
	{"watch", call_watch, 0, 1, 0, false, false, "[NAME]", "print each change"},
	{"stat", NULL, 0, 0, 0, false, false, "", "print figures of the server"},
	{"as", NULL, 1, 1, 0, false, false, "parent|self|PID", "act for this process (only on the wire)"},
	{.name = NULL},
};

const struct verb *verb_find(struct slice name)
{
	const struct verb *verb;

	for (verb = state_verbs; verb->name; verb++) {
		if (slice_equals(slice_of(verb->name), name))
			return verb;
	}
	return NULL;
}

struct store *store_new(uint64_t memory_limit)
{
	struct store *store = mem_new(1, sizeof *store);

	table_init(&store->objects);
	list_init(&store->waiting);
	list_init(&store->owners);
	store->memory_limit = memory_limit;
	store->next_deadline = NSEC_FOREVER;
	return store;
}

void store_free(struct store *store)
{
	struct entry *entry;

	while (!list_is_empty(&store->owners))
		store_owner_ended(store, container_of(store->owners.next, struct owner, link));
	while ((entry = table_next(&store->objects, NULL))) {
		struct object *object = entry->value;

		if (object->kind->release)
			object->kind->release(store, object);
		table_remove(&store->objects, entry);
		free(object);
	}
	table_release(&store->objects);
	free(store);
}

/* False, and the call has failed, if an operand is too long. */
static bool store_accepts(struct call *call)
{
	size_t i;

	for (i = 0; i < call->request.count; i++) {
		if (call_operand(call, i).size <= VALUE_MAX_SIZE)
			continue;
		answer_fail(call, CALL_USAGE, "a value of %zu bytes is too long: at most %d",
			    call_operand(call, i).size, VALUE_MAX_SIZE);
		return false;
	}
	return true;
}

/* What an attempt cannot do whose effects count only if it ends well, and what it may do instead. */
static const struct final {
	void (*run)(struct store *store, struct call *call);
	/* The option with which it can; 0 if none. */
	unsigned unless;
	const char *instead;
} finals[] = {
	{value_set, 0, "add, append or push"}, {value_cas, 0, "add, append or push"},
	{map_put, 0, "add, append or push"},   {store_del, 0, "add, append or push"},
	{queue_pop, OPTION_ACK, "pop --ack"},
};

/* False, and the call has failed, if its effect could not be undone, and its attempt may yet end badly. */
static bool store_can_undo(struct call *call)
{
	const struct verb *verb = call->request.verb;
	size_t i;

	if (!owner_atomic(call->owner))
		return true;
	for (i = 0; i < countof(finals); i++) {
		if (finals[i].run != verb->run || call->request.options & finals[i].unless)
			continue;
		answer_fail(call, CALL_USAGE, "--state=atomic: %s cannot be undone if the task fails; use %s",
			    verb->name, finals[i].instead);
		return false;
	}
	return true;
}

bool store_request(struct store *store, struct call *call, nsec now)
{
	store->now = now;
	if (!store_accepts(call) || !store_can_undo(call))
		return true;
	call->request.verb->run(store, call);
	if (!call->is_waiting)
		return true;
	circles_check(store, call);
	circles_check_outlook(store);
	return false;
}

void store_cancel(struct store *store, struct call *call)
{
	call_leave(store, call);
}

nsec store_expire(struct store *store, nsec now)
{
	struct list *link, *next;

	store->now = now;
	if (now < store->next_deadline)
		return store->next_deadline;
	for (link = store->waiting.next; link != &store->waiting; link = next) {
		struct call *call = container_of(link, struct call, link);

		next = link->next;
		if (call->deadline > now)
			continue;
		call_expire(store, call);
		/* It waits for the lock again, which one may have that waits for it. */
		if (call->is_waiting)
			circles_check(store, call);
		/* Others may have been served by that. */
		next = store->waiting.next;
	}
	store->next_deadline = NSEC_FOREVER;
	for (link = store->waiting.next; link != &store->waiting; link = link->next) {
		struct call *call = container_of(link, struct call, link);

		if (call->deadline < store->next_deadline)
			store->next_deadline = call->deadline;
	}
	return store->next_deadline;
}

struct owner *store_attempt_began(struct store *store, const char *label)
{
	struct owner *owner = owner_new(store, label, NULL);

	owner->is_attempt = true;
	store->attempts++;
	return owner;
}

/* Answers the calls of an owner that has ended. */
static void store_end_calls(struct store *store, struct owner *owner)
{
	struct list *link = store->waiting.next;

	while (link != &store->waiting) {
		struct call *call = container_of(link, struct call, link);

		link = link->next;
		if (call->owner != owner)
			continue;
		answer_fail(call, CALL_BROKEN, "%s has ended, for which this waited", owner->label);
		call_leave(store, call);
		call->owner = NULL;
		call->answered(call);
		/* Others may have been served by that. */
		link = store->waiting.next;
	}
}

/* Answers the calls of an owner, ends its holds, and gives its items back. */
static void store_free_all(struct store *store, struct owner *owner)
{
	store_end_calls(store, owner);
	while (!list_is_empty(&owner->holds)) {
		struct hold *hold = container_of(owner->holds.next, struct hold, of_owner);
		struct object *object = hold->object;

		hold_end(hold);
		object_changed(store, object);
		object->kind->serve(store, object);
		object_settle(store, object);
	}
	queue_take_back(store, owner);
}

void store_attempt_over(struct store *store, struct owner *owner)
{
	store_free_all(store, owner);
	store->attempts -= !owner->is_over;
	owner->is_over = true;
	circles_check_outlook(store);
}

void store_attempt_ended(struct store *store, struct owner *owner, bool well)
{
	store_end_calls(store, owner);
	pending_conclude(store, owner, well);
	store_owner_ended(store, owner);
}

void store_owner_ended(struct store *store, struct owner *owner)
{
	pending_conclude(store, owner, false);
	store_free_all(store, owner);
	store->attempts -= owner->is_attempt && !owner->is_over;
	owner_free(store, owner);
	circles_check_outlook(store);
}

void store_foresee(struct store *store, struct store_outlook outlook)
{
	store->outlook = outlook;
	circles_check_outlook(store);
}
