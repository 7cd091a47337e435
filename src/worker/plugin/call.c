/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From tasks to what a plugin is given. */
#include "worker/plugin/call.h"

#include "base/mem.h"

void call_open(struct call *call, uint32_t slot)
{
	*call = (struct call){.record = {.struct_size = sizeof call->record, .slot = slot}};
}

/* Appends bytes with a NUL. */
static void append_ended(struct bytes *text, struct slice bytes)
{
	bytes_append(text, bytes.data, bytes.size);
	bytes_append(text, "", 1);
}

/* Makes room for the lists of count values. */
static void reserve_lists(struct call *call, size_t count)
{
	if (count <= call->capacity)
		return;
	call->capacity = count;
	call->list = mem_resize(call->list, count, sizeof *call->list);
	call->sizes = mem_resize(call->sizes, count, sizeof *call->sizes);
	call->names = mem_resize(call->names, count, sizeof *call->names);
}

/* Points a list at the texts that were appended from one on. NULL where there is none. */
static void point(const char **list, const struct slice *slices, size_t count, const char **text)
{
	size_t i;

	for (i = 0; i < count; i++) {
		list[i] = slices[i].data ? *text : NULL;
		*text += slices[i].data ? slices[i].size + 1 : 0;
	}
}

/* Appends texts; those that are missing are left out. */
static void append_all(struct bytes *text, const struct slice *slices, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (slices[i].data)
			append_ended(text, slices[i]);
	}
}

/* Returns the names of the values, NULL if they have none; the list is call->values.names or new (free). */
static const struct slice *names_of(struct call *call, const struct template *template, struct slice **made)
{
	size_t i;

	*made = NULL;
	if (call->values.kind == VALUES_OBJECT)
		return call->values.names;
	if (!template->options.names || call->values.kind != VALUES_PLAIN)
		return NULL;
	*made = mem_new(call->values.count, sizeof **made);
	for (i = 0; i < call->values.count; i++)
		(*made)[i] = slice_of(i < template->options.name_count ? template->options.names[i] : "");
	return *made;
}

/* Returns the whole of a record that is separate values: the first that was read. */
static struct slice plain_of(const struct values *values, const struct task *task)
{
	/* The text of a string in JSON. */
	if (task->frame.size && values->count)
		return values->list[0];
	return task->record;
}

/* Sets the values of a record. */
static void set_values(struct call *call, const struct task *task, const struct template *template)
{
	struct values *values = &call->values;
	struct mpmap_record *record = &call->record;
	const struct slice *names;
	struct slice whole, *made;
	const char *text;
	size_t i;

	values_gather(values, task, &template->columns, template->options.widths, template->options.width_count);
	names = names_of(call, template, &made);
	whole = values->kind == VALUES_PLAIN ? plain_of(values, task) : values->whole;
	reserve_lists(call, values->count);
	append_ended(&call->text, whole);
	append_all(&call->text, values->list, values->count);
	if (names)
		append_all(&call->text, names, values->count);
	text = call->text.data + whole.size + 1;
	point(call->list, values->list, values->count, &text);
	if (names)
		point(call->names, names, values->count, &text);
	for (i = 0; i < values->count; i++)
		call->sizes[i] = values->list[i].size;
	record->size = whole.size;
	record->value_count = values->count;
	record->values = call->list;
	record->value_sizes = call->sizes;
	record->names = names ? call->names : NULL;
	free(made);
}

void call_set(struct call *call, const struct task *task, const struct template *template)
{
	struct mpmap_record *record = &call->record;

	bytes_clear(&call->text);
	record->seq = task->index + 1;
	record->attempt = task->attempt;
	set_values(call, task, template);
	record->data = call->text.data;
}

void call_release(struct call *call)
{
	bytes_release(&call->text);
	values_release(&call->values);
	free(call->list);
	free(call->sizes);
	free(call->names);
}
