/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The format csv (RFC 4180, with lines that end with a newline alone): a line with the names of the columns, and one
 * for each task. Its standard output is a cell where it is one line.
 */
#include "codec/output_csv.h"

#include "codec/outcome.h"
#include "codec/output.h"

#include <inttypes.h>

void output_csv_cell(struct bytes *out, struct slice text)
{
	bool is_quoted = false;
	size_t i;

	for (i = 0; i < text.size && !is_quoted; i++)
		is_quoted = text.data[i] && strchr(",\"\r\n", text.data[i]);
	bytes_append_text(out, is_quoted ? ",\"" : ",");
	for (i = 0; i < text.size; i++) {
		if (text.data[i] == '"')
			bytes_append_text(out, "\"\"");
		else if (!text.data[i])
			bytes_append_text(out, "\xef\xbf\xbd");
		else
			bytes_append(out, text.data + i, 1);
	}
	bytes_append_text(out, is_quoted ? "\"" : "");
}

static void open_table(struct output_state *state, struct bytes *out)
{
	bytes_append_text(out, "seq");
	bytes_append_text(out, state->columns);
	bytes_append_text(out, ",outcome,status,duration,user,sys,max_rss,stdout\n");
}

/* Appends a cell with a time in seconds; an empty one if it is not known. */
static void put_span(struct bytes *out, nsec time, bool is_known)
{
	bytes_append_text(out, ",");
	if (is_known && time >= 0)
		outcome_put_time(out, time);
}

static void begin_row(struct output_state *state, const struct result *result, const char *label, unsigned text UNUSED,
		      struct bytes *out UNUSED)
{
	enum outcome outcome = outcome_shown(result);
	struct bytes *row = &state->row;
	size_t i;

	state->lines = 0;
	bytes_clear(row);
	bytes_append_format(row, "%" PRIu64, result->index + 1);
	if (label)
		bytes_append_text(row, label);
	for (i = 0; !label && i < state->column_count; i++)
		bytes_append_text(row, ",");
	bytes_append_format(row, ",%s,", outcome_name(outcome));
	if (result->status >= 0 && outcome != OUTCOME_SKIPPED)
		bytes_append_format(row, "%d", result->status);
	put_span(row, result->duration, result->ran);
	put_span(row, result->user_time, result->ran);
	put_span(row, result->system_time, result->ran);
	bytes_append_text(row, ",");
	if (result->ran && result->max_rss)
		bytes_append_format(row, "%" PRIu64, result->max_rss);
}

/* Keeps standard output as long as it is one line. */
static void keep_line(struct output_state *state, const char *label UNUSED, enum stream stream, struct slice bytes,
		      struct bytes *out UNUSED)
{
	const char *newline;

	if (stream != STREAM_OUTPUT || !bytes.size || state->lines > 1)
		return;
	newline = memchr(bytes.data, '\n', bytes.size);
	/* What follows a newline is another line. */
	if (state->lines || (newline && newline + 1 < bytes.data + bytes.size)) {
		state->lines = 2;
		bytes_clear(&state->value);
		return;
	}
	state->lines = newline != NULL;
	bytes_append(&state->value, bytes.data, bytes.size - (newline != NULL));
}

static void end_row(struct output_state *state, enum stream stream UNUSED, struct bytes *out)
{
	bytes_append(out, state->row.data, state->row.size);
	if (state->is_lost)
		bytes_clear(&state->value);
	output_csv_cell(out, bytes_slice(&state->value));
	bytes_append_text(out, "\n");
	bytes_clear(&state->value);
}

static size_t renumber_row(struct slice task, uint64_t index, struct bytes *out)
{
	size_t size = 0;

	while (size < task.size && task.data[size] >= '0' && task.data[size] <= '9')
		size++;
	bytes_append_format(out, "%" PRIu64, index + 1);
	return size;
}

const struct output_format output_csv = {
	.name = "csv",
	.is_whole = true,
	.is_table = true,
	.open = open_table,
	.renumber = renumber_row,
	.begin = begin_row,
	.data = keep_line,
	.end = end_row,
};
