/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of output formats. */
#include "codec/output.h"

const struct output_format *const output_formats[] = {
	&output_text, &output_json_lines, &output_json, &output_csv, &output_none, NULL,
};

void output_release(struct output_state *state)
{
	bytes_release(&state->value);
	bytes_release(&state->row);
}

const struct output_format *output_find(const char *name)
{
	const struct output_format *const *format;

	for (format = output_formats; *format; format++) {
		if (strcmp((*format)->name, name) == 0)
			return *format;
	}
	return NULL;
}
