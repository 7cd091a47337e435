/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Output as it is, output by lines, and none. */
#include "codec/output.h"

const struct output_format output_text = {.name = "text"};
const struct output_format output_none = {.name = "none", .is_silent = true};

static void lines_data(struct output_state *state, const char *label, enum stream stream, struct slice bytes,
		       struct bytes *out)
{
	enum stream other = stream == STREAM_OUTPUT ? STREAM_ERRORS : STREAM_OUTPUT;

	/* A line of one stream must not continue with a line of the other. */
	if (state->is_shared && state->within_line[other]) {
		bytes_append_text(out, "\n");
		state->within_line[other] = false;
	}
	while (bytes.size) {
		const char *newline = memchr(bytes.data, '\n', bytes.size);
		size_t size = newline ? (size_t)(newline - bytes.data) + 1 : bytes.size;

		if (!state->within_line[stream] && label)
			bytes_append_text(out, label);
		bytes_append(out, bytes.data, size);
		state->within_line[stream] = !newline;
		bytes.data += size;
		bytes.size -= size;
	}
}

static void lines_end(struct output_state *state, enum stream stream, struct bytes *out)
{
	if (state->within_line[stream])
		bytes_append_text(out, "\n");
	state->within_line[stream] = false;
}

const struct output_format output_lines = {.name = "lines", .data = lines_data, .end = lines_end};
