/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listing the values of a task. */
#include "task/values.h"

#include "base/mem.h"
#include "task/frame.h"

static void values_add(struct values *values, struct slice name, struct slice value)
{
	if (values->count == values->capacity) {
		values->capacity = values->capacity ? size_multiply(values->capacity, 2) : 16;
		values->list = mem_resize(values->list, values->capacity, sizeof *values->list);
		values->names = mem_resize(values->names, values->capacity, sizeof *values->names);
	}
	values->names[values->count] = name;
	values->list[values->count++] = value;
}

/* Lists the columns of a record: exactly *width of them, or all if that is NULL. */
static void values_divide(struct values *values, const struct columns *columns, const char *record,
			  const uint32_t *width)
{
	const struct slice none = {.data = NULL};
	size_t before = values->count;
	const char *rest = record;

	while (rest) {
		struct slice column = columns_next(columns, record, &rest, &values->fields);

		if (!width || values->count < before + *width)
			values_add(values, none, column);
	}
	while (width && values->count < before + *width)
		values_add(values, none, none);
}

static void gather_frame(struct values *values, struct slice frame)
{
	struct frame_reader reader = frame_read(frame);
	struct slice name = {.data = NULL}, value;
	enum field field;

	values->kind = reader.kind == FRAME_ARRAY    ? VALUES_ARRAY
		       : reader.kind == FRAME_OBJECT ? VALUES_OBJECT
						     : VALUES_PLAIN;
	while (frame_next(&reader, &field, &value)) {
		if (field == FIELD_WHOLE)
			values->whole = values->kind == VALUES_PLAIN ? values->whole : value;
		else if (field == FIELD_NAME)
			name = value;
		else if (field == FIELD_VALUE || field == FIELD_ARGUMENT)
			values_add(values, name, value);
	}
}

void values_gather(struct values *values, const struct task *task, const struct columns *columns,
		   const uint32_t *widths, size_t width_count)
{
	struct slice value = task->record;
	uint32_t i;

	values->count = 0;
	values->kind = VALUES_PLAIN;
	values->are_ended = !columns->expression && !task->is_line && (task->value_count || task->frame.size);
	bytes_clear(&values->fields);
	if (task->frame.size) {
		gather_frame(values, task->frame);
		return;
	}
	if (!task->value_count)
		values_add(values, (struct slice){.data = NULL}, task->record);
	/* The fields take no more room than their records, so that they do not move. */
	if (columns->csv)
		bytes_reserve(&values->fields, task->bytes.size);
	for (i = 0; i < task->value_count; i++) {
		if (i)
			value = slice_of(value.data + value.size + 1);
		if (columns_divide(columns))
			values_divide(values, columns, value.data,
				      width_count > 1 && i < width_count ? &widths[i] : NULL);
		else
			values_add(values, (struct slice){.data = NULL}, value);
	}
}

bool values_at(const struct values *values, int64_t position, struct slice *value)
{
	size_t index = position > 0 ? (size_t)position - 1 : values->count - (size_t)-position;

	if (index >= values->count || values->kind == VALUES_OBJECT)
		return false;
	*value = values->list[index];
	return value->data;
}

bool values_named(const struct values *values, struct slice name, struct slice *value)
{
	size_t i;

	for (i = 0; i < values->count && values->kind == VALUES_OBJECT; i++) {
		if (!slice_equals(values->names[i], name))
			continue;
		*value = values->list[i];
		return true;
	}
	return false;
}

void values_release(struct values *values)
{
	free(values->list);
	free(values->names);
	bytes_release(&values->fields);
	*values = (struct values){.list = NULL};
}
