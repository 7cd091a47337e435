/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kinds of objects that hold values under keys, or in a row. */
#include "state/store/collections.h"

#include "base/mem.h"
#include "base/number.h"
#include "state/store/owners.h"
#include "state/store/pending.h"

struct map {
	struct object object;
	/* The values are struct value. */
	struct table table;
};

/* Values in their order. */
struct series {
	struct value **values;
	size_t count;
	size_t capacity;
};

struct row {
	struct object object;
	struct series series;
};

/* What an attempt has appended. */
struct row_pending {
	struct pending pending;
	struct series series;
};

static struct map *map_of(const struct object *object)
{
	return OBJECT_AS(map, object);
}

static struct row *values_of(const struct object *object)
{
	return OBJECT_AS(row, object);
}

static void map_init(struct object *object)
{
	table_init(&map_of(object)->table);
}

/* Returns what a key and its value are taken to cost. */
static size_t map_cost(size_t key, size_t value)
{
	return 2 * (size_t)STORE_OVERHEAD + key + value;
}

static void map_drop(struct store *store, struct map *map, struct entry *entry)
{
	struct value *value = entry->value;

	store_discharge(store, map_cost(entry->size, value->size));
	free(value);
	table_remove(&map->table, entry);
}

static void map_release(struct store *store, struct object *object)
{
	struct map *map = map_of(object);
	struct entry *entry;

	while ((entry = table_next(&map->table, NULL)))
		map_drop(store, map, entry);
	table_release(&map->table);
}

size_t map_length(const struct object *object, struct owner *owner)
{
	(void)owner;
	return map_of(object)->table.count;
}

static void map_describe(const struct object *object, struct bytes *out)
{
	bytes_append_format(out, "%zu", map_length(object, NULL));
}

static bool map_is_void(const struct object *object)
{
	return map_length(object, NULL) == 0;
}

/* No call waits for a dictionary or a list. */
static void collection_serve(struct store *store, struct object *object)
{
	(void)store;
	(void)object;
}

const struct kind map_kind = {
	.name = "a dictionary",
	.size = sizeof(struct map),
	.init = map_init,
	.release = map_release,
	.describe = map_describe,
	.is_void = map_is_void,
	.serve = collection_serve,
};

void map_put(struct store *store, struct call *call)
{
	struct slice key = call_operand(call, 1);
	const struct operand *operand = &call->request.operands[2];
	struct object *object =
		name_is_valid(call, key) ? object_make(store, call, call_operand(call, 0), &map_kind) : NULL;
	struct entry *entry;

	if (!object)
		return;
	if (!store_charge(store, call, map_cost(key.size, operand->text.size))) {
		object_settle(store, object);
		return;
	}
	entry = table_find(&map_of(object)->table, key);
	if (!entry)
		entry = table_add(&map_of(object)->table, key);
	else
		store_discharge(store, map_cost(key.size, ((struct value *)entry->value)->size));
	free(entry->value);
	entry->value = value_new(operand->kind, operand->text);
	object_changed(store, object);
}

/* Returns the entry of the second operand in the dictionary of the first, or NULL, and the call has failed. */
static struct entry *map_entry(struct store *store, struct call *call, struct object **object)
{
	struct slice key = call_operand(call, 1);
	struct entry *entry;

	*object = object_find(store, call, call_operand(call, 0), &map_kind);
	if (!*object)
		return NULL;
	entry = table_find(&map_of(*object)->table, key);
	if (!entry)
		answer_fail(call, CALL_NOT, "\"%.*s\" has no key \"%.*s\"", OBJECT_NAME(*object), (int)key.size,
			    key.data);
	return entry;
}

void map_get(struct store *store, struct call *call)
{
	struct object *object;
	struct entry *entry = map_entry(store, call, &object);
	const struct value *value = entry ? entry->value : NULL;

	if (value)
		answer_value(call, value->kind, value_slice(value));
}

void map_del(struct store *store, struct call *call)
{
	struct object *object;
	struct entry *entry = map_entry(store, call, &object);

	if (!entry)
		return;
	map_drop(store, map_of(object), entry);
	object_changed(store, object);
	object_settle(store, object);
}

/* Answers with the keys, or with both. */
static void map_list(struct store *store, struct call *call, enum answer_form form)
{
	struct object *object = object_find(store, call, call_operand(call, 0), &map_kind);
	struct entry *entry = NULL;

	if (!object)
		return;
	answer_begin(call, form);
	while ((entry = table_next(&map_of(object)->table, entry))) {
		const struct value *value = entry->value;

		answer_add(call, VALUE_STRING, entry_name(entry));
		if (form == ANSWER_PAIRS)
			answer_add(call, value->kind, value_slice(value));
	}
}

void map_keys(struct store *store, struct call *call)
{
	map_list(store, call, ANSWER_MANY);
}

void map_items(struct store *store, struct call *call)
{
	map_list(store, call, ANSWER_PAIRS);
}

static void series_append(struct series *series, struct value *value)
{
	series->values = mem_grow(series->values, series->count, &series->capacity, sizeof(struct value *));
	series->values[series->count++] = value;
}

static void series_drop(struct store *store, struct series *series)
{
	size_t i;

	for (i = 0; i < series->count; i++) {
		store_discharge(store, STORE_OVERHEAD + series->values[i]->size);
		free(series->values[i]);
	}
	free(series->values);
}

static void row_release(struct store *store, struct object *object)
{
	series_drop(store, &values_of(object)->series);
}

/* Returns what the owner's attempt has appended, or NULL. */
static struct series *row_appended(const struct object *object, struct owner *owner)
{
	struct row_pending *kept = PENDING_AS(row_pending, pending_find(object, owner));

	return kept ? &kept->series : NULL;
}

size_t list_length(const struct object *object, struct owner *owner)
{
	const struct series *appended = row_appended(object, owner);

	return values_of(object)->series.count + (appended ? appended->count : 0);
}

static void row_describe(const struct object *object, struct bytes *out)
{
	bytes_append_format(out, "%zu", list_length(object, NULL));
}

static bool row_is_void(const struct object *object)
{
	return list_length(object, NULL) == 0;
}

/* Appends what an attempt has appended that ended well. */
static void row_conclude(struct store *store, struct pending *pending, bool well)
{
	struct series *appended = &PENDING_AS(row_pending, pending)->series;
	size_t i;

	if (!well) {
		series_drop(store, appended);
		return;
	}
	for (i = 0; i < appended->count; i++)
		series_append(&values_of(pending->object)->series, appended->values[i]);
	free(appended->values);
	object_changed(store, pending->object);
}

const struct kind list_kind = {
	.name = "a list",
	.size = sizeof(struct row),
	.release = row_release,
	.describe = row_describe,
	.is_void = row_is_void,
	.serve = collection_serve,
	.pending_size = sizeof(struct row_pending),
	.conclude = row_conclude,
};

/* Returns where a call's value is to be appended, with so many bytes accounted for; or NULL, and it has failed. */
static struct series *row_to_append(struct store *store, struct call *call, struct object *object, size_t size)
{
	if (owner_atomic(call->owner))
		return pending_make(store, call, object, size) ? row_appended(object, call->owner) : NULL;
	return store_charge(store, call, size) ? &values_of(object)->series : NULL;
}

void list_append_value(struct store *store, struct call *call)
{
	struct object *object = object_make(store, call, call_operand(call, 0), &list_kind);
	const struct operand *operand = &call->request.operands[1];
	struct series *series;

	if (!object)
		return;
	series = row_to_append(store, call, object, STORE_OVERHEAD + operand->text.size);
	if (!series) {
		object_settle(store, object);
		return;
	}
	series_append(series, value_new(operand->kind, operand->text));
	if (series == &values_of(object)->series)
		object_changed(store, object);
	answer_number(call, (int64_t)list_length(object, call->owner));
}

/* Returns the value at an index that an owner sees, or NULL: what its attempt has appended follows what is there. */
static const struct value *row_look(const struct object *object, struct owner *owner, int64_t index)
{
	const struct series *series = &values_of(object)->series, *appended = row_appended(object, owner);
	int64_t length = (int64_t)list_length(object, owner), present = (int64_t)series->count;

	if (index < 0)
		index += length;
	if (index < 0 || index >= length)
		return NULL;
	return index < present || !appended ? series->values[index] : appended->values[index - present];
}

void list_at(struct store *store, struct call *call)
{
	struct object *object = object_find(store, call, call_operand(call, 0), &list_kind);
	struct slice text = call_operand(call, 1);
	const struct value *value;
	struct numeral index;

	if (!object)
		return;
	if (!numeral_parse(text, &index) || index.is_real) {
		answer_fail(call, CALL_USAGE, "\"%.*s\" is not an index: 0 is the first, -1 the last", (int)text.size,
			    text.data);
		return;
	}
	value = row_look(object, call->owner, index.whole);
	if (value)
		answer_value(call, value->kind, value_slice(value));
	else
		answer_fail(call, CALL_NOT, "\"%.*s\" has no value at %.*s: it has %zu", OBJECT_NAME(object),
			    (int)text.size, text.data, list_length(object, call->owner));
}
