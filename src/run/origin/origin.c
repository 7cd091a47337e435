/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a result is of. */
#include "run/origin/origin.h"

#include "codec/output_csv.h"
#include "codec/output_json.h"
#include "run/session_private.h"
#include "task/frame.h"
#include "worker/executor.h"

/* True if tasks have values that are theirs alone. */
static bool has_origin(const struct session_options *options)
{
	if (options->input.brings_commands)
		return false;
	/* A block of many records is what is in its task's input. */
	return !(options->input.to_stdin && options->command.template.is_grouped);
}

/* Lists a task's values. A record for standard input has its delimiter there. */
static const struct values *gather_values(struct session *session, const struct task *task)
{
	const struct template_options *template = &session->command.options;
	const struct delimiter *delimiter = &session->options->input.delimiter;
	struct values *values = &session->origin.values;

	values_gather(values, task, &session->command.columns, template->widths, template->width_count);
	if (session->options->input.to_stdin && values->count == 1 &&
	    delimiter_ends(delimiter, values->list[0].data, values->list[0].size))
		values->list[0].size -= delimiter->size;
	return values;
}

/* Appends a record of JSON as it came, but for blanks. */
static void put_json_input(struct session *session, const struct task *task, struct bytes *object)
{
	struct slice text;

	if (session->options->command.executor->takes_json)
		output_json_input(object, task->record, OUTPUT_JSON_VALUE);
	else if (!task->frame.size)
		output_json_input(object, task->record, OUTPUT_JSON_SCALAR);
	else if (frame_find(task->frame, FIELD_WHOLE, &text))
		output_json_input(object, text,
				  frame_read(task->frame).kind == FRAME_STRING ? OUTPUT_JSON_STRING
									       : OUTPUT_JSON_VALUE);
}

void origin_append(struct session *session, const struct task *task, struct bytes *object)
{
	const struct session_options *options = session->options;
	const struct template_options *template = &session->command.options;
	const struct values *values;

	if (!has_origin(options))
		return;
	if (options->input.is_json && !options->input.to_stdin) {
		put_json_input(session, task, object);
		return;
	}
	values = gather_values(session, task);
	output_json_values(object, values);
	if (template->names && !template->is_grouped)
		output_json_named(object, values, template->names, template->name_count);
}

/* Returns the name of the only column of a run whose values have none; NULL if there is no column. */
static const char *only_column(const struct session_options *options)
{
	if (options->input.brings_commands)
		return "id";
	if (!has_origin(options))
		return NULL;
	if (options->input.is_json)
		return "input";
	return options->command.template.value_count == 1 || options->input.to_stdin ? "value" : "values";
}

/* True if each value has a column of its own, with a name or a number. */
static bool has_columns(const struct template_options *template)
{
	return !template->is_grouped && (template->names || template->value_count > 1);
}

void origin_open(struct session *session)
{
	const struct session_options *options = session->options;
	const struct template_options *template = &options->command.template;
	struct origin *origin = &session->origin;
	const char *only = only_column(options);
	size_t i, count = has_columns(template) ? template->names ? template->name_count : template->value_count : 0;
	char number[32];

	if (!options->output.format || !options->output.format->is_table)
		return;
	for (i = 0; i < count; i++) {
		snprintf(number, sizeof number, "value%zu", i + 1);
		output_csv_cell(&origin->columns, slice_of(template->names ? template->names[i] : number));
	}
	if (!count && only)
		output_csv_cell(&origin->columns, slice_of(only));
	origin->column_count = count ? count : only != NULL;
	bytes_append(&origin->columns, "", 1);
}

/* Appends a cell with JSON: a string as its characters. */
static void put_json_cell(struct bytes *cells, struct slice text)
{
	struct bytes word = {.data = NULL};

	output_json_word(&word, text);
	output_csv_cell(cells, bytes_slice(&word));
	bytes_release(&word);
}

/* Appends a cell with all values of a task, as {} has them. */
static void put_values_cell(struct bytes *cells, const struct values *values)
{
	struct bytes all = {.data = NULL};
	size_t i;

	for (i = 0; i < values->count; i++) {
		bytes_append(&all, " ", i > 0);
		bytes_append(&all, values->list[i].data, values->list[i].size);
	}
	output_csv_cell(cells, values->kind == VALUES_PLAIN ? bytes_slice(&all) : values->whole);
	bytes_release(&all);
}

/* Appends the cells of a task. */
static void put_cells(struct session *session, const struct task *task, struct bytes *cells)
{
	const struct session_options *options = session->options;
	const struct slice none = {.data = NULL};
	const struct values *values;
	struct slice id = none;
	size_t i;

	if (options->input.brings_commands) {
		frame_find(task->frame, FIELD_ID, &id);
		put_json_cell(cells, id);
		return;
	}
	if (!session->origin.column_count)
		return;
	if (options->input.is_json && options->command.executor->takes_json) {
		put_json_cell(cells, task->record);
		return;
	}
	values = gather_values(session, task);
	if (!has_columns(&options->command.template)) {
		put_values_cell(cells, values);
		return;
	}
	for (i = 0; i < session->origin.column_count; i++)
		output_csv_cell(cells, i < values->count ? values->list[i] : none);
}

char *origin_cells(struct session *session, const struct task *task)
{
	struct bytes cells = {.data = NULL};

	put_cells(session, task, &cells);
	bytes_append(&cells, "", 1);
	return cells.data;
}

void origin_release(struct origin *origin)
{
	bytes_release(&origin->columns);
	values_release(&origin->values);
}
