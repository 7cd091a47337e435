/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kind of objects that hold one value. */
#include "state/store/values.h"

#include "base/mem.h"
#include "state/store/owners.h"
#include "state/store/pending.h"
#include "state/value/change.h"

struct cell {
	struct object object;
	/* NULL while a call waits for one. */
	struct value *value;
};

/* What an attempt has added, and the bounds that it has set. */
struct cell_pending {
	struct pending pending;
	struct change change;
};

/* What an owner sees of a cell. */
struct view {
	struct operand operand;
	char text[NUMERAL_TEXT_MAX];
};

static struct cell *cell_of(const struct object *object)
{
	return OBJECT_AS(cell, object);
}

static void cell_release(struct store *store, struct object *object)
{
	struct cell *cell = cell_of(object);

	if (cell->value)
		store_discharge(store, STORE_OVERHEAD + cell->value->size);
	free(cell->value);
}

static void cell_describe(const struct object *object, struct bytes *out)
{
	const struct value *value = cell_of(object)->value;

	if (value)
		bytes_append(out, value->data, value->size);
}

/* Changes the number of a cell. -1 if the result does not fit: it is then the nearest that does. */
static int cell_calculate(const struct cell *cell, const struct change *change, struct numeral *result)
{
	struct numeral present;

	if (!cell->value || !numeral_parse(value_slice(cell->value), &present))
		return change_apply(change, NULL, result);
	return change_apply(change, &present, result);
}

/* Returns the value that an owner sees, with what is kept with its attempt. False if there is none. */
static bool cell_look(const struct cell *cell, struct owner *owner, struct view *view)
{
	const struct cell_pending *kept = PENDING_AS(cell_pending, pending_find(&cell->object, owner));
	struct numeral number;

	if (kept) {
		cell_calculate(cell, &kept->change, &number);
		view->operand.kind = VALUE_JSON;
		view->operand.text = numeral_print(&number, view->text);
	} else if (cell->value) {
		view->operand = (struct operand){.kind = cell->value->kind, .text = value_slice(cell->value)};
	}
	return kept || cell->value;
}

static void cell_explain(const struct object *object, const struct call *call, struct bytes *out)
{
	struct view view;

	bytes_append_format(out, "\"%.*s\" is ", OBJECT_NAME(object));
	if (cell_look(cell_of(object), call->owner, &view))
		bytes_append_format(out, "\"%.*s\"", (int)view.operand.text.size, view.operand.text.data);
	else
		bytes_append_text(out, "not set");
	bytes_append_format(out, ", and %.*s", (int)call_operand(call, 1).size, call_operand(call, 1).data);
	bytes_append_format(out, " \"%.*s\" is waited for", (int)call_operand(call, 2).size,
			    call_operand(call, 2).data);
}

static bool cell_is_void(const struct object *object)
{
	return !cell_of(object)->value;
}

/* The operators of wait; which orders they accept, below, equal and above. */
static const struct comparison {
	const char *name;
	bool accepts[3];
} comparisons[] = {
	{"=", {false, true, false}}, {"==", {false, true, false}}, {"!=", {true, false, true}},
	{"<", {true, false, false}}, {"<=", {true, true, false}},  {">", {false, false, true}},
	{">=", {false, true, true}},
};

static const struct comparison *comparison_find(struct slice name)
{
	size_t i;

	for (i = 0; i < countof(comparisons); i++) {
		if (slice_equals(slice_of(comparisons[i].name), name))
			return &comparisons[i];
	}
	return NULL;
}

/* Answers a call of wait if its condition holds. */
static bool cell_satisfies(const struct cell *cell, struct call *call)
{
	const struct comparison *comparison = comparison_find(call_operand(call, 1));
	struct view view;
	int order;

	if (!cell_look(cell, call->owner, &view))
		return false;
	order = value_compare(view.operand.text, call_operand(call, 2));
	if (!comparison->accepts[order < 0 ? 0 : order > 0 ? 2 : 1])
		return false;
	answer_value(call, view.operand.kind, view.operand.text);
	return true;
}

static void cell_serve(struct store *store, struct object *object)
{
	struct call *call = object_first(object, 0), *next;

	for (; call; call = next) {
		next = object_next(object, 0, call);
		if (cell_satisfies(cell_of(object), call))
			call_finish(store, call);
	}
}

/* Sets the value, which is accounted for. */
static void cell_set(struct store *store, struct cell *cell, const struct operand *operand)
{
	free(cell->value);
	cell->value = value_new(operand->kind, operand->text);
	object_changed(store, &cell->object);
	cell_serve(store, &cell->object);
}

/* Changes the number as an attempt has that ended well. Room for it has been accounted for with what is kept. */
static void cell_conclude(struct store *store, struct pending *pending, bool well)
{
	struct cell *cell = cell_of(pending->object);
	struct numeral number;
	struct view view;

	if (!well)
		return;
	cell_calculate(cell, &PENDING_AS(cell_pending, pending)->change, &number);
	view.operand = (struct operand){.kind = VALUE_JSON, .text = numeral_print(&number, view.text)};
	if (cell->value && value_compare(value_slice(cell->value), view.operand.text) == 0)
		return;
	store_discharge(store, cell->value ? STORE_OVERHEAD + cell->value->size : 0);
	store->memory += STORE_OVERHEAD + view.operand.text.size;
	cell_set(store, cell, &view.operand);
}

const struct kind value_kind = {
	.name = "a value",
	.size = sizeof(struct cell),
	.release = cell_release,
	.describe = cell_describe,
	.explain = cell_explain,
	.is_void = cell_is_void,
	.serve = cell_serve,
	.pending_size = sizeof(struct cell_pending),
	.conclude = cell_conclude,
};

/* False, and the call has failed, if attempts add to it, and this is no number. */
static bool cell_may_become(struct call *call, const struct cell *cell, const struct operand *operand)
{
	const struct list *pendings = &cell->object.pendings;
	struct numeral number;

	if (list_is_empty(pendings) || numeral_parse(operand->text, &number))
		return true;
	answer_fail(call, CALL_NOT, "\"%.*s\" has to be a number while %s adds to it", OBJECT_NAME(&cell->object),
		    container_of(pendings->next, struct pending, of_object)->owner->label);
	return false;
}

/* Sets the value. False, and the call has failed, if it cannot be that, or there is no room. */
static bool cell_assign(struct store *store, struct call *call, struct cell *cell, const struct operand *operand)
{
	size_t before = cell->value ? STORE_OVERHEAD + cell->value->size : 0;

	if (!cell_may_become(call, cell, operand))
		return false;
	store_discharge(store, before);
	if (!store_charge(store, call, STORE_OVERHEAD + operand->text.size)) {
		store->memory += before;
		object_settle(store, &cell->object);
		return false;
	}
	cell_set(store, cell, operand);
	return true;
}

/* Sets the value to a number and answers with it. */
static void cell_assign_number(struct store *store, struct call *call, struct cell *cell, const struct numeral *numeral)
{
	char text[NUMERAL_TEXT_MAX];
	struct operand operand = {.text = numeral_print(numeral, text), .kind = VALUE_JSON};

	if (cell_assign(store, call, cell, &operand))
		answer_value(call, operand.kind, operand.text);
}

/* Reads the operand that is a number. False, and the call has failed, if it is not one. */
static bool value_number(struct call *call, size_t index, struct numeral *numeral)
{
	struct slice text;

	*numeral = (struct numeral){.whole = 1};
	if (index >= call->request.count)
		return true;
	text = call_operand(call, index);
	if (numeral_parse(text, numeral))
		return true;
	answer_fail(call, CALL_USAGE, "\"%.*s\" is not a number", (int)text.size, text.data);
	return false;
}

/*
 * Returns the cell of the first operand for a verb that calculates, with its number and that of the second operand. A
 * cell without a value has no number. NULL, and the call has failed, if one of them is not a number.
 */
static struct cell *cell_to_calculate(struct store *store, struct call *call, struct numeral *present,
				      struct numeral *operand)
{
	struct object *object;
	struct cell *cell;

	if (!value_number(call, 1, operand))
		return NULL;
	object = object_make(store, call, call_operand(call, 0), &value_kind);
	cell = object ? cell_of(object) : NULL;
	if (!cell || !cell->value || numeral_parse(value_slice(cell->value), present))
		return cell;
	answer_fail(call, CALL_USAGE, "\"%.*s\" is a text, not a number", OBJECT_NAME(object));
	return NULL;
}

/* Fails a call that would make the number too large. */
static void cell_refuse_size(struct store *store, struct call *call, struct cell *cell)
{
	answer_fail(call, CALL_USAGE, "\"%.*s\" would be too large a number", OBJECT_NAME(&cell->object));
	object_settle(store, &cell->object);
}

/* Keeps a change with the attempt, and answers with the value that this sees. */
static void cell_keep(struct store *store, struct call *call, struct cell *cell, const struct numeral *operand,
		      int (*step)(struct change *change, const struct numeral *operand))
{
	struct cell_pending *kept = PENDING_AS(cell_pending, pending_find(&cell->object, call->owner));
	struct change change = {.is_any = false};
	char text[NUMERAL_TEXT_MAX];
	struct numeral number;

	if (kept)
		change = kept->change;
	if (step(&change, operand) < 0 || cell_calculate(cell, &change, &number) < 0) {
		cell_refuse_size(store, call, cell);
		return;
	}
	kept = PENDING_AS(cell_pending, pending_make(store, call, &cell->object, 0));
	if (kept) {
		kept->change = change;
		answer_value(call, VALUE_JSON, numeral_print(&number, text));
		cell_serve(store, &cell->object);
	}
	object_settle(store, &cell->object);
}

void value_add(struct store *store, struct call *call)
{
	struct numeral present = {.whole = 0}, operand, sum;
	struct cell *cell = cell_to_calculate(store, call, &present, &operand);

	if (!cell)
		return;
	if (owner_atomic(call->owner))
		cell_keep(store, call, cell, &operand, change_add);
	else if (numeral_add(&present, &operand, &sum) == 0)
		cell_assign_number(store, call, cell, &sum);
	else
		cell_refuse_size(store, call, cell);
}

/* Sets the value to the operand if that is in the given relation to it, and answers with the value. */
static void value_bound(struct store *store, struct call *call, int wanted)
{
	struct numeral present = {.whole = 0}, operand;
	struct cell *cell = cell_to_calculate(store, call, &present, &operand);

	if (!cell)
		return;
	if (owner_atomic(call->owner))
		cell_keep(store, call, cell, &operand, wanted > 0 ? change_raise : change_lower);
	else if (!cell->value || numeral_compare(&operand, &present) * wanted > 0)
		cell_assign_number(store, call, cell, &operand);
	else
		answer_value(call, cell->value->kind, value_slice(cell->value));
}

void value_max(struct store *store, struct call *call)
{
	value_bound(store, call, 1);
}

void value_min(struct store *store, struct call *call)
{
	value_bound(store, call, -1);
}

void value_get(struct store *store, struct call *call)
{
	struct object *object = object_find(store, call, call_operand(call, 0), &value_kind);
	struct view view;

	if (!object)
		return;
	if (cell_look(cell_of(object), call->owner, &view))
		answer_value(call, view.operand.kind, view.operand.text);
	else
		answer_fail(call, CALL_NOT, "nothing is called \"%.*s\"", OBJECT_NAME(object));
}

void value_set(struct store *store, struct call *call)
{
	struct object *object = object_make(store, call, call_operand(call, 0), &value_kind);

	if (object)
		cell_assign(store, call, cell_of(object), &call->request.operands[1]);
}

void value_cas(struct store *store, struct call *call)
{
	struct slice old = call_operand(call, 1), present = {.data = ""};
	struct object *object = object_make(store, call, call_operand(call, 0), &value_kind);
	struct cell *cell;

	if (!object)
		return;
	cell = cell_of(object);
	if (cell->value)
		present = value_slice(cell->value);
	if (value_compare(present, old) == 0) {
		cell_assign(store, call, cell, &call->request.operands[2]);
		return;
	}
	answer_fail(call, CALL_NOT, "\"%.*s\" is \"%.*s\", not \"%.*s\"", OBJECT_NAME(object), (int)present.size,
		    present.data, (int)old.size, old.data);
	object_settle(store, object);
}

void value_wait(struct store *store, struct call *call)
{
	struct slice wanted = call_operand(call, 1);
	struct object *object;

	if (!comparison_find(wanted)) {
		answer_fail(call, CALL_USAGE, "\"%.*s\" is no comparison: use = != < <= > or >=", (int)wanted.size,
			    wanted.data);
		return;
	}
	object = object_make(store, call, call_operand(call, 0), &value_kind);
	if (!object || cell_satisfies(cell_of(object), call))
		return;
	object_wait(store, object, 0, call);
	object_settle(store, object);
}
