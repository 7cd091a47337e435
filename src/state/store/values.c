/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kind of objects that hold one value. */
#include "state/store/values.h"

#include "base/mem.h"

struct cell {
	struct object object;
	/* NULL while a call waits for one. */
	struct value *value;
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

static void cell_explain(const struct object *object, const struct call *call, struct bytes *out)
{
	const struct value *value = cell_of(object)->value;

	bytes_append_format(out, "\"%.*s\" is ", OBJECT_NAME(object));
	if (value)
		bytes_append_format(out, "\"%.*s\"", (int)value->size, value->data);
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
	int order;

	if (!cell->value)
		return false;
	order = value_compare(value_slice(cell->value), call_operand(call, 2));
	if (!comparison->accepts[order < 0 ? 0 : order > 0 ? 2 : 1])
		return false;
	answer_value(call, cell->value->kind, value_slice(cell->value));
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

const struct kind value_kind = {
	.name = "a value",
	.size = sizeof(struct cell),
	.release = cell_release,
	.describe = cell_describe,
	.explain = cell_explain,
	.is_void = cell_is_void,
	.serve = cell_serve,
};

/* Sets the value. False, and the call has failed, if there is no room. */
static bool cell_assign(struct store *store, struct call *call, struct cell *cell, const struct operand *operand)
{
	size_t before = cell->value ? STORE_OVERHEAD + cell->value->size : 0;

	store_discharge(store, before);
	if (!store_charge(store, call, STORE_OVERHEAD + operand->text.size)) {
		store->memory += before;
		object_settle(store, &cell->object);
		return false;
	}
	free(cell->value);
	cell->value = value_new(operand->kind, operand->text);
	object_changed(store, &cell->object);
	cell_serve(store, &cell->object);
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

void value_add(struct store *store, struct call *call)
{
	struct numeral present = {.whole = 0}, operand, sum;
	struct cell *cell = cell_to_calculate(store, call, &present, &operand);

	if (!cell)
		return;
	if (numeral_add(&present, &operand, &sum) == 0) {
		cell_assign_number(store, call, cell, &sum);
		return;
	}
	answer_fail(call, CALL_USAGE, "\"%.*s\" would be too large a number", OBJECT_NAME(&cell->object));
	object_settle(store, &cell->object);
}

/* Sets the value to the operand if that is in the given relation to it, and answers with the value. */
static void value_bound(struct store *store, struct call *call, int wanted)
{
	struct numeral present = {.whole = 0}, operand;
	struct cell *cell = cell_to_calculate(store, call, &present, &operand);

	if (!cell)
		return;
	if (!cell->value || numeral_compare(&operand, &present) * wanted > 0)
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

/* Returns the cell of the first operand, or NULL, and the call has failed, if it has no value. */
static struct cell *cell_with_value(struct store *store, struct call *call)
{
	struct object *object = object_find(store, call, call_operand(call, 0), &value_kind);
	struct cell *cell = object ? cell_of(object) : NULL;

	if (!cell || cell->value)
		return cell;
	answer_fail(call, CALL_NOT, "nothing is called \"%.*s\"", OBJECT_NAME(object));
	return NULL;
}

void value_get(struct store *store, struct call *call)
{
	struct cell *cell = cell_with_value(store, call);

	if (cell)
		answer_value(call, cell->value->kind, value_slice(cell->value));
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
