/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a result is of. */
#include "run/origin/origin.h"

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
static void append_origin_input(struct session *session, const struct task *task, struct bytes *object)
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
		append_origin_input(session, task, object);
		return;
	}
	values = gather_values(session, task);
	output_json_values(object, values);
	if (template->names && !template->is_grouped)
		output_json_named(object, values, template->names, template->name_count);
}

void origin_release(struct origin *origin)
{
	values_release(&origin->values);
}
